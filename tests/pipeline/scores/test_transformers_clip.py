"""Models as transformers saves them score as they do there, and as open_clip's do."""

import json
import shutil

import open_clip
import pytest
import torch
import transformers
from PIL import Image
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, models, pre_tokenizers

from sau.core.errors import UserError
from sau.pipeline.scores.clip import Clip
from sau.pipeline.scores.geometry import Geometry
from sau.pipeline.scores.load import load_model
from tests.pipeline.scores.conftest import SMALL_CONFIG, picture, run

CPU = torch.device("cpu")
CONTEXT = SMALL_CONFIG["text_cfg"]["context_length"]


def translated(state):
    """Return the weights of the small model of open_clip by the names of transformers."""
    found = {
        "logit_scale": state["logit_scale"],
        "text_model.embeddings.token_embedding.weight": state["token_embedding.weight"],
        "text_model.embeddings.position_embedding.weight": state["positional_embedding"],
        "text_projection.weight": state["text_projection"].T,
        "vision_model.embeddings.class_embedding": state["visual.class_embedding"],
        "vision_model.embeddings.position_embedding.weight": state["visual.positional_embedding"],
        "vision_model.embeddings.patch_embedding.weight": state["visual.conv1.weight"],
        "visual_projection.weight": state["visual.proj"].T,
    }
    for ours, theirs in (
        ("ln_final", "text_model.final_layer_norm"),
        ("visual.ln_pre", "vision_model.pre_layrnorm"),
        ("visual.ln_post", "vision_model.post_layernorm"),
    ):
        found |= {f"{theirs}.{kind}": state[f"{ours}.{kind}"] for kind in ("weight", "bias")}
    for ours, theirs in (("", "text_model"), ("visual.", "vision_model")):
        before, after = f"{ours}transformer.resblocks.0.", f"{theirs}.encoder.layers.0."
        for kind in ("weight", "bias"):
            packed = state[f"{before}attn.in_proj_{kind}"].chunk(3)
            for name, part in zip(("q_proj", "k_proj", "v_proj"), packed, strict=True):
                found[f"{after}self_attn.{name}.{kind}"] = part
            for own, other in (
                ("attn.out_proj", "self_attn.out_proj"),
                ("ln_1", "layer_norm1"),
                ("ln_2", "layer_norm2"),
                ("mlp.c_fc", "mlp.fc1"),
                ("mlp.c_proj", "mlp.fc2"),
            ):
                found[f"{after}{other}.{kind}"] = state[f"{before}{own}.{kind}"]
    return {name: weight.contiguous().clone() for name, weight in found.items()}


@pytest.fixture(scope="module")
def folder(small_model, tmp_path_factory):
    """The small model of open_clip as transformers would save it."""
    made = tmp_path_factory.mktemp("transformers") / "clip"
    words = open_clip.get_tokenizer(small_model.name)
    special = {"<start_of_text>": "<|startoftext|>", "<end_of_text>": "<|endoftext|>"}
    vocabulary = {special.get(word, word): number for word, number in words.encoder.items()}
    tokenizer = transformers.CLIPTokenizer(vocab=vocabulary, merges=list(words.bpe_ranks))
    tokenizer.save_pretrained(made)
    tower = {"intermediate_size": 128, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = transformers.CLIPConfig(
        projection_dim=12,
        text_config={
            **tower,
            "intermediate_size": 64,
            "hidden_size": 16,
            "hidden_act": "gelu",
            "max_position_embeddings": CONTEXT,
            "vocab_size": 49408,
            "eos_token_id": 49407,
            "bos_token_id": 49406,
        },
        vision_config={
            **tower,
            "hidden_size": 32,
            "hidden_act": "gelu",
            "image_size": 24,
            "patch_size": 8,
        },
    )
    transformers.CLIPModel(config).save_pretrained(made)
    transformers.CLIPImageProcessor(size={"shortest_edge": 24}, crop_size=24).save_pretrained(made)
    state = load_file(small_model / "open_clip_model.safetensors")
    save_file(translated(state), made / "model.safetensors", {"format": "pt"})
    return made


@pytest.fixture(scope="module")
def siglip(tmp_path_factory):
    """A random SigLIP, whose tokenizer knows a few words."""
    made = tmp_path_factory.mktemp("transformers") / "siglip"
    pad, end, unknown = special = ("<pad>", "</s>", "<unk>")
    names = [*special, *("a", "photo", "of", "the", "zero", "two", "cat", "dog")]
    words = models.WordLevel({name: place for place, name in enumerate(names)}, unk_token=unknown)
    tokenizer = Tokenizer(words)
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token=pad, eos_token=end, unk_token=unknown
    ).save_pretrained(made)
    tower = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1}
    tower["num_attention_heads"] = 2
    config = transformers.SiglipConfig(
        text_config={**tower, "vocab_size": len(names), "max_position_embeddings": 8},
        vision_config={**tower, "image_size": 16, "patch_size": 8},
    )
    torch.manual_seed(0)
    transformers.SiglipModel(config).save_pretrained(made)
    size = {"height": 16, "width": 16}
    transformers.SiglipImageProcessor(size=size, resample=2).save_pretrained(made)
    return made


@pytest.fixture
def copied(folder, tmp_path):
    return shutil.copytree(folder, tmp_path / "copied")


def refused(folder, message):
    with pytest.raises(UserError, match=message) as found:
        load_model(str(folder), "", CPU)
    assert "\n" not in str(found.value)


def configure(folder, name, **changes):
    path = folder / name
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_weights_score_the_same_in_every_form(images, small_model, folder):
    file = str(small_model / "open_clip_model.safetensors")
    forms = [
        run(images, model=str(small_model)),
        run(images, model=small_model.name, pretrained=file),
        run(images, model=str(folder)),
    ]
    for name in ("score", "class_score", "zero_shot_probability", "margin"):
        first, *others = (form[name].to_pylist() for form in forms)
        assert others[0] == first
        assert others[1] == pytest.approx(first, abs=1e-5, nan_ok=True)


def test_model_is_loaded_with_what_its_folder_says(folder, siglip):
    clip, other = load_model(str(folder), "", CPU), load_model(str(siglip), "", CPU)
    assert clip.geometry == Geometry(24, "shortest", bilinear=False)
    assert (clip.mean, clip.std) == (open_clip.OPENAI_DATASET_MEAN, open_clip.OPENAI_DATASET_STD)
    assert other.geometry == Geometry(16, "squash", bilinear=True)
    assert (other.mean, other.std) == ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    assert not clip.model.training
    assert tuple(clip.tokenizer(["a " * 99, "b"]).shape) == (2, CONTEXT)


def test_siglip_embeds_as_transformers_does(siglip):
    loaded = load_model(str(siglip), "", CPU)
    clip = Clip(loaded, CPU, "float32")
    texts, image = ["a photo of the zero", "two"], picture(0, 40, 20)
    model = transformers.SiglipModel.from_pretrained(siglip).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(siglip)
    tokens = tokenizer(texts, padding="max_length", max_length=8, return_tensors="pt").input_ids
    small = image.resize((16, 16), Image.Resampling.BILINEAR)
    pixels = transformers.SiglipImageProcessor(do_resize=False)(small, return_tensors="pt")
    with torch.no_grad():
        expected = model.get_text_features(input_ids=tokens).pooler_output
        seen = model.get_image_features(**pixels).pooler_output
    unit = torch.nn.functional.normalize
    torch.testing.assert_close(clip.embed_texts(texts, 2), unit(expected, dim=1))
    (square,) = [torch.tensor(list(loaded.geometry(image).getdata())).view(16, 16, 3)]
    found = clip.embed_images([square.to(torch.uint8).numpy()])
    torch.testing.assert_close(found, unit(seen, dim=1), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"visual_projection.weight": None}, "lacks the weights visual_projection.weight"),
        ({"spare": torch.zeros(2)}, "has weights for which .* spare"),
        ({"logit_scale": torch.tensor(torch.nan)}, "has weights that are not finite, logit_scale"),
        ({"visual_projection.weight": torch.zeros(13, 32)}, ""),
    ],
)
def test_weights_that_are_not_the_models_are_refused(copied, change, message):
    path = copied / "model.safetensors"
    state = {name: one for name, one in (load_file(path) | change).items() if one is not None}
    save_file(state, path, {"format": "pt"})
    refused(copied, f"does not load in transformers: .*{message}")


def test_pickles_are_refused(copied):
    path = copied / "model.safetensors"
    torch.save(load_file(path), copied / "pytorch_model.bin")
    path.unlink()
    refused(copied, "does not load in transformers: ")


@pytest.mark.parametrize("kind", ["siglip2", "bert", "xclip"])
def test_models_of_other_kinds_are_refused(copied, kind):
    configure(copied, "config.json", model_type=kind)
    refused(copied, f"holds a model of the kind '{kind}', expected clip or siglip")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"size": {"shortest_edge": 32}}, "images are resized to .*32.*, expected the model's 24"),
        ({"crop_size": {"height": 16, "width": 16}}, "images are resized to"),
        ({"do_normalize": False}, "do_normalize is off"),
        ({"resample": 0}, "resample 0, expected 2 or 3"),
    ],
)
def test_images_prepared_in_other_ways_are_refused(copied, changes, message):
    configure(copied, "preprocessor_config.json", **changes)
    refused(copied, f"does not load in transformers: ValueError: .*{message}")


@pytest.mark.parametrize(
    "name", ["tokenizer_config.json", "preprocessor_config.json", "config.json"]
)
def test_code_of_a_folder_is_refused(copied, name):
    configure(copied, name, auto_map={"AutoModel": "own.Model"})
    refused(copied, rf"{name} asks to run code \(auto_map\)")


def test_tokenizer_with_more_tokens_than_the_model_knows_is_refused(copied):
    tokenizer = transformers.CLIPTokenizer.from_pretrained(copied)
    tokenizer.add_tokens(["longtail"])
    tokenizer.save_pretrained(copied)
    refused(copied, "its tokenizer has tokens up to number 49408, but its text encoder knows 49408")


def test_tokenizer_that_lost_its_words_is_refused(copied):
    for name in ("tokenizer.json", "vocab.json", "merges.txt"):
        (copied / name).unlink(missing_ok=True)
    refused(copied, "")


@pytest.mark.parametrize("name", ["preprocessor_config.json", "model.safetensors"])
def test_folders_that_lack_a_file_are_one_line(copied, name):
    (copied / name).unlink()
    refused(copied, "does not load in transformers: ")
