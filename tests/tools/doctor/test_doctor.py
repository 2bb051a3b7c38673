"""`sau doctor`: what a machine has, and what a config needs of it."""

import pytest
import torch

from sau.__main__ import main
from sau.config import load
from sau.tools.doctor import machine
from sau.tools.doctor.finding import Mark
from sau.tools.doctor.needs import needs_of

KEY = "sk-very-secret-0123456789"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    (tmp_path / "cache" / "models--timm--vit_base_patch32_clip_224.openai").mkdir(parents=True)
    return tmp_path


def config_of(**sections):
    runs = {"ce": {"method": "cross_entropy", "data": "balanced"}}
    training = {"runs": runs} | sections.pop("training", {})
    return load({"experiment": {}, "dataset": {}, "training": training, **sections})


def found(config):
    return {finding.what.split(":")[0]: finding for finding in needs_of(config)}


def test_doctor_says_what_there_is_and_never_a_key(capsys, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert f"torch {machine.version_of('torch')}" in out
    assert "ok shipped models: tiny-glide, tiny-clip" in out
    assert "ok Hugging Face's cache: timm/vit_base_patch32_clip_224.openai" in out
    assert "ok key of a language model: OPENAI_API_KEY is set" in out
    assert KEY not in out
    assert all(line[:2] in ("ok", "--") for line in out.splitlines())


def test_what_is_missing_is_said_with_its_fix(capsys, monkeypatch):
    monkeypatch.setattr(machine, "version_of", lambda name: None if name == "diffusers" else "1")
    monkeypatch.setattr(machine.shutil, "which", lambda name: None)
    assert main(["doctor"]) == 2
    captured = capsys.readouterr()
    assert "!! packages: without diffusers; pip install 'sau-longtail[pipeline]'" in captured.out
    assert "-- SLURM: no sbatch here" in captured.out
    assert "-- key of a language model: neither OPENAI_API_KEY nor" in captured.out
    assert "1 things will not work" in captured.err


def test_default_config_needs_nothing_but_what_is_shipped(capsys):
    assert main(["doctor", "--config", "config.yaml"]) == 0
    out = capsys.readouterr().out
    assert "ok config: 3 rows, 30 runs" in out
    assert out.count(" GiB free in ") == 1, "the results stand on the disk of this folder"
    assert "ok images.model: tiny-glide is shipped" in out
    assert "ok scores.model: tiny-clip is shipped" in out


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_gpu_that_is_not_there_is_bad():
    real = {"runs": {"ce": {"method": "cross_entropy", "data": "real"}}, "device": "cuda"}
    finding = found(config_of(training=real))["training.runs.ce.device"]
    assert finding.mark is Mark.BAD
    assert "cuda, but PyTorch finds no GPU (1 such keys)" in finding.what


def test_key_that_is_not_set_is_bad_and_real_rows_need_none():
    llm = {"source": "llm", "model": "gpt"}
    images = {"source": "glide", "model": "tiny-glide"}
    finding = found(config_of(prompts=llm, images=images))["prompts.api_key_variable"]
    assert (finding.mark, "is not set" in finding.what) == (Mark.BAD, True)
    real = {"runs": {"ce": {"method": "cross_entropy", "data": "real"}}}
    assert set(found(config_of(training=real))) == {"config", "disk"}
    asked = {"subset": {"validation_fraction": 0.2}, "influence": {"row": "ce"}}
    finding = found(config_of(training=real, images=images, prompts=llm, **asked))
    assert finding["prompts.api_key_variable"].mark is Mark.BAD
    assert finding["images.model"].mark is Mark.GOOD


def test_models_are_found_in_folders_and_in_the_cache(here):
    (here / "my-glide").mkdir()
    images = {"source": "glide", "model": "my-glide"}
    scores = {"model": "ViT-B-32", "pretrained": "openai"}
    findings = found(config_of(images=images, scores=scores))
    assert findings["images.model"].what == "images.model: my-glide is there"
    assert findings["scores.model ViT-B-32 openai"].mark is Mark.GOOD
    scores = {"model": "ViT-B-32", "pretrained": "laion2b_s34b_b79k"}
    finding = found(config_of(images=images, scores=scores))[
        "scores.model ViT-B-32 laion2b_s34b_b79k"
    ]
    assert finding.mark is Mark.ABSENT
    assert "laion/CLIP-ViT-B-32-laion2B-s34B-b79K" in finding.fix


VIT = "timm/vit_base_patch32_clip_224.openai"


@pytest.mark.parametrize(
    ("settings", "mark", "words"),
    [
        ({"backbone": VIT}, Mark.GOOD, "is in Hugging Face's cache"),
        ({"backbone": "timm/test_vit.r160_in1k"}, Mark.ABSENT, "not on this machine"),
        ({"backbone": "timm/test_vot"}, Mark.BAD, "has no such model (did you mean 'test_vit'"),
        ({"backbone": "open_clip/ViT-B-32"}, Mark.BAD, "does not say which weights"),
        ({"backbone": "open_clip/ViT-B-32.openai"}, Mark.GOOD, "is in Hugging Face's cache"),
        ({"backbone": "timm/test_resnet", "lora_rank": 2}, Mark.BAD, "has no attention"),
    ],
)
def test_weights_that_rows_start_from_are_looked_for(settings, mark, words):
    row = {"method": "cross_entropy", "data": "real", "pretrained": "yes"}
    findings = list(needs_of(config_of(training={"runs": {"ce": row | settings}})))
    (finding,) = [found for found in findings if found.what.startswith("training.")]
    assert finding.mark is mark, finding
    assert words in finding.line()


def test_disk_that_is_full_or_closed_is_bad(here, monkeypatch):
    (finding,) = machine.disk(here / "not" / "yet" / "there")
    assert finding.mark is Mark.GOOD
    monkeypatch.setattr(machine.os, "access", lambda *_: False)
    (finding,) = machine.disk(here)
    assert finding.what.endswith("may not be written")
