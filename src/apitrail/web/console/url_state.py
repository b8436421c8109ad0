"""What a page is asked for, as its URL says it: filter, columns, place. The URL is all its state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self
from urllib.parse import quote, urlencode

from apitrail.errors import UsageError
from apitrail.query import Filter
from apitrail.reading import event_table, filter_words

COLUMNS = ("time", "event", "caller", "resource", "source-ip", "result")
ROWS = 50
MOST_ROWS = 100
# What a URL may have beside the words of a filter.
_OTHERS = ("columns", "before", "rows", "kind", "count", "muted", "more")


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlState:
    """`before` is the entry that a page ends before; `words` are a filter's, empty ones left out.

    `whole` asks for counts of all calls, however many there are; `muted` for insights that are muted;
    `more` is the word of which more values are shown to choose from.
    """

    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    columns: tuple[str, ...] = COLUMNS
    before: int | None = None
    rows: int = ROWS
    kind: str | None = None
    whole: bool = False
    muted: bool = False
    more: str | None = None

    @classmethod
    def parse(cls, pairs: Iterable[tuple[str, str]]) -> Self:
        """From a query's names and values.

        Raises:
            UsageError: a name is not known, or a value is none of its.
        """
        given: dict[str, list[str]] = {}
        for name, value in pairs:
            if name not in (*filter_words.NAMES, *_OTHERS):
                raise UsageError(
                    f"there is no {name!r} to ask for",
                    hint=f"names are {', '.join((*filter_words.NAMES, *_OTHERS))}",
                )
            if (text := value.strip()) and text not in given.setdefault(name, []):
                given[name].append(text)
        words = {name: tuple(given[name]) for name in filter_words.NAMES if given.get(name)}
        return cls(
            words=words,
            columns=event_table.parse_names(",".join(given["columns"]))
            if given.get("columns")
            else COLUMNS,
            before=_number(given, "before"),
            rows=min(_number(given, "rows") or ROWS, MOST_ROWS),
            kind=given["kind"][0] if given.get("kind") else None,
            whole=given.get("count") == ["all"],
            muted=given.get("muted") == ["true"],
            more=given["more"][0] if given.get("more") else None,
        )

    def filter(self, now: datetime) -> Filter:
        """The filter; raises UsageError where a word is none of its option's."""
        return filter_words.parse(self.words, now=now)

    def having(self, name: str, *values: str) -> UrlState:
        """With these values alone for one word; none takes it away. From the first page on."""
        words = {key: kept for key, kept in self.words.items() if key != name}
        if values:
            words[name] = values
        ordered = {key: words[key] for key in filter_words.NAMES if key in words}
        return replace(self, words=ordered, before=None)

    def without(self, name: str, value: str) -> UrlState:
        """Without one value of a word."""
        return self.having(name, *(each for each in self.words.get(name, ()) if each != value))

    def at(self, before: int | None) -> UrlState:
        """The page that ends before this entry."""
        return replace(self, before=before)

    def href(self, path: str = "/", **more: str) -> str:
        """The URL of a page in this state."""
        pairs = [(name, value) for name, values in self.words.items() for value in values]
        if self.columns != COLUMNS:
            pairs.append(("columns", ",".join(self.columns)))
        if self.rows != ROWS:
            pairs.append(("rows", str(self.rows)))
        if self.kind is not None:
            pairs.append(("kind", self.kind))
        if self.whole:
            pairs.append(("count", "all"))
        if self.more is not None:
            pairs.append(("more", self.more))
        if self.before is not None:
            pairs.append(("before", str(self.before)))
        pairs += more.items()
        return f"{path}?{urlencode(pairs, safe='*:,/', quote_via=quote)}" if pairs else path

    def command(self, name: str = "events", *rest: str) -> str:
        """The command that gives the same."""
        return " ".join(("apitrail", name, *filter_words.options(self.words), *rest))


def _number(given: Mapping[str, list[str]], name: str) -> int | None:
    if not (found := given.get(name)):
        return None
    if not found[0].isascii() or not found[0].isdigit() or len(found[0]) > 15:
        raise UsageError(f"{name} is a number, not {found[0]!r}")
    return int(found[0])


def place(kind: str, name: str) -> str:
    """The path of a page about something that has a name. A name that looks like that of another
    form of a page gets a page's own ending, which is taken off again."""
    ending = ".html" if name.endswith((".json", ".html")) else ""
    return f"/{kind}/{quote(name, safe=':@,')}{ending}"
