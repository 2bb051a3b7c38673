"""Whether the weights that a config's rows start from are on this machine."""

from collections.abc import Iterable, Iterator
from importlib.util import find_spec

from sau.config import Config
from sau.config.backbones import check_backbone_of
from sau.core.errors import ArgumentError, UserError
from sau.pipeline.training.settings import TrainingSection
from sau.tools.doctor.finding import Finding, absent, bad, good
from sau.tools.doctor.machine import cached_models


def weights_of(config: Config, rows: Iterable[TrainingSection]) -> Iterator[Finding]:
    """Yield a finding for each backbone of other libraries that rows have; nothing is fetched."""
    seen = set()
    for row in rows:
        library, _, name = row.backbone.partition("/")
        asked = (row.backbone, row.pretrained, row.input_size, row.lora_rank)
        if not name or asked in seen:
            continue
        seen.add(asked)
        if find_spec(library) is None:
            yield bad(
                f"training.backbone: {row.backbone} needs the package {library}",
                "pip install 'sau-longtail[pretrained]'",
            )
            continue
        try:
            check_backbone_of(row, config.dataset.image_size)
            yield from _pretrained(row, library, name)
        except UserError as error:
            yield bad(str(error), "")
        except ArgumentError as error:
            yield bad(f"training.{error}", "")


def _pretrained(row: TrainingSection, library: str, name: str) -> Iterator[Finding]:
    what = f"training.pretrained: {row.pretrained} of {row.backbone}"
    if row.weights_path():
        yield good(f"{what}: is there")
        return
    if not row.starts_pretrained():
        return
    package, hub = _from_timm(name) if library == "timm" else ("", _from_open_clip(name))
    if package:
        yield good(f"{what}: in the package {package}")
    elif hub in cached_models():
        yield good(f"{what}: {hub} is in Hugging Face's cache")
    else:
        fetched = f"it is downloaded{f' as {hub}' if hub else ''} where there is a network"
        yield absent(f"{what}: not on this machine", f"{fetched} (docs/pretrained.md)")


def _from_timm(name: str) -> tuple[str, str]:
    """Return the package that holds the weights, or else empty, and their name on the Hub."""
    from sau.networks.pretrained.packaged import packaged_file
    from sau.networks.timm_encoder import published_config

    config = published_config(name)
    packaged = packaged_file(config.architecture or name.partition(".")[0])
    return packaged[0] if packaged else "", config.hf_hub_id or ""


def _from_open_clip(name: str) -> str:
    """Return the name of the weights on the Hub, empty if they lie elsewhere.

    Raises:
        ArgumentError: the name does not say which weights.
    """
    from sau.networks.pretrained.of_open_clip import published_config

    return str(published_config(name).get("hf_hub") or "").rstrip("/")
