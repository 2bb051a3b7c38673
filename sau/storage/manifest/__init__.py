"""Parquet manifests: the contract between the stages."""

from sau.storage.manifest.content import content_hash
from sau.storage.manifest.reading import (
    check_labels,
    hash_of,
    read,
    read_facts,
    read_groups,
    read_metadata,
    read_places,
    read_rows,
)
from sau.storage.manifest.schemas import ID_COLUMNS, SCHEMA_VERSION, SCHEMAS
from sau.storage.manifest.writing import write

__all__ = [
    "ID_COLUMNS",
    "SCHEMAS",
    "SCHEMA_VERSION",
    "check_labels",
    "content_hash",
    "hash_of",
    "read",
    "read_facts",
    "read_groups",
    "read_metadata",
    "read_places",
    "read_rows",
    "write",
]
