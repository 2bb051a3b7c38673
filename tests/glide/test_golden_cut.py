"""Against numbers of the authors' code in `golden`; its README says how they came about."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from torch import Tensor
from transformers import GPT2Tokenizer

from sau.glide import samplers
from sau.glide.respacing import SamplerName, respaced_timesteps
from sau.glide.samplers import guided, make_sampler
from sau.glide.text_encoder import GlideTextEncoder
from sau.glide.tokenizer import GlideTokenizer
from tests.glide.test_text_encoder import converted

GOLDEN = Path(__file__).parent / "golden"


def vectors(part: str) -> tuple[dict[str, Any], dict[str, Tensor]]:
    with safe_open(GOLDEN / "glide.safetensors", framework="pt") as file:
        meta = json.loads(file.metadata()["meta"])
        names = [key for key in file.keys() if key.startswith(f"{part}/")]  # noqa: SIM118
        tensors = {key.removeprefix(f"{part}/"): file.get_tensor(key) for key in names}
    return meta, tensors


def schedule(name: str) -> dict[str, Any]:
    kinds = {"num_train_timesteps": 1000, "beta_start": 0.0001, "beta_end": 0.02}
    return kinds | {
        "beta_schedule": vectors(name)[0][name]["noise_schedule"],
        "trained_betas": None,
    }


def test_tokens_are_those_of_the_authors_code() -> None:
    found = json.loads((GOLDEN / "tokens.json").read_text(encoding="utf-8"))
    merges: Any = [tuple(merge.split(" ")) for merge in found["merges"]]
    tokenizer = GPT2Tokenizer(vocab=found["vocabulary"], merges=merges)
    prompts = [case["prompt"] for case in found["cases"]]
    tokens = GlideTokenizer(tokenizer, 128)(prompts)
    assert len(prompts) == 20
    for row, case in enumerate(found["cases"]):
        kept = case["ids"][:128]
        assert tokens.ids[row].tolist() == kept + [50256] * (128 - len(kept))
        assert int(tokens.mask[row].sum()) == len(kept)
    lost = [case["prompt"] for case in found["cases"] if len(case["ids"]) > 128]
    assert [cut.prompt for cut in tokens.cut] == lost


@torch.no_grad()
def test_text_encoder_gives_the_authors_states() -> None:
    meta, tensors = vectors("text")
    layers, heads, width = (meta["base"][f"xf_{key}"] for key in ("layers", "heads", "width"))
    prefix = "weights/"
    original = {
        key.removeprefix(prefix): value.float()
        for key, value in tensors.items()
        if key.startswith(prefix)
    }
    encoder = GlideTextEncoder(len(tensors["token_ids"]), 128, width, layers, heads)
    encoder.load_state_dict(converted(original, layers, heads))
    rows = torch.searchsorted(tensors["token_ids"], tensors["tokens"])
    found = encoder(rows, tensors["mask"])
    torch.testing.assert_close(found, tensors["text_hidden"], rtol=0, atol=2e-5)


@pytest.mark.parametrize("name", ["base", "up"])
def test_time_steps_are_those_of_the_authors_code(name: str) -> None:
    meta, tensors = vectors(name)
    assert respaced_timesteps(meta[name]["respacing"]) == tensors["timesteps"].tolist()


@pytest.mark.parametrize(("name", "sampler"), [("base", "ancestral"), ("up", "ddim")])
def test_sampling_gives_the_authors_samples(
    name: str, sampler: SamplerName, monkeypatch: pytest.MonkeyPatch
) -> None:
    meta, tensors = vectors(name)
    run = make_sampler(sampler, meta[name]["respacing"], schedule(name))
    drawn = iter(tensors.get("sample_noise", ()))
    monkeypatch.setattr(samplers, "randn_tensor", lambda *_, **__: next(drawn))
    images = tensors["sample_x_T"]
    for index, outputs in enumerate(tensors["outputs"]):
        if name == "base":
            outputs = guided(*outputs, meta[name]["guidance_scale"])
        images = run.step(outputs, index, images, [])
    torch.testing.assert_close(images, tensors["sample"], rtol=0, atol=1e-3)
