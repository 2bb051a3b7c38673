"""How rows are spread over shards."""

from sau.core.random_streams import derive_seed


def places_of_class(key: str, start: int, stop: int, shard: int, shards: int) -> range:
    """Return which pictures of a class a shard draws, by their numbers within the class.

    A picture's shard follows from its class's name and its number alone: new classes, or more
    pictures of a class, move none of the others. Classes begin at different shards, lest those of
    few pictures fill the first ones.

    Args:
        key: the class's name, unlike that of any other class.
        start: the first number.
        stop: the number after the last.
        shard: from 0 to `shards` - 1.
        shards: how many there are.
    """
    first = (derive_seed("shards", key) + start) % shards
    return range(start + (shard - first) % shards, stop, shards)


def shard_bounds(rows: int, shard: int, shards: int) -> tuple[int, int]:
    """Return the first row of a shard and the row after its last.

    Shards are contiguous and differ by at most one row; with more shards than rows some are empty.

    Args:
        rows: of the whole table.
        shard: from 0 to `shards` - 1.
        shards: how many there are.
    """
    return rows * shard // shards, rows * (shard + 1) // shards
