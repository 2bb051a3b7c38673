"""Files, folders and models that the settings of the images stage name."""

from sau.pipeline.images.settings import ImagesSettings


def models(settings: ImagesSettings) -> list[str]:
    """Return the models and upsamplers that any class is drawn with; empty if none is drawn.

    Each is a folder, a shipped model or a name on the Hub, once.
    """
    if settings.source in ("imported", "none"):
        return []
    drawn = [one for one in _each(settings).values() if one.source != "imported"]
    names = [name for one in drawn for name in (one.model, one.upsampler) if name]
    return list(dict.fromkeys(names))


def own_files(settings: ImagesSettings) -> dict[str, str]:
    """Return the files and folders of LoRA weights and embeddings, by the key of each."""
    return {
        f"{path}.{key}": getattr(one, key)
        for path, one in _each(settings).items()
        for key in ("lora", "embedding")
        if getattr(one, key)
    }


def imported_from(settings: ImagesSettings) -> dict[str, str]:
    """Return the folders and files that images are imported from, by the key of each."""
    if settings.source == "imported":
        return {
            f"images.{key}": getattr(settings, key)
            for key in ("folder", "file")
            if getattr(settings, key)
        }
    found = {
        f"{path}.folder": one.folder
        for path, one in _each(settings).items()
        if one.source == "imported"
    }
    if settings.import_first:
        found["images.import_first"] = settings.import_first
    return found


def _each(settings: ImagesSettings) -> dict[str, ImagesSettings]:
    """Return the section's own settings and those of each class that it names, by their paths."""
    own = {f"images.per_class.{name}": settings.for_class(name) for name in settings.per_class}
    return {"images": settings} | own
