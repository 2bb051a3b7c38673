"""`sau sample`: a few pictures of one's own prompts, on one sheet."""

import io
import json
import logging
from itertools import product
from pathlib import Path

from PIL.PngImagePlugin import PngInfo

import sau
from sau.assets.shipped import SHIPPED
from sau.core.errors import UserError
from sau.core.progress import progress
from sau.core.random_streams import derive_seed
from sau.core.unloadable import reason_of
from sau.device.gpus import reserved_device
from sau.pipeline.images.batches import draw_in_batches
from sau.pipeline.images.image_generator import Drawn, ImageGenerator
from sau.pipeline.images.load import Weights, load_generator
from sau.pipeline.images.rows import EMPTY_PROMPT, Task
from sau.pipeline.images.settings import ImagesSettings
from sau.storage.files import write_bytes
from sau.tools.sample_sheet import SheetRow, draw_sheet

log = logging.getLogger(__name__)


def sample(
    prompt: list[str],
    output: Path = Path("samples.png"),
    generator: str = "tiny-glide",
    count: int = 8,
    guidance_scale: list[float] | None = None,
    steps: str = "",
    sampler: str = "ancestral",
    upsampler: str = "",
    seed: int = 0,
    batch_size: int = 50,
    device: str = "cpu",
    precision: str = "float32",
    threads: int = 1,
) -> None:
    """Draw pictures of prompts and write them as one sheet, a PNG file that records its settings.

    Args:
        prompt: one or more texts, each a row of the sheet.
        output: the PNG file to write.
        generator: tiny-glide, a folder of a GLIDE or of another text-to-image pipeline of
            diffusers, or a name on the Hugging Face Hub.
        count: pictures of each prompt.
        guidance_scale: one or more scales of classifier-free guidance, side by side from the same
            noise; default 3.
        steps: GLIDE: respacing such as 100 or fast27, default 20; others: number of steps,
            default 30.
        sampler: GLIDE: ancestral, ddim or dpm-solver++.
        upsampler: GLIDE: folder of the upsampler; empty: none.
        seed: each picture's own seed derives from this, its prompt and its number.
        batch_size: pictures drawn at once.
        device: cpu or cuda.
        precision: float32, bfloat16 or float16.
        threads: CPU threads.

    Raises:
        UserError: no prompt, or what the images stage refuses.
    """
    if not prompt or count < 1:
        raise UserError("--prompt and --count: need at least one prompt and one picture of it")
    source = "glide" if _is_glide(generator) else "diffusers"
    common = {
        "source": source,
        "model": generator,
        "steps": steps or {"glide": "20", "diffusers": "30"}[source],
        "sampler": sampler,
        "upsampler": upsampler,
        "batch_size": batch_size,
        "device": device,
        "precision": precision,
        "threads": threads,
        "seed": seed,
    }
    scales = guidance_scale or [3.0]
    rows: list[SheetRow] = [SheetRow(text, []) for text in prompt]
    settings = [ImagesSettings.from_mapping(common | {"guidance_scale": scale}) for scale in scales]
    with reserved_device(device, "--device") as place:
        model = load_generator(settings[0], place)
        model.announce(list(dict.fromkeys(prompt)))
        for one in settings:
            _add_group(rows, model.at_guidance_scale(one.guidance_scale), count, one)
    heads = [f"guidance {scale:g}" for scale in scales]
    record = common | {"prompts": prompt, "guidance_scales": scales, "count": count}
    record |= {"sau": sau.__version__, **Weights().of(settings[0])}
    _write_png(rows, heads, record, output)
    log.info("%s: %d pictures", output, len(prompt) * len(scales) * count)


def _is_glide(generator: str) -> bool:
    """Tell a GLIDE, shipped or in a folder, from other pipelines."""
    if generator in SHIPPED:
        return True
    index = Path(generator) / "model_index.json"
    if not index.is_file():
        return False
    try:
        kind = json.loads(index.read_text(encoding="utf-8"))["_class_name"]
    except (ValueError, LookupError, TypeError) as error:
        raise UserError(
            f"--generator: {index} is no index of a pipeline ({reason_of(error)}); fetch or copy "
            "the model again"
        ) from error
    return str(kind).startswith("Glide")


def _add_group(
    rows: list[SheetRow], generator: ImageGenerator, count: int, settings: ImagesSettings
) -> None:
    """Draw `count` pictures of each row's prompt."""
    # The empty prompt is the unconditional one: its picture would be of anything.
    seed, prompts = settings.seed, [row.prompt for row in rows]
    wanted = [
        Task(place, prompt, 0, prompt, derive_seed("sample", seed, prompt, number))
        for place, (prompt, number) in enumerate(product(prompts, range(count)))
        if prompt.strip()
    ]
    batches = draw_in_batches(generator, wanted, settings.batch_size)
    total = -(-len(wanted) // settings.batch_size)
    drawn = (
        one for _, batch in progress(batches, "sample", total=total, unit="batch") for one in batch
    )
    for row in rows:
        readable = bool(row.prompt.strip())
        row.groups.append(
            [next(drawn) if readable else Drawn(None, EMPTY_PROMPT) for _ in range(count)]
        )


def _write_png(
    rows: list[SheetRow], heads: list[str], record: dict[str, object], output: Path
) -> None:
    facts, buffer = PngInfo(), io.BytesIO()
    facts.add_itxt("sau", json.dumps(record, ensure_ascii=False, sort_keys=True))
    draw_sheet(rows, heads).save(buffer, format="PNG", pnginfo=facts)
    write_bytes(output, buffer.getvalue())
