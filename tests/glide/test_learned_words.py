"""Words that stand for learned vectors, in GLIDE's texts and in its pictures."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from sau.assets.shipped import model_folder
from sau.glide.cascade import GlideCascadePipeline, GlideUpsamplePipeline
from sau.glide.learned_words import LearnedWords, parts_of
from sau.glide.pipeline import GlidePipeline
from sau.glide.tokenizer import GlideTokenizer
from tests.glide.drawn import pictures
from tests.pipeline.images.tiny_upsampler import save_tiny_upsampler


@pytest.fixture
def tiny() -> GlidePipeline:
    """The shipped tiny GLIDE."""
    pipeline = GlidePipeline.from_pretrained(model_folder("tiny-glide", "model"))
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def own_vectors(pipeline: GlidePipeline, name: str) -> Tensor:
    """Return the embeddings of a name's own tokens within a text."""
    ids = pipeline.glide_tokenizer.plain_ids(f" {name}")
    return pipeline.text_encoder.token_embedding.weight[ids].detach().clone()


@pytest.mark.parametrize(
    ("prompt", "parts"),
    [
        ("a cat.", ["a cat."]),
        ("a <cat>.", ["a", [7, 8], "."]),
        ("<cat>", [[7, 8]]),
        ("a  <cat> <cat-2>", ["a ", [7, 8], [9]]),
        ("a<cat>y", ["a", [7, 8], "y"]),
        ("", []),
    ],
)
def test_word_takes_the_space_before_it(prompt: str, parts: list[str | list[int]]) -> None:
    assert list(parts_of(prompt, {"<cat>": [7, 8], "<cat-2>": [9], "<cat": [1]})) == parts


def test_vectors_of_the_own_tokens_give_the_states_of_the_plain_text(tiny: GlidePipeline) -> None:
    """Whatever stands around the word, in upper case too, and beside another word."""
    texts = ["The printed digit {}.", "a photo of {}", "{} and {}", "A {}, in a BOLD font."]
    for word, name in (("<class-3>", "seven"), ("<Class-12>", "zero")):
        tiny.load_textual_inversion({word: own_vectors(tiny, name)})
    assert len(own_vectors(tiny, "seven")) == 1
    plain = tiny.encode([text.format(*["seven", "zero"]) for text in texts])
    told = tiny.encode([text.format(*["<class-3>", "<CLASS-12>"]) for text in texts])
    # A word at the start of a text has a space before it, which the plain name has not.
    assert torch.equal(told[:2], plain[:2])
    assert torch.equal(told[3], plain[3])
    assert not torch.equal(told[2], plain[2])


def test_pictures_of_a_word_are_those_of_what_it_stands_for(
    tiny: GlidePipeline, tmp_path: Path
) -> None:
    """From a file as from tensors; and other texts are read as before."""
    expected = pictures(tiny, ["The printed digit three."], [1], 3)
    save_file({"<of-file>": own_vectors(tiny, "three")}, tmp_path / "three.safetensors")
    tiny.load_textual_inversion(tmp_path / "three.safetensors")
    assert np.array_equal(pictures(tiny, ["The printed digit <of-file>."], [1], 3), expected)
    tiny.load_textual_inversion(tmp_path / "three.safetensors", "three")
    tiny.load_textual_inversion({"seven": own_vectors(tiny, "three")[0]})
    assert np.array_equal(pictures(tiny, ["The printed digit seven."], [1], 3), expected)
    tiny.unload_textual_inversion("seven")
    assert not np.array_equal(pictures(tiny, ["The printed digit seven."], [1], 3), expected)
    tiny.unload_textual_inversion()
    assert np.array_equal(pictures(tiny, ["The printed digit three."], [1], 3), expected)
    with pytest.raises(ValueError, match="'three' was not learned"):
        tiny.unload_textual_inversion("three")


def test_gradients_reach_the_vectors_alone_of_their_word(tiny: GlidePipeline) -> None:
    vectors = own_vectors(tiny, "seven").repeat(2, 1).requires_grad_()
    tiny.load_textual_inversion({"<x>": vectors})
    other = own_vectors(tiny, "zero").requires_grad_()
    tiny.load_textual_inversion({"<y>": other})
    tiny.encode(["a <x>."]).square().sum().backward()
    assert vectors.grad is not None
    assert (vectors.grad.abs().sum(dim=1) > 0).all()
    assert other.grad is None or not other.grad.any()


@pytest.mark.parametrize(
    ("embedding", "message"),
    [
        ({"a": torch.zeros(1, 64), "b": torch.zeros(1, 64)}, "holds one tensor, not 2"),
        ({}, "holds one tensor, not 0"),
        ({"a": torch.zeros(1, 63)}, "its embedding is 1 x 63 torch.float32, but the text encoder"),
        ({"a": torch.zeros(0, 64)}, "its embedding is 0 x 64"),
        ({"a": torch.zeros(1, 64, dtype=torch.int64)}, "takes vectors of 64 floating numbers"),
        ({" ": torch.zeros(1, 64)}, "token: empty"),
    ],
)
def test_embedding_that_does_not_fit_is_refused(
    tiny: GlidePipeline, embedding: dict[str, Tensor], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        tiny.load_textual_inversion(embedding)


def test_ids_follow_those_of_the_vocabulary() -> None:
    words = LearnedWords()
    assert words.table() is None
    words.learn("A", torch.ones(2, 3))
    words.learn("b", torch.zeros(1, 3))
    assert words.ids(100) == {"a": [100, 101], "b": [102]}
    assert torch.equal(words.table(), torch.tensor([[1.0] * 3, [1.0] * 3, [0.0] * 3]))
    words.learn("a", torch.zeros(1, 3))
    assert words.ids(100) == {"a": [100], "b": [101]}


def test_cut_text_is_told_with_its_words(tiny: GlidePipeline) -> None:
    tokenizer = GlideTokenizer(tiny.tokenizer, 3, {"<x>": [500, 501]})
    (cut,) = tokenizer(["a photo of <x> here"]).cut
    assert cut.lost.replace(" ", "").endswith("<x>here")


def test_upsampler_reads_the_name(tiny: GlidePipeline, tmp_path: Path) -> None:
    """Its text encoder has another table, in which the base's vectors mean nothing."""
    larger = GlideUpsamplePipeline.from_pretrained(save_tiny_upsampler(tmp_path / "up"))
    both = GlideCascadePipeline.of(tiny, larger)
    both.set_progress_bar_config(disable=True)
    options = {"num_inference_steps": 2, "upsampler_num_inference_steps": 2, "output_type": "np"}

    def drawn(prompt: str) -> np.ndarray:
        generator = torch.Generator().manual_seed(3)
        found: np.ndarray = both([prompt], generator=[generator], **options).images
        return found

    expected = drawn("The printed digit three.")
    vectors = own_vectors(tiny, "three")
    both.load_textual_inversion({"<cat>": vectors}, "<Class-3>", name="three")
    assert np.array_equal(drawn("The printed digit <class-3>."), expected)
    both.load_textual_inversion({"<class-3>": vectors}, name="seven")
    assert not np.array_equal(drawn("The printed digit <class-3>."), expected)
    both.unload_textual_inversion()
    assert np.array_equal(drawn("The printed digit three."), expected)


def test_cut_prompts_are_told_of_once_whatever_the_upsampler_reads(
    tiny: GlidePipeline, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    both = GlideCascadePipeline.of(
        tiny, GlideUpsamplePipeline.from_pretrained(save_tiny_upsampler(tmp_path / "up"))
    )
    both.set_progress_bar_config(disable=True)
    both.load_textual_inversion({"<x>": own_vectors(tiny, "three")}, name="three")
    prompts = [f"{number} <x> " + "a digit and " * 20 for number in range(2)]
    both.warn_of_cut(prompts)
    for prompt in prompts:
        generator = [torch.Generator().manual_seed(3)]
        both([prompt], 1, generator=generator, upsampler_num_inference_steps=1)
    assert [record.levelname for record in caplog.records].count("WARNING") == 1
