"""A question in the SQL of one engine.

All take the same text but for a few pieces: JSON, the hour of a time, and how names and texts are
quoted.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from apitrail import when
from apitrail.delivery.lake.lake_columns import COLUMNS, OF_IDENTITY
from apitrail.delivery.lake.questions import Question
from apitrail.errors import UsageError
from apitrail.reading.sql import rewrite

# Path → the column that holds it, so that no JSON is read.
FLAT = {str(column.source): column.name for column in OF_IDENTITY}
_CALLER = 'coalesce("userIdentity.arn", username, "userIdentity.accessKeyId", "userIdentity.principalId", \'-\')'
_PIECE = re.compile(r"\{(\w+)\}")
# Texts, which stay as they are, quoted names, and words.
_TOKEN = re.compile(r"'(?:[^']|'')*'|\"(?P<name>[^\"]+)\"|(?P<word>[A-Za-z_]\w*)")
_COLUMNS = frozenset(str(each.source) for each in COLUMNS if each.source)


@dataclass(frozen=True, slots=True)
class Period:
    """From `since` on and before `until`, in Unix milliseconds; None is open."""

    since: int | None = None
    until: int | None = None

    @property
    def days(self) -> tuple[str | None, str | None]:
        """The first and the last day, as `eventday` has them."""
        last = None if self.until is None else _day(self.until - 1)
        return None if self.since is None else _day(self.since), last

    def holds(self, day: str) -> bool:
        """Does this day meet it?"""
        first, last = self.days
        return (first is None or first <= day) and (last is None or day <= last)


ALWAYS = Period()


def _day(milliseconds: int) -> str:
    return when.iso(milliseconds)[:10].replace("-", "")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one engine writes what the others write differently.

    `json` gives the text at a path of a column; `key` is one member of such a path. `inline` says
    that paths stand as expressions, because the engine has no view with columns of their names.
    """

    name: str
    hour: str
    unix: str
    moment: str = "'{}'"
    json: str = ""
    key: str = ""
    instr: str = "instr"
    inline: bool = True
    days: bool = True
    lower: bool = False
    escapes: bool = False

    def ask(self, question: Question, given: Mapping[str, str], period: Period) -> str:
        """The question's text for this engine; raises UsageError where a value is missing."""
        pieces = {"caller": _CALLER, "hour": self.hour, "unix": self.unix}
        pieces["during"] = self.during(period)
        values = question.values(given)
        pieces |= {name: self.literal(value) for name, value in values.items()}
        if "network" in values:
            pieces["outside"] = self.outside(values["network"])
        if "seconds" in values:
            pieces["seconds"] = _number(values["seconds"])
        return self.told(_PIECE.sub(lambda match: pieces[match[1]], question.sql))

    def told(self, statement: str) -> str:
        """A statement in the words of `apitrail sql`, in this engine's."""
        text, paths = rewrite.prepare(statement)
        if not self.inline:
            return text
        return _TOKEN.sub(lambda match: self._token(match, frozenset(paths)), text)

    def _token(self, match: re.Match[str], paths: frozenset[str]) -> str:
        if match["name"] in paths:
            return self.at(match["name"])
        if match["word"] == "instr":
            return self.instr
        if self.lower and match["word"] in _COLUMNS:
            return match[0].lower()
        return match[0]

    def at(self, path: str) -> str:
        """The text at a path, from the columns of a lake's files."""
        if path in FLAT:
            return FLAT[path]
        column, *keys = path.split(".")
        return self.json.format(
            column.lower(), "".join(self.key.format(member(key)) for key in keys)
        )

    def literal(self, text: str) -> str:
        """A text as the engine has it."""
        if self.escapes:
            text = text.replace("\\", "\\\\")
        return "'" + text.replace("'", "''") + "'"

    def during(self, period: Period) -> str:
        """The condition that a period is."""
        first, last = period.days if self.days else (None, None)
        parts = [
            f"eventday >= '{first}'" if first else "",
            f"eventday <= '{last}'" if last else "",
            f"eventTime >= {self.moment.format(_second(period.since))}"
            if period.since is not None
            else "",
            f"eventTime < {self.moment.format(_second(period.until))}"
            if period.until is not None
            else "",
        ]
        return " AND ".join(filter(None, parts)) or "eventTime IS NOT NULL"

    def outside(self, networks: str) -> str:
        """The condition that a call came from outside these networks, and from no service of AWS."""
        inside = [part for text in networks.split(",") for part in self._inside(text.strip())]
        return (
            "sourceIPAddress IS NOT NULL AND sourceIPAddress <> 'AWS Internal' "
            "AND instr(sourceIPAddress, '.amazonaws.com') = 0\n"
            f"  AND NOT ({' OR '.join(inside)})"
        )

    def _inside(self, text: str) -> list[str]:
        network = _network(text)
        if network.prefixlen > 24:
            return [
                f"sourceIPAddress IN ({', '.join(self.literal(str(each)) for each in network)})"
            ]
        octets = -(-network.prefixlen // 8)
        starts = [
            ".".join(str(part.network_address).split(".")[:octets]) + "."
            for part in network.subnets(new_prefix=8 * octets)
        ]
        return [
            f"substr(sourceIPAddress, 1, {len(start)}) = {self.literal(start)}" for start in starts
        ]


def member(key: str) -> str:
    """A name as it stands in a JSON pointer (RFC 6901) within a text of SQL."""
    return key.replace("~", "~0").replace("/", "~1").replace("'", "''")


def _second(milliseconds: int | None) -> str:
    return when.iso_second(-(-(milliseconds or 0) // 1000))


def _number(text: str) -> str:
    if not text.isascii() or not text.isdigit() or not int(text):
        raise UsageError(f"not a number of seconds: {text!r}", hint="--set seconds=3600")
    return str(int(text))


def _network(text: str) -> ipaddress.IPv4Network:
    try:
        found = ipaddress.IPv4Network(text)
    except ValueError as error:
        raise UsageError(
            f"not a network of IPv4: {text!r}", hint="--set network=10.0.0.0/8,192.168.0.0/16"
        ) from error
    if not found.prefixlen:
        raise UsageError(f"nothing is outside {text!r}", hint="--set network=10.0.0.0/8")
    return found


# `apitrail sql` on a trail: SQLite, where a path is a column and there are no days.
TRAIL = Dialect(
    "apitrail",
    hour="strftime('%Y-%m-%dT%H:00:00Z', eventTime)",
    unix="CAST(strftime('%s', eventTime) AS INTEGER)",
    inline=False,
    days=False,
)
DUCKDB = Dialect(
    "duckdb",
    hour="strftime(eventTime AT TIME ZONE 'UTC', '%Y-%m-%dT%H:00:00Z')",
    unix="CAST(epoch(eventTime) AS BIGINT)",
    json="TRY(json_extract_string({}, '{}'))",
    key="/{}",
)
# `apitrail lake sql`: DuckDB, and the view has a column for each path.
LAKE = replace(DUCKDB, name="lake", inline=False)
SPARK = Dialect(
    "spark",
    hour="concat(date_format(eventTime, 'yyyy-MM-dd'), 'T', date_format(eventTime, 'HH'), ':00:00Z')",
    unix="unix_timestamp(eventTime)",
    json='get_json_object({}, "${}")',
    key="['{}']",
    escapes=True,
)
CLICKHOUSE = Dialect(
    "clickhouse",
    hour="formatDateTime(eventTime, '%Y-%m-%dT%H:00:00Z', 'UTC')",
    unix="toUnixTimestamp(eventTime)",
    moment="parseDateTime64BestEffort('{}', 6, 'UTC')",
    json="JSONExtract({}{}, 'Nullable(String)')",
    key=", '{}'",
    # ClickHouse's own `instr` takes a letter for its capital.
    instr="position",
    lower=True,
    escapes=True,
)
DIALECTS = {each.name: each for each in (LAKE, TRAIL, DUCKDB, SPARK, CLICKHOUSE)}
