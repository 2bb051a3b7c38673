"""What `--generator-licence` says of generators and of imported images."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sau.core.errors import UserError
from sau.settings.names import did_you_mean

IMPORTED = "imported"
"""What is written where no generator of the run drew an image."""

FLAG = "--generator-licence"


@dataclass(frozen=True)
class Licences:
    """Licences of what made the images.

    Attributes:
        shared: of every generator that is not among `single`; empty if nobody has said it.
        single: of a generator by its name, and of `imported` images.
    """

    shared: str
    single: Mapping[str, str]

    def of_generator(self, name: str, known: str) -> str:
        """Return the licence of a generator; `known` if nobody has said it."""
        return self.single.get(name, self.shared or known)

    @property
    def of_imported(self) -> str:
        """The licence of imported images, which is no generator's; empty if nobody has said it."""
        return self.single.get(IMPORTED, "")


def read_licences(given: Sequence[str], generators: Sequence[str], *, imported: bool) -> Licences:
    """Read `LICENCE` for all generators, or `NAME=LICENCE` for one of them or for `imported`.

    Args:
        given: as they came.
        generators: names of those that drew images.
        imported: whether any of the images was imported.

    Raises:
        UserError: a name that made none of the images, one that comes twice, several licences
            without a name, or one where no generator drew anything.
    """
    known = [*generators, *([IMPORTED] if imported else [])]
    shared = [entry for entry in given if "=" not in entry]
    if len(shared) > 1:
        raise UserError(
            f"{FLAG}: {' and '.join(shared)}; name the generators, as in {known[0]}={shared[0]}"
        )
    if shared and not generators:
        raise UserError(
            f"{FLAG}: {shared[0]}, but no generator drew these images; expected "
            f"{IMPORTED}={shared[0]}"
        )
    single: dict[str, str] = {}
    for name, licence in (entry.rsplit("=", 1) for entry in given if "=" in entry):
        if name not in known:
            hint = did_you_mean(name, known) or f"known are {', '.join(known)}"
            raise UserError(f"{FLAG}: no images of {name!r}; {hint}")
        if name in single:
            raise UserError(
                f"{FLAG}: {name} comes twice, {single[name]} and {licence}; say it once"
            )
        single[name] = licence
    return Licences(next(iter(shared), ""), single)
