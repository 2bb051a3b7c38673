"""One model's weights in every form are the same weights; anything else is one line."""

import open_clip
import pytest
import torch
from safetensors.torch import load_file, save_file

from sau.core.errors import UserError
from sau.pipeline.scores.load import load_model

CPU = torch.device("cpu")


@pytest.fixture
def weights(small_model):
    return load_file(small_model / "open_clip_model.safetensors")


def saved(path, content):
    torch.save(content, path)
    return str(path)


def check_loads(small_model, path, weights):
    loaded = load_model(small_model.name, path, CPU).model.state_dict()
    assert loaded.keys() == weights.keys()
    assert all(torch.equal(loaded[name], value) for name, value in weights.items())


def refused(small_model, path, message):
    with pytest.raises(UserError, match=f"does not load in open_clip: {message}") as found:
        load_model(small_model.name, path, CPU)
    assert "\n" not in str(found.value)
    assert len(str(found.value)) < 500


@pytest.mark.parametrize(
    "wrapped",
    [
        lambda state: {"epoch": 3, "state_dict": under("module.", state), "optimizer": {"lr": 1}},
        lambda state: {"state_dict": under("module._orig_mod.", state)},
        lambda state: under("_orig_mod.module.", state),
        lambda state: {"model": state},
        lambda state: {"model": {"state_dict": under("clip.", state)}, "step": torch.tensor(3)},
        lambda state: {"state_dict": state, "ema": state},
        lambda state: {"optimizer": {"state": {0: {"exp_avg": torch.zeros(2)}}}, "module": state},
        lambda state: state | {"logit_scale": state["logit_scale"].reshape(1)},
    ],
)
def test_wrapped_weights_are_the_same_weights(small_model, tmp_path, weights, wrapped):
    path = saved(tmp_path / "checkpoint.pt", wrapped(weights))
    check_loads(small_model, path, weights)


def under(prefix, state):
    return {f"{prefix}{name}": value for name, value in state.items()}


@pytest.mark.parametrize("name", ["3f2a", "weights.bin", "weights.pt"])
def test_safetensors_are_known_by_what_they_hold(small_model, tmp_path, weights, name):
    """A blob of Hugging Face's cache has no suffix."""
    save_file(weights, tmp_path / name)
    check_loads(small_model, str(tmp_path / name), weights)


def test_half_precision_is_taken(small_model, tmp_path, weights):
    halves = {name: value.half() for name, value in weights.items()}
    path = saved(tmp_path / "half.pt", halves)
    check_loads(small_model, path, {name: value.float() for name, value in halves.items()})


def test_tables_that_the_model_makes_itself_may_be_there(small_model, tmp_path, weights):
    path = saved(tmp_path / "mask.pt", weights | {"attn_mask": torch.zeros(24, 24)})
    check_loads(small_model, path, weights)


def test_bias_that_is_missing_is_not_made_up(biased_model, tmp_path):
    state = load_file(biased_model / "open_clip_model.safetensors")
    del state["logit_bias"]
    refused(biased_model, saved(tmp_path / "c.pt", state), "c.pt lacks the weights logit_bias;")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"visual.proj": None}, "c.pt lacks the weights visual.proj; fetch or copy"),
        ({"logit_scale": None}, "c.pt lacks the weights logit_scale;"),
        ({"spare": torch.zeros(2)}, "c.pt has weights for which the network has no place, spare;"),
        (
            {"positional_embedding": torch.zeros(30, 16)},
            "c.pt has weights unlike the network's, positional_embedding 30 x 16 instead of 24 x",
        ),
        (
            {"visual.positional_embedding": torch.zeros(17, 32)},
            "c.pt has weights unlike the network's, visual.positional_embedding 17 x 32 instead",
        ),
        (
            {"visual.proj": torch.zeros(32, 12, dtype=torch.int8)},
            "c.pt has weights unlike the network's, visual.proj 32 x 12 torch.int8 instead",
        ),
        (
            {"visual.proj": torch.full((32, 12), torch.nan)},
            "c.pt has weights that are not finite, visual.proj;",
        ),
        ({"ln_final.bias": torch.full((16,), torch.inf)}, "c.pt has weights that are not finite"),
    ],
)
def test_weights_that_are_not_the_models_are_refused(
    small_model, tmp_path, weights, change, message
):
    state = {name: value for name, value in (weights | change).items() if value is not None}
    refused(small_model, saved(tmp_path / "c.pt", state), message)


@pytest.mark.parametrize("suffix", ["pt", "safetensors"])
def test_empty_checkpoints_are_refused(small_model, tmp_path, suffix):
    path = tmp_path / f"empty.{suffix}"
    saved(path, {}) if suffix == "pt" else save_file({}, path)
    refused(small_model, str(path), f"empty.{suffix} (holds no|lacks the) weights")


def test_tower_alone_is_refused(small_model, tmp_path, weights):
    image = {name: value for name, value in weights.items() if name.startswith("visual.")}
    refused(
        small_model, saved(tmp_path / "c.pt", image), "c.pt lacks the weights ln_final.bias, .*"
    )


def test_models_in_one_file_are_not_chosen_between(small_model, tmp_path, weights):
    path = saved(tmp_path / "c.pt", {"model": weights, "model_ema": weights})
    refused(small_model, path, r"c.pt holds the weights of several models \(model, model_ema\)")


@pytest.mark.parametrize("content", [3, [torch.zeros(2)], {"a": 1}, torch.zeros(2)], ids=str)
def test_files_without_weights_are_refused(small_model, tmp_path, content):
    refused(small_model, saved(tmp_path / "c.pt", content), "c.pt holds no weights, but ")


def test_models_saved_whole_are_refused_without_advice_to_run_them(small_model, tmp_path):
    path = saved(tmp_path / "c.pt", open_clip.create_model(small_model.name))
    refused(
        small_model, path, r"UnpicklingError: it holds open_clip.model.CLIP, which is no tensor"
    )


@pytest.mark.parametrize("name", ["c.safetensors", "c.pt", "c.npz"])
@pytest.mark.parametrize("content", [(2**60).to_bytes(8, "little") + b"{", b"\x80", b"text"])
def test_damaged_files_are_one_line_without_advice_to_run_them(
    small_model, tmp_path, name, content
):
    path = tmp_path / name
    path.write_bytes(content)
    refused(small_model, str(path), "(?!.*weights_only)(?!.*allow_pickle)")


def test_pointer_of_git_lfs_is_told(small_model, tmp_path):
    path = tmp_path / "c.pt"
    path.write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    refused(small_model, str(path), "c.pt is a pointer of Git LFS")
