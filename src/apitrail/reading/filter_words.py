"""A filter as people write it, option by option: the same words on a command line and in a URL."""

from __future__ import annotations

import re
import shlex
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from apitrail import when
from apitrail.errors import UsageError
from apitrail.query import Filter

type Words = Mapping[str, Sequence[str]]
"""Names of options, such as `event-name`, and what was given for each."""

# Options that may be given more than once → the field of a filter.
REPEATED = {
    "event-name": "event_name",
    "event-source": "event_source",
    "username": "username",
    "access-key-id": "access_key_id",
    "resource-name": "resource_name",
    "resource-type": "resource_type",
    "region": "region",
    "source-ip": "source_ip",
    "run": "run",
    "operator": "operator",
}
# Options that are given once.
SINGLE = ("error", "read-only", "since", "until", "stand-in")
NAMES = ("event-id", *REPEATED, "label", *SINGLE)
# What stands for any error.
ANY = "*"
_FLAGS = {"true": True, "false": False}
_START_OF_ID = re.compile(r"[0-9a-fA-F-]{4,36}")


def parse(words: Words, *, now: datetime) -> Filter:
    """The filter in these words; words of one option are alternatives.

    Raises:
        UsageError: a word is not one that its option takes.
    """
    error, stand_in = _one(words, "error"), _flag(words, "stand-in")
    fields = {field: tuple(words.get(name, ())) for name, field in REPEATED.items()}
    fields["event_source"] = tuple(map(source, fields["event_source"]))
    return Filter(
        **fields,
        event_id=tuple(map(event_id, words.get("event-id", ()))),
        label=labels(words.get("label", ())),
        stand_in=None if stand_in else False,
        error=True if error == ANY else error,
        read_only=_flag(words, "read-only"),
        since=_time(words, "since", now),
        until=_time(words, "until", now),
    )


def options(words: Words) -> Iterator[str]:
    """These words as a command's options, quoted for a shell."""
    for name in NAMES:
        for value in words.get(name, ()):
            if name == "read-only":
                yield "--read-only" if value == "true" else "--no-read-only"
            elif name == "stand-in":
                yield "--stand-in"
            elif name == "error" and value == ANY:
                yield "--error"
            else:
                yield f"--{name} {shlex.quote(value)}"


def labels(texts: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Labels of one key are alternatives; of different keys, all must hold."""
    groups: dict[str, list[str]] = {}
    for text in texts:
        groups.setdefault(text.partition("=")[0], []).append(text)
    return tuple(map(tuple, groups.values()))


def event_id(text: str) -> str:
    """An event id in its usual spelling, or the start of one."""
    try:
        return str(uuid.UUID(text))
    except ValueError:
        if _START_OF_ID.fullmatch(text):
            return text.lower()
        raise UsageError(
            f"not an event id: {text!r}", hint="`apitrail events` shows them, or how they begin"
        ) from None


def source(text: str) -> str:
    """`iam` is short for `iam.amazonaws.com`."""
    return text if "." in text or "*" in text else f"{text}.amazonaws.com"


def _one(words: Words, name: str) -> str | None:
    found = words.get(name, ())
    if len(found) > 1:
        raise UsageError(f"{name} is given {len(found)} times", hint="give it once")
    return found[0] if found else None


def _flag(words: Words, name: str) -> bool | None:
    if (text := _one(words, name)) is None:
        return None
    if text not in _FLAGS:
        raise UsageError(f"{name} is true or false, not {text!r}")
    return _FLAGS[text]


def _time(words: Words, name: str, now: datetime) -> int | None:
    text = _one(words, name)
    return None if text is None else when.parse(text, now=now)
