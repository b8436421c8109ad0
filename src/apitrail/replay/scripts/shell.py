"""Words of a POSIX shell: quoting, variables inside quoted text, and what scripts begin with."""

from __future__ import annotations

import json
import shlex

from apitrail.aws.call import Value
from apitrail.replay.scripts.steps import Given, Script, Secret, Text

# A backslash and a quote inside JSON; every byte inside a URL or a form; XML's three.
JSON = "j"
PERCENT = "u"
XML = "x"
FUNCTIONS = {
    # The dot keeps a last newline from being lost; sed never sees newlines, awk joins them again.
    JSON: r"""j() {
  printf %s. "$1" | sed 's/\\/\\\\/g; s/"/\\"/g; s/'"$(printf '\t')"'/\\t/g; s/'"$(printf '\r')"'/\\r/g' |
    awk 'NR > 1 { printf "\\n" } { printf "%s", $0 }' | sed 's/\.$//'
}""",
    PERCENT: r"""u() { printf %s "$1" | od -An -v -tx1 | tr -d '\n' | tr ' ' '%'; }""",
    XML: r"""x() { printf %s "$1" | sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g'; }""",
}
_MARK = "APITRAILVARIABLE{number}X"


class Marks:
    """Variables that pass through an encoder as plain words, to be put in afterwards."""

    def __init__(self) -> None:
        self._names: list[str] = []

    def marked(self, value: Value) -> Value:
        """The value with a mark in place of each variable."""
        if isinstance(value, Text):
            return "".join(p if isinstance(p, str) else self._mark(p) for p in value.parts)
        if isinstance(value, dict):
            return {name: self.marked(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self.marked(item) for item in value]
        return value

    def _mark(self, part: Given | Secret) -> str:
        self._names.append(part.name)
        return _MARK.format(number=len(self._names) - 1)

    def found(self, text: str) -> int:
        """How many of the marks are in a text."""
        return sum(self._word(number) in text for number in range(len(self._names)))

    def __len__(self) -> int:
        return len(self._names)

    def quoted(self, text: str, function: str | None = None) -> str:
        """The text as one word, each mark replaced by its variable, encoded by a function."""
        word = shlex.quote(text)
        for number, name in reversed(list(enumerate(self._names))):
            value = f'"${name}"' if function is None else f'"$({function} "${name}")"'
            if self._word(number) in word:
                bare = word == self._word(number)
                word = value if bare else word.replace(self._word(number), f"'{value}'")
                # shlex leaves words without special characters unquoted.
                if not bare and not word.startswith("'"):
                    word = f"'{word}'"
        return word.replace("''\"", '"').removesuffix("''") if word != "''" else word

    @staticmethod
    def _word(number: int) -> str:
        return _MARK.format(number=number)


def document(value: Value, marks: Marks) -> str:
    """A JSON document as one word."""
    text = json.dumps(marks.marked(value), ensure_ascii=False, separators=(",", ":"))
    return marks.quoted(text, JSON)


def head(script: Script, about: str) -> list[str]:
    """What a script begins with: what it is, what it needs."""
    count = f"{len(script.steps)} {'call' if len(script.steps) == 1 else 'calls'}"
    lines = ["#!/bin/sh", f"# Recorded with apitrail: {count}, oldest first.", f"# {about}"]
    if script.secrets:
        lines.append("# These were redacted and are read from the environment:")
        lines += [f"#   {secret.name}: {where}" for secret, where in script.secrets.items()]
    lines.append("set -eu")
    lines += [f': "${{{secret.name}?is needed, see above}}"' for secret in script.secrets]
    return lines


def comment(text: str) -> str:
    """One line of comment."""
    return f"# {' '.join(text.split())}"
