"""Whether a program printed what a page shows, apart from ids, times, numbers and spaces.

`…` stands for anything. Lines that a page has wrapped are one line of the program. An id on the page
stands for the one that was printed in its place, also in commands that follow (`Shown.renamed`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

ANSI = re.compile(r"\x1b\[[0-9;]*m")
UNIT = r"(?: ?(?:ms|s|[kKM]i?B|B)\b)?"
# What differs from run to run: the ids, which commands name again, and the rest.
IDS = {
    "log": r"[\w.-]+/apitrail/[0-9a-f]{16}(?:\+[0-9a-f]{8})?",
    "uuid": r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b",
    "key": r"\b(?:AKIA|ASIA|LKIA)[0-9A-Z]{12,}\b",
    "resource": r"\b(?:i|sg|sgr|vpc|subnet|vol|ami)-[0-9a-f]{8,17}\b",
    "sha256": r"\b[0-9a-f]{64}\b",
    "sixteen": r"\b[0-9a-f]{16}\b",
    "twelve": r"\b[0-9a-f]{12}\b",
    "eight": r"\b[0-9a-f]{8}\b",
}
OTHERS = {
    "moment": r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?: ?\+0000|Z)?",
    "day": r"\b\d\d-\d\d \d\d:\d\d(?::\d\d)?Z?",
    "time": r"\b\d\d:\d\d:\d\d(?:\.\d+)?Z?\b",
    "trail": r"(?:~|(?:/[\w.-]+)*)/\.apitrail\b",
    "number": rf"\d+(?:[.,]\d+)*{UNIT}",
}
COUNTED = {
    "plural": (
        r"\b(?:call|event|row|file|log|facet|alert|finding|use|action|second|minute|hour|day)s?\b",
        r"[a-z]+",
    ),
    "entry": (r"\bentr(?:y|ies)\b", r"entr(?:y|ies)"),
}
ANYTHING = r"[\w+/=-]*…"
TOKEN = re.compile(
    "|".join(
        f"(?P<{name}>{pattern})"
        for name, pattern in {
            "anything": ANYTHING,
            **IDS,
            **OTHERS,
            **{name: said for name, (said, _) in COUNTED.items()},
            "space": r"\s+",
        }.items()
    )
)


@dataclass(slots=True)
class Shown:
    """What a page has shown so far, and what was printed in the place of its ids."""

    names: dict[str, str] = field(default_factory=dict)

    def matches(self, said: str, printed: str) -> bool:
        """Whether what was printed has the shape of what a page shows."""
        pattern, ids = shape(said.strip())
        printed = " ".join(ANSI.sub("", printed).split())
        found = re.fullmatch(pattern, printed, re.DOTALL)
        if found is None:
            return False
        self.names |= dict(zip(ids, found.groups(), strict=True))
        return True

    def prepared(self, printed: str) -> None:
        """Take the lines `name SAID IS` that a preparation printed."""
        self.names |= dict(re.findall(r"^name (\S+) (\S+)$", printed, re.MULTILINE))

    def renamed(self, command: str) -> str:
        """A command with the ids that were printed in the place of the page's."""
        for said in sorted(self.names, key=len, reverse=True):
            command = command.replace(said, self.names[said])
        return command


def shape(said: str) -> tuple[str, list[str]]:
    """A pattern for what a page shows, and the ids that its groups stand for."""
    ids: list[str] = []
    pattern, end = [], 0
    for token in TOKEN.finditer(said):
        pattern += [re.escape(said[end : token.start()]), part(token, ids)]
        end = token.end()
    pattern.append(re.escape(said[end:]))
    # A space beside an ellipsis may be part of what it stands for.
    return re.sub(r"(?:\\? )?\.\*\?(?:\\? )?", ".*?", "".join(pattern)), ids


def part(token: re.Match[str], ids: list[str]) -> str:
    """The pattern for one thing that differs from run to run."""
    kind = str(token.lastgroup)
    if kind in IDS:
        ids.append(token[0])
        return f"({IDS[kind]})"
    if kind in OTHERS:
        return OTHERS[kind]
    if kind in COUNTED:
        return COUNTED[kind][1]
    return ".*?" if kind == "anything" else " "
