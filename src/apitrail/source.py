"""Evidence as it is read: a trail's database or a bundle, in one form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from apitrail.entry import Entry
from apitrail.query import Filter
from apitrail.valueclass import valueclass


@valueclass(frozen=True, slots=True)
class Facet:
    """The content of one facet; `salt` where it is not to be derived from an event key."""

    salt: bytes | None
    content: bytes


@valueclass(frozen=True, slots=True)
class Contents:
    """What is there of one entry's content: its event key, unless erased, and facets by tag."""

    event_key: bytes | None
    facets: Mapping[str, Facet] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How often each value stands in some columns of the newest calls that match a filter.

    `is_all` says that no call was left out; `values` are counted by column, None for "not known";
    `times` are Unix milliseconds, newest entry first, and `failed` those of failed calls.
    """

    calls: int
    is_all: bool
    values: Mapping[str, Mapping[str | None, int]]
    times: Sequence[int]
    failed: Sequence[int]


class Source(Protocol):
    """A log to read: all of it, or what a bundle discloses. Whatever is malformed in it raises
    FormatError where it is read."""

    @property
    def size(self) -> int:
        """How many entries the log has."""
        ...

    def tail(self) -> str | None:
        """The newest signed checkpoint."""
        ...

    def checkpoints(self) -> Iterator[tuple[int, str]]:
        """Kept checkpoints, as (size, signed note), smallest first."""
        ...

    def cosignatures(self, size: int) -> Sequence[bytes]:
        """Signature lines of witnesses that are kept apart from the checkpoint of this size."""
        ...

    def last_cosigned(self, size: int) -> set[int]:
        """The sizes, up to this one, that each witness's key has signed last."""
        ...

    def last_stamps(self, size: int) -> Sequence[tuple[int, bytes]]:
        """The newest timestamp of each authority up to this size: of which checkpoint, and the token."""
        ...

    def entries(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The exact bytes of entries [start, stop), in order."""
        ...

    def contents(self, start: int, stop: int) -> Iterator[tuple[int, Contents]]:
        """What is there of the content of entries [start, stop), in order, by index."""
        ...

    def entry(self, index: int) -> Entry | None:
        """One entry, parsed."""
        ...

    def seal(self, index: int) -> bytes | None:
        """The event key of an entry, if it is there."""
        ...

    def facets(self, index: int, tags: Iterable[str] | None = None) -> dict[str, bytes]:
        """The content of each facet (or of those named) that is there, by tag."""
        ...

    def many(
        self, indexes: Sequence[int], tags: Sequence[str]
    ) -> Iterator[tuple[int, Mapping[str, bytes]]]:
        """The content of these facets of each of these entries, in order; entries of which none is
        there may be left out."""
        ...

    def salts(self, index: int) -> dict[str, bytes]:
        """The salts that are stored as such, by tag."""
        ...

    def find(self, event_id: str) -> list[int]:
        """Indexes of the events whose id begins so."""
        ...

    def last_run(self) -> str | None:
        """The id of the run that was started last."""
        ...

    def values(self, field: str) -> Iterator[str]:
        """Every string that a field of `Filter` can find something by, once."""
        ...

    def run_labels(self) -> Iterator[tuple[str, Mapping[str, str]]]:
        """The id and the labels of each run."""
        ...

    def select(
        self,
        where: Filter,
        *,
        limit: int | None = None,
        after: int = -1,
        before: int | None = None,
        ascending: bool = False,
    ) -> Iterator[int]:
        """Indexes between `after` and `before` of the calls that match, newest first unless
        `ascending`."""
        ...

    def undetermined(self, where: Filter) -> Iterator[int]:
        """Indexes of the calls that match and whose resources could not be told, oldest first."""
        ...

    def books(self, start: int, stop: int) -> Iterator[int]:
        """Indexes of the entries in [start, stop) that are no calls, in order."""
        ...

    def tally(
        self, where: Filter, columns: Sequence[str], *, limit: int, effort: int | None = None,
        among: Sequence[int] | None = None,
    ) -> Tally:  # fmt: skip
        """What the newest `limit` calls that match have in these fields of `Filter`. A caller
        whose name is not known counts under the access key.

        `effort` bounds how far they are sought, in steps of SQLite's machine: the newest that
        were found by then are counted, and `is_all` is False. Whoever knows the entries of all calls
        that match, newest first, gives them as `among`: they are not sought again.
        """
        ...
