"""`python -m sau.storage.manifest` prints the tables' columns as Markdown: docs/manifests.md."""

from sau.storage.manifest.schemas import ID_COLUMNS, SCHEMA_VERSION, SCHEMAS

HEAD = f"""# The tables that stages hand to each other

Made by `make schema` from `sau/storage/manifest/schemas.py`; schema version {SCHEMA_VERSION}.
All are Parquet files. The file's metadata holds `sau.kind`, `sau.schema_version`,
`sau.content_sha256` (a hash of the rows, whatever file they stand in) and `sau.provenance` (JSON:
settings, code version, seeds, library versions, content hashes of the inputs and of theirs).
`sau.storage.manifest.read_metadata(path)` returns them. A training set of real and synthetic
images stands in two manifests of members: its hash, `members_sha256`, is the SHA-256 of their two
content hashes as text, the real one's first and nothing between them; of real images alone, that
manifest's own.

What is read is checked. `sau.row_groups` holds the rows of each row group and a hash of each
column in it, `sau.record_sha256` a hash of all other entries. Whoever reads some columns of some
row groups compares these hashes, and looks whether the values are in their ranges. A file that is
not as it was written is refused in one line.

A file is written under a temporary name and moved into place, so it is whole or not there. Rows
keep their order; no two share their key. An image that failed is a row with `status` and `reason`.
Image bytes stand in the form that Hugging Face `datasets` shows as pictures:
`datasets.Dataset.from_parquet("results/images/shard-0.parquet")[0]["image"]`.
"""


def markdown() -> str:
    """Return the page: one table of columns for each kind of manifest."""
    parts = [HEAD]
    for kind, schema in SCHEMAS.items():
        key = ", ".join(ID_COLUMNS[kind])
        parts += [
            f"\n## {kind}\n",
            f"Key: {key}.\n",
            "| column | type | what it is |",
            "| - | - | - |",
        ]
        for field in schema:
            text = field.metadata[b"description"].decode()
            parts.append(f"| {field.name} | {field.type} | {text} |")
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    print(markdown(), end="")
