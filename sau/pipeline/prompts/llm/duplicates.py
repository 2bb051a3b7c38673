"""Near-duplicates among texts."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence

_WORD = re.compile(r"\w+")

Gram = tuple[str, ...]


def normalise(text: str) -> str:
    """Return the words in lower case with one space between them, without punctuation."""
    return " ".join(_WORD.findall(text.casefold().replace("_", " ")))


def grams(text: str, size: int = 3) -> frozenset[Gram]:
    """Return the word n-grams of a text, normalised; all of its words if it has fewer than n."""
    words = normalise(text).split()
    count = max(len(words) - size + 1, 1)
    return frozenset(tuple(words[i : i + size]) for i in range(count))


def near_duplicates(texts: Sequence[str], similarity: float) -> list[int | None]:
    """Return, for each text, the earlier one that it repeats, or None if it is kept.

    A text is dropped if it is the same as a kept earlier one when both are normalised, or if
    |A n B| / |A u B| >= `similarity` for their word trigrams A and B (Jaccard).

    Args:
        texts: in the order of their precedence.
        similarity: above 0; at 1, only texts with the same words in the same order are duplicates.

    Returns: indices into `texts`, each of a kept text; the first that qualifies.
    """
    normal = [normalise(text) for text in texts]
    first: dict[str, int] = {}
    sets = [grams(text) for text in texts]
    index = _PrefixIndex(sets, similarity)
    repeats: list[int | None] = []
    for i, text in enumerate(normal):
        same = first.get(text)
        if same is None and similarity < 1:
            alike = [j for j in index.candidates(i) if _jaccard(sets[i], sets[j]) >= similarity]
            same = min(alike, default=None)
        if same is None:
            first[text] = i
            index.add(i)
        repeats.append(same)
    return repeats


def _jaccard(one: frozenset[Gram], other: frozenset[Gram]) -> float:
    common = len(one & other)
    return common / (len(one) + len(other) - common)


class _PrefixIndex:
    """Finds the sets that can be similar, without comparing all pairs.

    Two sets of Jaccard similarity s have at least s |A| items in common, so they share one of the
    first |A| - ceil(s |A|) + 1 items of either, in any order that is the same for both. The
    rarest stand first here, so few sets share one. (Prefix filtering: Chaudhuri et al., "A
    Primitive Operator for Similarity Joins in Data Cleaning", ICDE 2006.)
    """

    def __init__(self, sets: Sequence[frozenset[Gram]], similarity: float) -> None:
        counts = Counter(gram for items in sets for gram in items)
        self._prefixes = [_prefix(items, counts, similarity) for items in sets]
        self._with: defaultdict[Gram, list[int]] = defaultdict(list)

    def add(self, i: int) -> None:
        """Let later sets find this one."""
        for gram in self._prefixes[i]:
            self._with[gram].append(i)

    def candidates(self, i: int) -> set[int]:
        """Return the added sets that may be similar to set i, and all that are."""
        return {j for gram in self._prefixes[i] for j in self._with[gram]}


def _prefix(items: frozenset[Gram], counts: Counter[Gram], similarity: float) -> list[Gram]:
    ordered = sorted(items, key=lambda gram: (counts[gram], gram))
    needed = math.ceil(similarity * len(items) - 1e-9)
    return ordered[: len(items) - needed + 1]
