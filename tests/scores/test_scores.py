import io

import pyarrow as pa
import pytest
from PIL import Image

from sau import manifest
from sau.errors import UserError
from sau.scores.settings import ScoresSettings
from sau.scores.stage import scores
from sau.sources.decode import encode_png

NAMES = ["zero", "one"]


@pytest.fixture
def images(tmp_path):
    """Two printed digits with and without a prompt of their own, noise, and a failed image."""
    import numpy as np
    from matplotlib import get_data_path
    from PIL import ImageDraw, ImageFont

    def printed(text):
        picture = Image.new("RGB", (64, 64))
        font = ImageFont.truetype(f"{get_data_path()}/fonts/ttf/DejaVuSans.ttf", 56)
        ImageDraw.Draw(picture).text((32, 32), text, "white", font, anchor="mm")
        return encode_png(picture.resize((16, 16), Image.Resampling.LANCZOS))

    noise = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    rows = [
        {"id": "a", "label": 0, "prompt": "A photo of the digit zero.", "data": printed("0")},
        {"id": "b", "label": 1, "prompt": None, "data": printed("1")},
        {"id": "c", "label": 1, "prompt": "A photo of the digit one.", "data": printed("0")},
        {"id": "d", "label": 0, "prompt": None, "data": encode_png(Image.fromarray(noise))},
        {"id": "e", "label": 0, "prompt": None, "data": None},
    ]
    for row in rows:
        data = row.pop("data")
        row["image"] = {"bytes": data, "path": None} if data else None
        row["status"], row["reason"] = ("ok", None) if data else ("failed", "truncated")
    path = tmp_path / "images.parquet"
    table = pa.Table.from_pylist(rows, schema=manifest.SCHEMAS["images"])
    manifest.write(path, "images", table, {"class_names": NAMES})
    return path


def run(images, **settings):
    output = images.parent / "scores.parquet"
    scores(images, output, settings=ScoresSettings(**settings))
    return manifest.read(output, "scores").to_pandas().set_index("id")


def test_what_fits_its_text_scores_higher(images):
    table = run(images)
    assert table.loc["a", "score"] > table.loc["d", "score"]
    assert table.loc["b", "score"] > table.loc["c", "score"]
    assert table.loc["e", ["status", "reason"]].tolist() == ["failed", "truncated"]
    assert table["score"].dropna().between(-1, 1).all()


def test_scores_do_not_depend_on_the_batch_size(images):
    single, together = run(images, batch_size=1)["score"], run(images, batch_size=256)["score"]
    assert (single - together).abs().max() < 1e-5


def test_scores_are_those_of_open_clip_by_hand(images):
    import open_clip
    import torch

    from sau.shipped import ASSETS

    name = f"local-dir:{ASSETS / 'tiny-clip'}"
    model, preprocess = open_clip.create_model_from_pretrained(name)
    model.eval()
    row = manifest.read(images, "images").to_pylist()[0]
    pixels = preprocess(Image.open(io.BytesIO(row["image"]["bytes"])).convert("RGB"))[None]
    with torch.no_grad():
        image = model.encode_image(pixels)[0]
        text = model.encode_text(open_clip.get_tokenizer(name)([row["prompt"]]))[0]
    expected = torch.nn.functional.cosine_similarity(image, text, dim=0).item()
    assert run(images).loc["a", "score"] == pytest.approx(expected, abs=1e-5)


def test_without_a_scorer_images_stay_unscored(images):
    table = run(images, scorer="none")
    assert table["status"].tolist() == ["unscored"] * 4 + ["failed"]
    assert table["score"].isna().all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"model": "ViT-Z-99"}, "neither a folder nor a model of open_clip"),
        ({"model": "ViT-B-32"}, "scores.pretrained: empty"),
        ({"model": "."}, "does not load in open_clip"),
        ({"model": "ViT-B-32", "pretrained": "no-such.pt"}, "does not load in open_clip"),
        ({"device": "cuda"}, "no CUDA GPU"),
    ],
)
def test_scorers_that_are_not_there(images, settings, message):
    with pytest.raises(UserError, match=message):
        run(images, **settings)
