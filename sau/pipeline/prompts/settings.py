"""Settings of the prompts stage."""

import os
from collections.abc import Sequence
from typing import Any, ClassVar, Literal, Self

from sau.core.errors import UserError
from sau.pipeline.prompts.classes import ClassWords, check_classes, class_words
from sau.pipeline.prompts.gaps import GRID, check_gaps
from sau.pipeline.prompts.llm import check
from sau.settings.section import Section, conditions_of, setting
from sau.templates.attributes import check_attributes
from sau.templates.phrase_lists import LISTS
from sau.templates.template_sets import SETS
from sau.templates.templates import check_template

KNOWN_VARIABLES = ("OPENAI_API_KEY", "AZURE_OPENAI_API_KEY")
"""Names that are no secret, whether they are set or not."""

_NOT_SET = "NOT_SET"
_ASKING = {"source": ("llm", GRID)}
_WITH_LLM = {"source": "llm"}


class TemplateSettings(Section):
    """The settings that prompts from templates need."""

    section: ClassVar[str] = "prompts"

    source: Literal["template", "llm", "grid"] = setting(
        "template",
        "what writes the prompts: templates; a language model that is asked for them; or grid: "
        "templates, with phrases that a language model gives once for each class",
    )
    per_class: int = setting(
        160, "prompts, and so images generated, of each class", unit="prompts", minimum=1
    )
    templates: list[str] = setting(
        ["A photo of {article} {name}."],
        "sentences in which {name} stands for the class name, {article} for a or an, and other "
        f"words in braces for attributes; or the name of a published set: {', '.join(SETS)}",
    )
    attributes: dict[str, Any] = setting(
        {},
        "what varies from prompt to prompt: by the word in the templates' braces, a list of "
        f"phrases, or the name of a shipped one ({', '.join(LISTS)}); or with source grid how many "
        "of them the language model gives for each class",
    )
    order: Literal["cycle", "sample"] = setting(
        "cycle", "use the templates in turn, or draw one for each prompt by the seed"
    )
    seed: int = setting(0, "of the drawn templates and phrases", minimum=0)
    classes: dict[str, Any] = setting(
        {},
        "what differs for a class, by its name or label: name, article, synonyms, templates, "
        "attributes, source (docs/prompts.md)",
    )

    def check(self) -> None:
        """Check templates and attributes, those of single classes too."""
        if not self.templates:
            raise UserError("prompts.templates: empty; give at least one sentence with {name}")
        check_attributes(self.attributes, "prompts.attributes")
        own = check_classes(self.classes)
        check_gaps(self.templates, self.attributes, self.source, own)

    def words(self, class_names: Sequence[str]) -> list[ClassWords]:
        """Return each class as prompts speak of it, in label order.

        Raises:
            UserError: a key of `classes` that is none of these classes.
        """
        return class_words(class_names, self.classes, self.templates, self.source, self.attributes)


class PromptsSettings(TemplateSettings):
    """What writes the prompts, and how many each class gets."""

    model: str = setting(
        "gpt-4", "the model's name; with azure the deployment's", only_with=_ASKING
    )
    api: Literal["openai", "azure"] = setting(
        "openai",
        "openai for OpenAI, vLLM, Ollama, llama.cpp and the like, or azure",
        only_with=_ASKING,
    )
    base_url: str = setting(
        "https://api.openai.com/v1",
        "where the server is; with azure the endpoint, https://NAME.openai.azure.com",
        only_with=_ASKING,
    )
    api_version: str = setting(
        "", "azure: version of the API, such as 2024-10-21", only_with=_ASKING
    )
    api_key_variable: str = setting(
        "OPENAI_API_KEY",
        "environment variable that holds the key; empty: the server wants none",
        only_with=_ASKING,
        affects_result=False,
        secret=True,
    )
    system_command: str = setting(
        "You are a helpful assistant designed to output a prompt (no more than 50 words) "
        "describing a given object's appearance and actions.",
        "system message, the paper's; empty: none",
        only_with=_WITH_LLM,
    )
    query: str = setting(
        "What the {name} looks like?", "user message, the paper's", only_with=_WITH_LLM
    )
    answer_form: str = setting(
        "A photo of the class {name}, with specific features and with a specific background.",
        "form that answers should have, the paper's, added to the system message; empty: none",
        only_with=_WITH_LLM,
    )
    prompts_per_request: int = setting(
        1, "prompts that one request asks for", unit="prompts", minimum=1, only_with=_WITH_LLM
    )
    parameters: dict[str, Any] = setting(
        {},
        "what else a request holds, such as {temperature: 1.2, max_tokens: 100}",
        only_with=_ASKING,
    )
    max_words: int = setting(
        50, "longer answers are asked for again", unit="words", minimum=1, only_with=_WITH_LLM
    )
    language: Literal["en", "any"] = setting(
        "en", "en asks again for answers that are not English, any accepts all", only_with=_ASKING
    )
    duplicate_similarity: float = setting(
        0.7,
        "share of word trigrams in common (Jaccard) from which two prompts of a class count "
        "as one; 1: only the same words in the same order",
        above=0,
        maximum=1,
        only_with=_WITH_LLM,
    )
    ask_again: int = setting(
        3,
        "times that what will not do is asked for again; then a template stands in",
        minimum=0,
        only_with=_ASKING,
    )
    concurrency: int = setting(
        8,
        "requests under way at once",
        unit="requests",
        minimum=1,
        only_with=_ASKING,
        affects_result=False,
    )
    requests_per_minute: float = setting(
        500.0, "no more than these are sent", above=0, only_with=_ASKING, affects_result=False
    )
    timeout: float = setting(
        60.0,
        "deadline of a whole answer, from connecting to its last byte",
        unit="seconds",
        above=0,
        only_with=_ASKING,
        affects_result=False,
    )
    max_retries: int = setting(
        8,
        "times that a request is sent again after 429, 5xx, a time-out or a lost connection",
        minimum=0,
        only_with=_ASKING,
        affects_result=False,
    )
    retry_wait: float = setting(
        1.0,
        "before the first of these, then doubled; the server's Retry-After counts for more",
        unit="seconds",
        minimum=0,
        only_with=_ASKING,
        affects_result=False,
    )
    longest_wait: float = setting(
        300.0,
        "no wait is longer; a server that asks for a longer one stops the stage",
        unit="seconds",
        minimum=0,
        only_with=_ASKING,
        affects_result=False,
    )
    prices: dict[str, Any] = setting(
        {"gpt-4": {"input": 30.0, "output": 60.0}},
        "of a million tokens, by model, in any currency; gpt-4's is US dollars: check it",
        only_with=_ASKING,
        affects_result=False,
    )
    max_cost: float | None = setting(
        None,
        "the stage stops before all answers in its store cost more; null: no limit",
        minimum=0,
        only_with=_ASKING,
        affects_result=False,
    )
    batch: bool = setting(
        False,
        "use OpenAI's Batch API: cheaper, and the answers come within a day",
        only_with=_ASKING,
        affects_result=False,
    )
    batch_price: float = setting(
        0.5,
        "batch: share of the price that is paid",
        minimum=0,
        only_with=_ASKING,
        affects_result=False,
    )
    batch_poll: float = setting(
        30.0,
        "batch: between two looks at its state",
        unit="seconds",
        above=0,
        only_with=_ASKING,
        affects_result=False,
    )

    def check(self) -> None:
        """Check what only the language model needs, too."""
        super().check()
        check_template(self.query, "prompts.query")
        if self.answer_form:
            check_template(self.answer_form, "prompts.answer_form")
        check.check_address(self.base_url)
        check.check_key_variable(self.api_key_variable)
        check.check_api(self.api, self.api_version, self.api_key_variable, self.batch)
        check.check_parameters(self.parameters)
        check.check_prices(self.prices)

    def fit_for_logs(self) -> Self:
        """Return these settings without the name of a variable that is not set.

        Somebody may have put the key itself in its place, and Snakemake prints and keeps the lines
        that it runs.
        """
        name = self.api_key_variable
        if not name or name in KNOWN_VARIABLES or name in os.environ:
            return self
        return self.model_copy(update={"api_key_variable": _NOT_SET})

    def idle(self) -> dict[str, str]:
        """Return the keys without effect, be it for all classes or for one with a source of its
        own."""
        sources = {own.source for own in check_classes(self.classes).values()}
        conditions = conditions_of(type(self))
        return {
            key: other
            for key, other in super().idle().items()
            if sources.isdisjoint(conditions[key][other])
        }
