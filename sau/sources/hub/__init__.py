"""Data sets in the formats of Hugging Face's Hub: Parquet, Arrow, lists of paths, WebDataset."""

from sau.sources.hub.folder import choose_split, splits_of
from sau.sources.hub.listing import list_split, open_split

__all__ = ["choose_split", "list_split", "open_split", "splits_of"]
