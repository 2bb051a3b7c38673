"""How rows are spread over shards."""


def shard_bounds(rows: int, shard: int, shards: int) -> tuple[int, int]:
    """Return the first row of a shard and the row after its last.

    Shards are contiguous and differ by at most one row; with more shards than rows some are empty.

    Args:
        rows: of the whole table.
        shard: from 0 to `shards` - 1.
        shards: how many there are.
    """
    return rows * shard // shards, rows * (shard + 1) // shards
