"""Which rules a `[[alert]]` of the configuration means, or a file that is named on a command line."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from apitrail.errors import UsageError
from apitrail.insights.insight import TYPES
from apitrail.reading.rules import expression_rule, filter_rule
from apitrail.reading.rules.alert_rule import (
    LEVELS,
    About,
    Alone,
    Finder,
    Matches,
    Named,
    Narrowed,
)
from apitrail.reading.rules.looked_at import LookedAt
from apitrail.reading.rules.shipped_rules import PREFIX, SHIPPED

FIELDS = ("name", "title", "level", "rule", "jmespath", "filter", "insights")
ALL = "all"
_ENDINGS = (".yml", ".yaml")
_HINT = (
    'it holds rule = "built-in:NAME" or "FILE.yml", or jmespath = "…", filter = { … } or insights = true; '
    "name, title and level; and file, command or webhook"
)
_SIGMA = "pip install 'apitrail[sigma]'"


@dataclass(frozen=True, slots=True)
class Watched:
    """The rules of one alert. They remember: a new one is read for each log that is looked at."""

    name: str
    finders: tuple[Finder, ...]


def parse(table: object, directory: Path) -> Watched:
    """The rules in one `[[alert]]`; files are relative to `directory`.

    Raises:
        UsageError: something in it is not understood.
    """
    if not isinstance(table, Mapping):
        raise UsageError(f"an alert cannot be {table!r}", hint=_HINT)
    name = _text(table, "name")
    shown = f"alert {name!r}" if name else "alert"
    try:
        finders = tuple(_finders(table, directory, name))
        return Watched(name or _name_of(finders), finders)
    except UsageError as error:
        raise UsageError(f"{shown}: {error}", hint=error.hint or _HINT) from error


def named(spec: str, directory: Path) -> list[Watched]:
    """What a command line names: `built-in:NAME`, a Sigma file or a directory of them, or a
    configuration file, of which every `[[alert]]` counts.

    Raises:
        UsageError: it is none of them, or not understood.
    """
    if not spec.endswith(".toml"):
        return [Watched(each.about.name, (each,)) for each in _of_rule(spec, directory)]
    path = directory / spec
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read {spec!r}: {error}") from error
    tables = content.get("alert", [])
    if not isinstance(tables, list) or not tables:
        raise UsageError(f"{spec!r} has no [[alert]]", hint=_HINT)
    return [parse(table, path.parent) for table in tables]


def _finders(table: Mapping[str, object], directory: Path, name: str | None) -> Iterator[Finder]:
    title, level = _text(table, "title"), _text(table, "level")
    if level is not None and level not in LEVELS:
        raise UsageError(f"level cannot be {level!r}", hint=f"levels are {', '.join(LEVELS)}")
    given = [each for each in ("rule", "jmespath", "insights") if each in table]
    if len(given) > 1:
        raise UsageError(f"{given[0]} and {given[1]} exclude each other", hint=_HINT)
    if not given and "filter" not in table:
        raise UsageError("it has no rule", hint=_HINT)
    where = filter_rule.parse(table["filter"]) if "filter" in table else None
    narrow = filter_rule.matches(where) if where is not None else None
    for found in _of_field(given[0], table, directory, name) if given else ():
        yield Named(Narrowed(found, narrow) if narrow else found, title, level)
    if not given and narrow is not None:
        yield Named(Alone(_about(name, "filter"), narrow), title, level)


def _of_field(
    field: str, table: Mapping[str, object], directory: Path, name: str | None
) -> Iterator[Finder]:
    value = table[field]
    if field == "jmespath":
        expression = _text(table, field) or ""
        yield Alone(_about(name, field), expression_rule.matches(expression))
    elif field == "insights":
        yield Alone(_about(name, field), _of_insights(value))
    else:
        specs = value if isinstance(value, list) else [value]
        for spec in specs or [None]:
            if not isinstance(spec, str) or not spec:
                raise UsageError(f"rule cannot be {value!r}", hint=_HINT)
            yield from _of_rule(spec, directory)


def _about(name: str | None, field: str) -> About:
    if name is None:
        raise UsageError(f"a rule that is a {field} needs a name", hint='write name = "…"')
    return About(name=name, title=name)


def _of_insights(value: object) -> Matches:
    kinds = tuple(TYPES) if value is True else value
    if not isinstance(kinds, list | tuple) or not kinds or not set(kinds) <= set(TYPES):
        raise UsageError(
            f"insights cannot be {value!r}", hint=f"write true, or kinds of {', '.join(TYPES)}"
        )
    wanted = frozenset(kinds)

    def matches(seen: LookedAt) -> bool:
        return seen.insight in wanted

    return matches


def _of_rule(spec: str, directory: Path) -> list[Finder]:
    if spec.startswith(PREFIX):
        return _shipped(spec.removeprefix(PREFIX))
    path = directory / Path(spec).expanduser()
    if path.is_dir():
        files = sorted(each for each in path.rglob("*") if each.suffix in _ENDINGS)
        if not files:
            raise UsageError(f"no rules in {spec!r}", hint=f"they end with {' or '.join(_ENDINGS)}")
        return [found for each in files for found in _sigma(each)]
    if path.suffix not in _ENDINGS:
        near = f"built-in rules are {', '.join(SHIPPED)}"
        raise UsageError(f"no rule {spec!r}", hint=f"name a file that ends with .yml; {near}")
    return _sigma(path)


def _shipped(name: str) -> list[Finder]:
    if name == ALL:
        return [each.finder() for each in SHIPPED.values()]
    if name not in SHIPPED:
        raise UsageError(f"no built-in rule {name!r}", hint=f"there are {', '.join(SHIPPED)}")
    return [SHIPPED[name].finder()]


def _sigma(path: Path) -> list[Finder]:
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {str(path)!r}: {error}") from error
    try:
        # Only here: it takes a fifth of a second to load, and need not be installed.
        from apitrail.reading.rules import sigma_rule
    except ModuleNotFoundError as error:
        raise UsageError(f"{str(path)!r} needs pySigma, which is not here", hint=_SIGMA) from error
    try:
        return sigma_rule.parse(text)
    except UsageError as error:
        raise UsageError(f"{str(path)!r}: {error}", hint=error.hint) from error


def _name_of(finders: Sequence[Finder]) -> str:
    if len(finders) != 1:
        raise UsageError("an alert with several rules needs a name", hint='write name = "…"')
    return finders[0].about.name.removeprefix(PREFIX)


def _text(table: Mapping[str, object], name: str) -> str | None:
    value = table.get(name)
    if value is not None and (not isinstance(value, str) or not value.strip()):
        raise UsageError(f"{name} cannot be {value!r}", hint=_HINT)
    return value
