"""Settings of the prompts stage."""

import dataclasses
from typing import Any, ClassVar, Literal

from sau.core.errors import UserError
from sau.pipeline.prompts.classes import check_classes
from sau.pipeline.prompts.llm import check
from sau.settings.section import OnlyOf, Section, check_only_of, setting
from sau.templates.template_sets import SETS, check_templates
from sau.templates.templates import check_template

HOW_TO_ASK = (
    "api_key_variable",
    "concurrency",
    "requests_per_minute",
    "timeout",
    "max_retries",
    "retry_wait",
    "longest_wait",
    "prices",
    "max_cost",
    "batch",
    "batch_price",
    "batch_poll",
)
"""Settings that change no prompt: changed, nothing is asked or generated again."""


@dataclasses.dataclass(frozen=True)
class TemplateSettings(Section):
    """The settings that prompts from templates need."""

    section: ClassVar[str] = "prompts"

    source: Literal["template", "llm"] = setting(
        "template", "what writes the prompts: templates, or a language model that is asked for them"
    )
    per_class: int = setting(
        160, "prompts, and so images generated, of each class", unit="prompts", minimum=1
    )
    templates: list[str] = setting(
        ["A photo of {article} {name}."],
        "sentences in which {name} stands for the class name and {article} for a or an; "
        f"or the name of a published set: {', '.join(SETS)}",
    )
    order: Literal["cycle", "sample"] = setting(
        "cycle", "use the templates in turn, or draw one for each prompt by the seed"
    )
    seed: int = setting(0, "of the drawn templates", minimum=0)
    classes: dict[str, Any] = setting(
        {},
        "what differs for a class, by its name or label: name, article, synonyms, templates, "
        "source (docs/prompts.md)",
    )

    def check(self) -> None:
        """Check the templates, those of single classes too."""
        if not self.templates:
            raise UserError("prompts.templates: empty; give at least one sentence with {name}")
        check_templates(self.templates, "prompts.templates")
        check_classes(self.classes)


@dataclasses.dataclass(frozen=True)
class PromptsSettings(TemplateSettings):
    """What writes the prompts, and how many each class gets."""

    model: str = setting("gpt-4", "llm: the model's name; with azure the deployment's")
    api: Literal["openai", "azure"] = setting(
        "openai", "llm: openai for OpenAI, vLLM, Ollama, llama.cpp and the like, or azure"
    )
    base_url: str = setting(
        "https://api.openai.com/v1",
        "llm: where the server is; with azure the endpoint, https://NAME.openai.azure.com",
    )
    api_version: str = setting("", "llm, azure: version of the API, such as 2024-10-21")
    api_key_variable: str = setting(
        "OPENAI_API_KEY",
        "llm: environment variable that holds the key; empty: the server wants none",
    )
    system_command: str = setting(
        "You are a helpful assistant designed to output a prompt (no more than 50 words) "
        "describing a given object's appearance and actions.",
        "llm: system message, the paper's; empty: none",
    )
    query: str = setting("What the {name} looks like?", "llm: user message, the paper's")
    answer_form: str = setting(
        "A photo of the class {name}, with specific features and with a specific background.",
        "llm: form that answers shall have, the paper's, added to the system message; empty: none",
    )
    prompts_per_request: int = setting(
        1, "llm: prompts that one request asks for", unit="prompts", minimum=1
    )
    parameters: dict[str, Any] = setting(
        {}, "llm: what else a request holds, such as {temperature: 1.2, max_tokens: 100}"
    )
    max_words: int = setting(50, "llm: longer answers are asked for again", unit="words", minimum=1)
    language: Literal["en", "any"] = setting(
        "en", "llm: en asks again for answers that are not English, any accepts all"
    )
    duplicate_similarity: float = setting(
        0.7,
        "llm: share of word trigrams in common (Jaccard) from which two prompts of a class count "
        "as one; 1: only the same words in the same order",
        above=0,
        maximum=1,
    )
    ask_again: int = setting(
        3,
        "llm: times that what will not do is asked for again; then a template stands in",
        minimum=0,
    )
    concurrency: int = setting(8, "llm: requests under way at once", unit="requests", minimum=1)
    requests_per_minute: float = setting(500.0, "llm: no more than these are sent", above=0)
    timeout: float = setting(60.0, "llm: time-out of one request", unit="seconds", above=0)
    max_retries: int = setting(
        8,
        "llm: times that a request is sent again after 429, 5xx, a time-out or a lost connection",
        minimum=0,
    )
    retry_wait: float = setting(
        1.0,
        "llm: before the first of these, then doubled; the server's Retry-After counts for more",
        unit="seconds",
        minimum=0,
    )
    longest_wait: float = setting(
        300.0,
        "llm: no wait is longer; a server that asks for a longer one stops the stage",
        unit="seconds",
        minimum=0,
    )
    prices: dict[str, Any] = setting(
        {"gpt-4": {"input": 30.0, "output": 60.0}},
        "llm: of a million tokens, by model, in any currency; gpt-4's is US dollars: check it",
    )
    max_cost: float | None = setting(
        None,
        "llm: the stage stops before all answers in its store cost more; null: no limit",
        minimum=0,
    )
    batch: bool = setting(
        False, "llm: use OpenAI's Batch API: cheaper, and the answers come within a day"
    )
    batch_price: float = setting(0.5, "llm, batch: share of the price that is paid", minimum=0)
    batch_poll: float = setting(
        30.0, "llm, batch: between two looks at its state", unit="seconds", above=0
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
        # At the end: it repeats a value, which the checks above make sure is no key or password.
        if not any(own.source == "llm" for own in check_classes(self.classes).values()):
            check_only_of(self, ONLY_OF)


_OF_TEMPLATES = {field.name for field in dataclasses.fields(TemplateSettings)}

ONLY_OF: OnlyOf = {
    field.name: ("source", ("llm",))
    for field in dataclasses.fields(PromptsSettings)
    if field.name not in _OF_TEMPLATES
}
"""Keys that only a language model looks at."""
