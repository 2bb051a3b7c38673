"""The measures of readable images, as the rules want them."""

import dataclasses
import functools

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sau.core.errors import UserError
from sau.pipeline.filter.embeddings import Embeddings
from sau.pipeline.filter.hashes import Hashes
from sau.pipeline.filter.reasons import Mask
from sau.pipeline.filter.shares import best_first
from sau.storage.manifest.schemas import CLASSIFIED, STATUS_FAILED, STATUS_OK

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]

_SCORED = "score the images with scores.scorer open_clip"
_HOW = {
    **dict.fromkeys(CLASSIFIED, "score the images with scores.classifiers"),
    "influence": "name a manifest of the influence of these very images as filter.influence",
}
"""Where a measure comes from, if not from CLIP."""


@dataclasses.dataclass(frozen=True)
class Images:
    """Rows of the scores whose image could be read, with what else is known of them; `what` they
    are, for messages."""

    table: pa.Table
    what: str = "synthetic images"

    @classmethod
    def readable(cls, scores: pa.Table, what: str = "synthetic images") -> "Images":
        """Return those of a table of scores whose image did not fail."""
        is_readable = pc.not_equal(scores["status"], STATUS_FAILED)
        # To filter copies all of the table, embeddings too.
        return cls(scores if pc.all(is_readable).as_py() else scores.filter(is_readable), what)

    def __len__(self) -> int:
        """Return the number of images."""
        return int(self.table.num_rows)

    @functools.cached_property
    def labels(self) -> Integers:
        """Class of each image, (N,)."""
        labels: Integers = self.table["label"].to_numpy().astype(np.int64)
        return labels

    @functools.cached_property
    def ids(self) -> pa.Array:
        """Their ids, N strings."""
        return self.table["id"].combine_chunks()

    @functools.cached_property
    def scored(self) -> Mask:
        """Whether each image has been scored, (N,)."""
        mask: Mask = pc.equal(self.table["status"], STATUS_OK).to_numpy()
        return mask

    @functools.cached_property
    def scores(self) -> Floats:
        """Score of each image, NaN without one, (N,)."""
        return self._floats("score")

    @functools.cached_property
    def order(self) -> Integers:
        """Positions class by class, in each the best score first (see `best_first`)."""
        return best_first(self.labels, self.scores, self.ids)

    def figures(self, column: str, key: str) -> Floats:
        """Return a measure that every image must have, (N,).

        Args:
            column: of the scores.
            key: the setting of the rule that needs it, for the message.

        Raises:
            UserError: images that lack it.
        """
        figures = self._floats(column)
        self._refuse(int(np.isnan(figures).sum()), column, key)
        return figures

    def classes(self, column: str, key: str, classes: int) -> Integers:
        """Return a column of class indices that every image must have, (N,); as `figures`."""
        self._refuse(self.table[column].null_count, column, key)
        found: Integers = self.table[column].to_numpy().astype(np.int64)
        outside = found[(found < 0) | (found >= classes)]
        if len(outside):
            raise UserError(
                f"filter.{key}: column {column} of the scores has class {outside[0]}, expected 0 "
                f"to {classes - 1}; run the scores stage again"
            )
        return found

    def having(self, column: str) -> Integers:
        """Return the positions of the images that have a measure."""
        return np.flatnonzero(self.table[column].is_valid().to_numpy())

    def hashes(self, limit: int) -> Hashes:
        """Return the perceptual hashes of the images that have one."""
        bits = self.table["perceptual_hash"].drop_null().to_numpy()
        return Hashes(np.ascontiguousarray(bits).view(np.uint64), limit)

    def embeddings(self, limit: float, threads: int) -> Embeddings:
        """Return the embeddings of the images that have one.

        Raises:
            UserError: embeddings of different lengths, so of different models.
        """
        column = self.table["embedding"].drop_null()
        sizes = pc.unique(pc.list_value_length(column)).to_pylist()
        if len(sizes) > 1:
            raise UserError(
                f"filter: embeddings of the {self.what} have {sizes[0]} and {sizes[1]} numbers, so "
                "they come from different models; score all images with one model"
            )
        values = pc.list_flatten(column).to_numpy()
        return Embeddings(values.reshape(len(column), *(sizes or [0])), limit, threads)

    def need(self, column: str, key: str) -> None:
        """Refuse images that lack a measure; as `figures`."""
        self._refuse(self.table[column].null_count, column, key)

    def _floats(self, column: str) -> Floats:
        floats: Floats = self.table[column].cast(pa.float32()).to_numpy()
        return floats

    def _refuse(self, missing: int, column: str, key: str) -> None:
        if missing:
            raise UserError(
                f"filter.{key}: {missing} of {len(self)} readable {self.what} have no {column} to "
                f"go by; switch the rule off, or {_HOW.get(column, _SCORED)}"
            )
