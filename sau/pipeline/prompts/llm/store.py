"""Every raw answer, kept as it arrives."""

import dataclasses
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from sau.core.bounded_json import read_json
from sau.core.errors import UserError
from sau.core.printable import one_line
from sau.pipeline.prompts.llm.requests import Request
from sau.pipeline.prompts.llm.store_lines import Place, lines_at, lines_of
from sau.storage.sealed import sealed, without_seal

_TYPES = {"key": str, "class_name": str, "number": int, "model": str, "batch": bool, "body": str}
_STARTED, _ENDED, _REQUESTS = "started_batch", "ended_batch", "requests"


@dataclasses.dataclass(frozen=True)
class Asked:
    """What an answer's line says of its request, kept as long as the request's job is open."""

    key: str
    class_name: str
    number: int
    model: str


@dataclasses.dataclass(frozen=True)
class StoredAnswer:
    """A line of the store.

    Attributes:
        key: of the request.
        class_name, number, model: of the request, for those who read the file.
        batch: whether it came through the Batch API, which has a price of its own.
        body: of the HTTP response, as it arrived but for the key, should a server repeat it.
    """

    key: str
    class_name: str
    number: int
    model: str
    batch: bool
    body: str

    @classmethod
    def of(cls, request: Request | Asked, body: str, *, batch: bool = False) -> Self:
        """Return the line for a request's answer."""
        return cls(request.key, request.class_name, request.number, request.model, batch, body)


class AnswerStore:
    """A file of JSON lines that is only ever appended to, and read a line at a time.

    A line is on the disk when `add` returns. The half of a line that a killed process leaves at the
    end counts as not written. Lines are in the order in which the answers came, which nothing
    depends on; of two with one key the first counts.

    Args:
        path: the file; it need not be there yet.

    Raises:
        UserError: a file that cannot be read, or a line, other than such a half one at the end,
            that is none of a store.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._places: dict[str, Place] = {}
        self._open_batches: dict[str, dict[str, Asked]] = {}
        self._whole: int | None = None
        self.read_again()

    def __contains__(self, key: str) -> bool:
        return key in self._places

    def __len__(self) -> int:
        return len(self._places)

    def read_again(self) -> None:
        """Read the file, to which another process may have added.

        Raises:
            UserError: as the class.
        """
        self._places, self._open_batches, self._whole = {}, {}, None
        for number, (place, line) in enumerate(lines_of(self.path), start=1):
            if not line.endswith(b"\n"):
                self._whole = place.start
                break
            try:
                self._take(_values(line), place)
            except (ValueError, TypeError, AttributeError) as error:
                reason = one_line(str(error))
                raise UserError(
                    f"{self.path}: line {number} is no stored answer ({reason}); delete the line, "
                    "or the file to ask for everything again"
                ) from error

    def body(self, key: str) -> str:
        """Return the raw answer of the request with this key.

        Raises:
            UserError: it is no longer in the file.
        """
        (answer,) = self._read([key])
        return answer.body

    def answers(self) -> Iterator[StoredAnswer]:
        """Yield all answers, in the order in which they came.

        Raises:
            UserError: one is no longer in the file.
        """
        return self._read(list(self._places))

    def open_batches(self) -> dict[str, Mapping[str, Asked]]:
        """Return the jobs of the Batch API whose answers are still to be fetched.

        Returns: by a job's id its requests by their keys; none where an earlier version, which did
            not keep them, started the job.
        """
        return dict(self._open_batches)

    def add(self, answer: StoredAnswer) -> None:
        """Keep an answer, unless there is one with its key."""
        if answer.key not in self._places:
            self._places[answer.key] = self._append(dataclasses.asdict(answer))

    def start_batch(self, job: str, requests: Iterable[Request]) -> None:
        """Keep a job of the Batch API, so that a later run can fetch its answers.

        Args:
            job: its id.
            requests: which it answers; a later run may ask for others.
        """
        if job not in self._open_batches:
            rows = {r.key: [r.class_name, r.number, r.model] for r in requests}
            self._append({_STARTED: job, _REQUESTS: rows})
            self._open_batches[job] = _asked(rows)

    def end_batch(self, job: str) -> None:
        """Keep that nothing more is to be fetched of a job."""
        if job in self._open_batches:
            self._append({_ENDED: job})
            del self._open_batches[job]

    def _append(self, line: dict[str, Any]) -> Place:
        data = json.dumps(sealed(line), ensure_ascii=False).encode() + b"\n"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab") as file:
                if self._whole is not None:
                    file.truncate(self._whole)  # a half line would spoil the next one
                    self._whole = None
                file.write(data)
                file.flush()
                end = file.tell()
                os.fsync(file.fileno())
        except OSError as error:
            raise UserError(
                f"cannot write {self.path}: {error.strerror or error}; make room and run again, "
                f"{len(self)} answers are kept"
            ) from error
        return Place(end - len(data), len(data))

    def _take(self, line: dict[str, Any], place: Place) -> None:
        if _STARTED in line:
            self._open_batches[line[_STARTED]] = _asked(line.get(_REQUESTS, {}))
        elif _ENDED in line:
            self._open_batches.pop(line[_ENDED], None)
        else:
            self._places.setdefault(_answer(line).key, place)

    def _read(self, keys: Sequence[str]) -> Iterator[StoredAnswer]:
        """Yield the answers of these requests."""
        lines = lines_at(self.path, [self._places[key] for key in keys])
        for key, line in zip(keys, lines, strict=True):
            try:
                answer = _answer(_values(line))
            except (ValueError, TypeError, AttributeError):
                answer = None
            if answer is None or answer.key != key:
                raise UserError(
                    f"{self.path}: somebody has changed it since it was read; run again"
                )
            yield answer


def _values(line: bytes) -> dict[str, Any]:
    """Return what a line says; those of early versions lack a seal."""
    return without_seal(read_json(line.decode()))


def _answer(line: dict[str, Any]) -> StoredAnswer:
    answer = StoredAnswer(**line)
    for field in dataclasses.fields(answer):
        if type(value := getattr(answer, field.name)) is not _TYPES[field.name]:
            raise TypeError(f"{field.name}: {value!r}")
    return answer


def _asked(rows: Mapping[str, Any]) -> dict[str, Asked]:
    return {key: Asked(key, *row) for key, row in rows.items()}
