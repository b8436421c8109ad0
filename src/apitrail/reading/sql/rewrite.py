"""A statement as people write it, made such that SQLite takes it: paths become columns."""

from __future__ import annotations

import re

TABLE = "events"

# Fields that hold objects or lists: a path into them is a column too.
NESTED = frozenset(
    {
        "userIdentity", "requestParameters", "responseElements", "additionalEventData",
        "resources", "tlsDetails", "labels",
    }
)  # fmt: skip

_TOKEN = re.compile(
    r"""
    (?P<text> '(?:[^']|'')*' | --[^\n]* | /\*.*?\*/ )
  | (?P<quoted> "(?:[^"]|"")*" | `(?:[^`]|``)*` | \[[^\]]*\] )
  | (?P<store> [0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12} )
  | (?P<dotted> [A-Za-z_]\w*(?:\.[A-Za-z_]\w*)* )
  | .
    """,
    re.VERBOSE | re.DOTALL,
)


def prepare(statement: str) -> tuple[str, tuple[str, ...]]:
    """The statement as SQLite takes it, and the paths it names.

    `userIdentity.arn` needs no quotes, as in CloudTrail Lake; a Lake store's id is our view.
    """
    paths: dict[str, None] = {}

    def replaced(match: re.Match[str]) -> str:
        word = match[0]
        if match["store"]:
            return TABLE
        if match["quoted"]:
            name = word[1:-1]
            if _is_path(name):
                paths[name] = None
            return word
        if match["dotted"]:
            return _dotted(word, paths)
        return word

    return _TOKEN.sub(replaced, statement.strip().removesuffix(";")), tuple(paths)


def _is_path(name: str) -> bool:
    head, dot, rest = name.partition(".")
    return name == "record" or bool(head in NESTED and dot and rest)


def _dotted(word: str, paths: dict[str, None]) -> str:
    parts = word.split(".")
    # The first part may be the name of a table.
    for start in (0, 1):
        name = ".".join(parts[start:])
        if _is_path(name):
            paths[name] = None
            return ".".join([*parts[:start], f'"{name}"'])
    return word
