"""The stage, against open_clip's own functions on one image at a time."""

import io
import shutil

import numpy as np
import open_clip
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from sau.assets.shipped import ASSETS
from sau.core.errors import UserError
from sau.pipeline.scores.measures import measure
from sau.pipeline.scores.settings import ScoresSettings
from sau.pipeline.scores.shard import score_shard
from sau.pipeline.scores.stage import scores
from sau.sources.decode import encode_png
from sau.storage import manifest
from sau.storage.manifest import SCHEMAS
from tests.pipeline.scores.conftest import NAMES, encoded, picture, row, run, write_images

TEMPLATES = ["A photo of the digit {name}.", "The {name}."]
OWN_TEXTS = ["A photo of a zero.", "A photo of an one.", "A photo of a two."]
CLIP_COLUMNS = ["score", "class_score", "zero_shot", "zero_shot_probability", "margin", "embedding"]
MEASURES = ["perceptual_hash", "brightness", "contrast", "sharpness"]


def oracle(folder, images):
    """Return what open_clip says of each readable image, by its id: the slow way."""
    name = f"local-dir:{folder}"
    model, preprocess = open_clip.create_model_from_pretrained(name)
    model.eval()
    tokenizer = open_clip.get_tokenizer(name)

    def embed(text):
        with torch.no_grad():
            return _unit(model.encode_text(tokenizer([text]))[0].double().numpy())

    classes = [
        _unit(np.mean([embed(template.format(name=name)) for template in TEMPLATES], axis=0))
        for name in NAMES
    ]
    found = {}
    for one in manifest.read(images, "images").to_pylist():
        if one["status"] != "ok":
            continue
        image = Image.open(io.BytesIO(one["image"]["bytes"]))
        with torch.no_grad():
            embedding = model.encode_image(preprocess(image)[None])[0].double().numpy()
        embedding = _unit(embedding)
        cosines = np.array([embedding @ text for text in classes])
        logits = np.exp(model.logit_scale.item()) * cosines
        others = np.delete(cosines, one["label"])
        found[one["id"]] = {
            "score": embedding @ embed(one["prompt"] or OWN_TEXTS[one["label"]]),
            "class_score": cosines[one["label"]],
            "zero_shot": int(np.argmax(cosines)),
            "zero_shot_probability": 1 / np.exp(logits - logits.max()).sum(),
            "margin": cosines[one["label"]] - others.max(),
            "embedding": embedding,
            **vars(measure(image)),
        }
    return found


def check_against(table, expected, atol=2e-5):
    rows = {one["id"]: one for one in table.to_pylist()}
    assert {name for name, one in rows.items() if one["status"] == "ok"} == set(expected)
    for name, columns in expected.items():
        for column, value in columns.items():
            tolerance = 1e-3 if column == "embedding" else atol
            assert rows[name][column] == pytest.approx(value, abs=tolerance), (name, column)


@pytest.mark.parametrize("model", ["tiny-clip", "small_model", "biased_model"])
def test_columns_are_those_of_open_clip(request, images, model):
    local = model != "tiny-clip"
    folder = request.getfixturevalue(model) if local else ASSETS / model
    table = run(images, model=str(folder) if local else model)
    assert table.schema.names == SCHEMAS["scores"].names
    assert table["id"].to_pylist() == list("abcdefg")
    check_against(table, oracle(folder, images))
    assert table["reason"].to_pylist() == [None, None, "the sample is not finite", *[None] * 4]
    assert all(table[name][2].as_py() is None for name in [*CLIP_COLUMNS, *MEASURES])


@pytest.mark.parametrize("batch_size", [1, 2, 6])
def test_batch_size_changes_nothing_but_rounding(images, batch_size):
    together = {one["id"]: one for one in run(images).to_pylist() if one["status"] == "ok"}
    expected = {name: {c: one[c] for c in CLIP_COLUMNS} for name, one in together.items()}
    check_against(run(images, batch_size=batch_size), expected, atol=1e-6)


def test_decode_workers_change_nothing_at_all(images):
    thread = run(images, batch_size=2)
    first = manifest.read_metadata(images.with_name("scores.parquet"))
    assert run(images, batch_size=2, decode_workers=2).equals(thread)
    assert manifest.read_metadata(images.with_name("scores.parquet")) == first


def test_same_scores_are_taken_back_and_others_made(images, small_model, tmp_path, monkeypatch):
    own_model = shutil.copytree(small_model, tmp_path / "own-model")
    asked = []

    def counted(*given):
        asked.append(given[0])
        return score_shard(*given)

    monkeypatch.setattr("sau.pipeline.scores.shard.score_shard", counted)
    output = images.with_name("scores.parquet")

    def score(**changes):
        settings = ScoresSettings(**{"model": str(own_model), **changes})
        scores(images, output, settings=settings)
        return output.read_bytes()

    first = score()
    output.unlink()  # as Snakemake does
    assert score(decode_workers=2) == first
    assert len(asked) == 1, "what changes no result scores nothing"
    assert score(model="tiny-clip") != first
    assert score(precision="bfloat16") != first
    weights = own_model / "open_clip_model.safetensors"
    save_file({name: value * 0.5 for name, value in load_file(weights).items()}, weights)
    assert score() != first, "of the same name, and other weights"
    assert len(asked) == 4


def test_scores_with_an_image_that_could_not_be_read_are_not_taken_back(tmp_path):
    file = tmp_path / "one.png"
    image = {"bytes": None, "path": str(file)}
    path = write_images(tmp_path / "images.parquet", [row("a", 0, b"there") | {"image": image}])
    output = tmp_path / "scores.parquet"
    for is_there in (False, True):
        if is_there:
            file.write_bytes(encoded(picture(0, 12, 12)))
        scores(path, output, settings=ScoresSettings(scorer="none"))
        status = manifest.read(output, "scores")["status"][0].as_py()
        assert status == ("unscored" if is_there else "failed")


def test_bfloat16_is_near(images):
    exact, rounded = run(images), run(images, precision="bfloat16")
    assert rounded["score"] != exact["score"]
    for one, other in zip(exact.to_pylist(), rounded.to_pylist(), strict=True):
        if one["status"] == "ok":
            assert other["score"] == pytest.approx(one["score"], abs=0.05)
            length = np.linalg.norm(np.array(other["embedding"], dtype=np.float64))
            assert length == pytest.approx(1, abs=1e-3)


def test_embeddings_have_length_one_and_give_the_cosines(images):
    table = run(images).to_pandas().dropna(subset="score")
    vectors = np.stack(table["embedding"]).astype(np.float64)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-3)
    same_text = vectors[table["id"].isin(["a", "e"])]
    assert same_text.shape == (2, 64)


def test_images_that_fail_are_rows_with_a_reason(tmp_path, caplog):
    good = encode_png(picture(0, 20, 20))
    rows = [
        row("a", 0, good),
        row("b", 1, good[:-40]),
        row("c", 1, b"no picture"),
        row("d", 2, good, image=None),
        row("e", 2, None),
    ]
    found = run(write_images(tmp_path / "images.parquet", rows)).to_pylist()
    assert [one["status"] for one in found] == ["ok", *["failed"] * 4]
    reasons = [one["reason"] for one in found]
    assert "cannot be decoded" in reasons[1]
    assert "known format" in reasons[2]
    assert reasons[3:] == ["no image: neither bytes nor a path", "the sample is not finite"]
    assert all(one[name] is None for one in found[1:] for name in [*CLIP_COLUMNS, *MEASURES])
    assert "scores: 4 of 5 images failed; the first is b: cannot be decoded" in caplog.text


def test_image_too_long_to_be_scored_stops_no_others(small_model, tmp_path):
    rows = [row(str(length), 0, encode_png(picture(0, 1, length))) for length in (100, 101, 99)]
    images = write_images(tmp_path / "images.parquet", rows)
    found = run(images, model=str(small_model), class_templates=["The {name}."]).to_pylist()
    assert [one["status"] for one in found] == ["ok", "failed", "ok"]
    assert "too long to be scored: 1 x 101 pixels" in found[1]["reason"]


def test_embeddings_that_are_not_finite_are_failures(images, small_model, tmp_path):
    weights = load_file(small_model / "open_clip_model.safetensors")
    weights["visual.proj"].fill_(3e38)  # finite itself; sums of it are not
    path = tmp_path / "infinite.safetensors"
    save_file(weights, path)
    found = run(images, model=small_model.name, pretrained=str(path)).to_pylist()
    assert {one["status"] for one in found} == {"failed"}
    assert {one["reason"] for one in found if one["id"] != "c"} == {
        "its embedding, or its text's, is not finite"
    }
    assert all(one[name] is None for one in found for name in CLIP_COLUMNS)
    assert all(one[name] is not None for one in found if one["id"] != "c" for name in MEASURES)


@pytest.mark.parametrize("scorer", ["open_clip", "none"])
def test_empty_shard_has_its_columns_and_facts(tmp_path, scorer):
    path = write_images(tmp_path / "images.parquet", [])
    table = run(path, scorer=scorer)
    assert (table.num_rows, table.schema.names) == (0, SCHEMAS["scores"].names)
    assert manifest.read_facts(tmp_path / "scores.parquet", "scores", "class_names", "scored") == {
        "class_names": NAMES,
        "scored": scorer == "open_clip",
    }


def test_grey_and_transparent_images_are_scored_as_what_they_show(tmp_path):
    grey, clear = picture(0, 16, 16, "L"), picture(1, 16, 16, "RGBA")
    clear.putalpha(0)
    white = Image.new("RGB", (16, 16), "white")
    images = [grey, grey.convert("RGB"), clear, white]
    rows = [row(str(i), 0, encoded(image)) for i, image in enumerate(images)]
    table = run(write_images(tmp_path / "images.parquet", rows))
    for name in [*CLIP_COLUMNS, *MEASURES]:
        a, b, c, d = table[name].to_pylist()
        # A processor may round rows of one batch differently.
        np.testing.assert_allclose([a, c], [b, d], rtol=1e-5, atol=1e-5, err_msg=name)


def test_single_class_has_no_margin(tmp_path):
    rows = [row("a", 0, encode_png(picture(0, 16, 16)))]
    path = write_images(tmp_path / "images.parquet", rows, names=["zero"])
    found = run(path).to_pylist()[0]
    assert (found["status"], found["margin"], found["zero_shot"]) == ("ok", None, 0)
    assert found["zero_shot_probability"] == 1


def test_images_are_measured_but_not_scored_without_a_scorer(images):
    table = run(images, scorer="none")
    assert table["status"].to_pylist() == [*["unscored"] * 2, "failed", *["unscored"] * 4]
    assert all(table[name].null_count == 7 for name in CLIP_COLUMNS)
    scored = run(images)
    assert all(table[name].equals(scored[name]) for name in MEASURES)


@pytest.mark.parametrize(("scorer", "warned"), [("open_clip", True), ("none", False)])
def test_shipped_scorer_says_of_which_classes_it_knows_nothing(tmp_path, caplog, scorer, warned):
    images = write_images(tmp_path / "i.parquet", [row("a", 0, None)], ["dog", "two"])
    run(images, scorer=scorer)
    assert ("scores.model: tiny-clip has seen printed digits alone" in caplog.text) == warned


def test_file_says_what_scored_it(images, small_model):
    path = images.with_name("scores.parquet")
    run(images, model=str(small_model), batch_size=3)
    made = manifest.read_metadata(path)["provenance"]
    assert (made["model"], made["embedding_dimension"]) == (str(small_model), 12)
    assert (made["scored"], made["class_names"]) == (True, NAMES)
    assert len(made["weights_sha256"]) == 64
    assert {"imagehash", "pillow", "torch", "open_clip_torch"} <= set(made["versions"])
    assert made["settings"]["batch_size"] == 3
    assert "decode_workers" not in made["settings"]
    run(images, scorer="none")
    made = manifest.read_metadata(path)["provenance"]
    assert not made["scored"]
    assert not {"model", "weights_sha256"} & set(made)
    assert "torch" not in made["versions"]


def test_tiny_clip_reads_printed_digits(tmp_path):
    """The shipped model's own task: what is printed has the highest cosine."""
    pictures = [_printed(digit) for digit in (0, 1, 2, 0, 1, 2)]
    rows = [row(str(i), i % 3, encode_png(image)) for i, image in enumerate(pictures)]
    table = run(write_images(tmp_path / "images.parquet", rows))
    assert table["zero_shot"].to_pylist() == [0, 1, 2, 0, 1, 2]
    assert min(table["margin"].to_pylist()) > 0


def test_labels_outside_the_classes_are_refused(tmp_path):
    path = write_images(tmp_path / "images.parquet", [row("a", 3, None)])
    with pytest.raises(UserError, match="label"):
        run(path)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"model": "ViT-Z-99"}, "neither a folder nor a model of open_clip"),
        ({"model": "vit-b/32"}, "did you mean 'ViT-B-32'"),
        ({"model": "ViT-B-32"}, "scores.pretrained: empty"),
        ({"model": "."}, "does not load in open_clip"),
        (
            {"model": "ViT-B-32", "pretrained": "no.pt"},
            r"neither a file nor a tag of ViT-B-32 \(openai",
        ),
        ({"class_templates": []}, "scores.class_templates: empty"),
        ({"class_templates": ["A photo."]}, "scores.class_templates: 'A photo.'"),
        ({"template": "A photo."}, "scores.template: 'A photo.'"),
    ],
)
def test_scorers_that_are_not_there(images, settings, message):
    with pytest.raises(UserError, match=message):
        run(images, **settings)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_gpu_that_is_not_there_is_said(images):
    with pytest.raises(UserError, match=r"scores.device: cuda, but this machine has no CUDA GPU"):
        run(images, device="cuda")


@pytest.mark.gpu
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_gpu_says_what_the_cpu_says(images, small_model, precision):
    on_cpu = run(images, model=str(small_model))
    on_gpu = run(images, model=str(small_model), device="cuda", precision=precision, batch_size=2)
    bound = 1e-5 if precision == "float32" else 0.05
    for one, other in zip(on_cpu.to_pylist(), on_gpu.to_pylist(), strict=True):
        if one["status"] == "ok":
            assert other["score"] == pytest.approx(one["score"], abs=bound)
            assert other["margin"] == pytest.approx(one["margin"], abs=bound)


def _printed(digit):
    from matplotlib import get_data_path
    from PIL import ImageDraw, ImageFont

    image = Image.new("RGB", (64, 64))
    font = ImageFont.truetype(f"{get_data_path()}/fonts/ttf/DejaVuSans.ttf", 56)
    ImageDraw.Draw(image).text((32, 32), str(digit), "white", font, anchor="mm")
    return image.resize((16, 16), Image.Resampling.LANCZOS)


def _unit(vector):
    return vector / np.linalg.norm(vector)
