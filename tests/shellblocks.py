"""The shell blocks of a page: their commands, what each is said to print, and what is said of them.

Comments before a block, which neither a forge nor the site shows, say how it is run:

    <!-- not run: WHY -->             nobody can, or another check does
    <!-- exits 1 254 -->              other statuses than 0 that its commands may have
    <!-- prepare:                     commands that are run before it, such as those that make a file
    printf … > job.py
    -->                              (a line `name SAID IS` that they print renames what the page calls SAID)
    <!-- given: an empty trail -->    (anywhere on the page) it begins without the recorded trail
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(
    r"^(?P<indent> *)```(?P<info>[^\n`]*)\n(?P<body>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL
)
COMMENT = re.compile(r"<!--(.*?)-->", re.DOTALL)
SHELL = {"sh", "console"}
# Names of the same thing, and blocks without a name, would be run by nobody.
MISNAMED = {"bash", "shell", "shell-session", "zsh", "shellsession", "terminal"}
LOOKS_LIKE_SHELL = re.compile(r"^(\$ |apitrail |aws |make |pip |eval )", re.MULTILINE)
EMPTY = "<!-- given: an empty trail -->"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command, and the lines that it is said to print."""

    text: str
    said: str | None
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A fenced block, with the comments before it."""

    line: int
    language: str
    body: str
    not_run: str | None
    statuses: frozenset[int]
    prepare: str

    def commands(self) -> Iterator[Command]:
        """In order."""
        lines = self.body.splitlines()
        at = 0
        while at < len(lines):
            first, (text, at) = at, command(lines, at, console=self.language == "console")
            if not text.strip() or text.lstrip().startswith("#"):
                continue
            said: list[str] = []
            while self.language == "console" and at < len(lines) and not lines[at].startswith("$ "):
                said.append(lines[at])
                at += 1
            told = "\n".join(said)
            yield Command(
                text=text, said=told if told.strip() else None, line=self.line + 1 + first
            )


def command(lines: list[str], at: int, *, console: bool) -> tuple[str, int]:
    """The command that begins at a line, with the lines that it goes on in; and the line after it."""
    text = lines[at].removeprefix("$ ") if console else lines[at]
    at += 1
    while at < len(lines) and not complete(text):
        text += "\n" + lines[at].removeprefix("> " if console else "")
        at += 1
    return text, at


def complete(text: str) -> bool:
    """Whether a shell would run this, rather than ask for more."""
    if text.rstrip(" ").endswith("\\"):
        return False
    if not re.search(r"['\"`({<]|\b(do|then|else|in)\b|[|&]\s*$", text):
        return True
    # Of a here-document that has not ended bash only warns.
    parsed = subprocess.run(["bash", "-n", "-c", text], capture_output=True, check=False)
    return parsed.returncode == 0 and not parsed.stderr


def blocks(text: str) -> Iterator[Block]:
    """The fenced blocks of a page."""
    end = 0
    for fence in FENCE.finditer(text):
        told = before(text[end : fence.start()])
        end = fence.end()
        indent = fence["indent"]
        yield Block(
            line=text.count("\n", 0, fence.start()) + 1,
            language=fence["info"].split(" ")[0],
            body="".join(
                line.removeprefix(indent) for line in fence["body"].splitlines(keepends=True)
            ),
            **told,
        )


def before(text: str) -> dict[str, object]:
    """What the comments directly before a block say."""
    told: dict[str, object] = {"not_run": None, "statuses": frozenset({0}), "prepare": ""}
    while (stripped := text.rstrip()).endswith("-->"):
        start = stripped.rindex("<!--")
        said = stripped[start + 4 : -3].strip()
        text = stripped[:start]
        name, _, rest = said.partition(":")
        if name == "not run":
            told["not_run"] = rest.strip()
        elif name == "prepare":
            told["prepare"] = rest.strip("\n")
        elif said.startswith("exits "):
            told["statuses"] = frozenset({0, *map(int, said.split()[1:])})
    return told


def pages(root: Path) -> list[Path]:
    """README.md and docs/**.md."""
    return [root / "README.md", *sorted((root / "docs").rglob("*.md"))]
