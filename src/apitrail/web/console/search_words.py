"""The search box: words as people type them, each told what it is by what the log has.

`service:iam -readonly CreateUser Mary` is a service, writes alone, an event and a resource.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from apitrail.errors import UsageError
from apitrail.reading import filter_words
from apitrail.source import Source
from apitrail.web.console.url_state import UrlState

# What may stand before a colon → the option that it means, beside the options' own names.
SHORT = {
    "service": "event-source", "source": "event-source", "event": "event-name", "name": "event-name",
    "who": "username", "user": "username", "caller": "username", "resource": "resource-name",
    "type": "resource-type", "ip": "source-ip", "from": "source-ip", "key": "access-key-id",
    "id": "event-id",
}  # fmt: skip
# Words that are an option with its value.
PHRASES = {
    "writes": ("read-only", "false"), "-readonly": ("read-only", "false"),
    "-read-only": ("read-only", "false"), "reads": ("read-only", "true"),
    "readonly": ("read-only", "true"), "errors": ("error", filter_words.ANY),
    "failed": ("error", filter_words.ANY),
}  # fmt: skip
# Where a bare word is looked for, in this order, by the fields of a filter.
_FIELDS = {
    "event_name": "event-name", "event_source": "event-source", "username": "username",
    "error": "error", "region": "region", "run": "run", "operator": "operator",
    "access_key_id": "access-key-id", "source_ip": "source-ip",
}  # fmt: skip
_ID = re.compile(r"[0-9a-f]{8}[0-9a-f-]{0,28}")


def meant(source: Source, text: str, state: UrlState) -> UrlState:
    """The page with these words added to what it is asked for.

    Raises:
        UsageError: a quote is open, or a word is of no option.
    """
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise UsageError(
            f"a quote is open in {text!r}", hint="close it, or leave it out"
        ) from error
    for word in words:
        name, value = _option(source, word)
        old = () if name in filter_words.SINGLE else state.words.get(name, ())
        state = state.having(name, *dict.fromkeys((*old, value)))
    return state


def _option(source: Source, word: str) -> tuple[str, str]:
    if (phrase := PHRASES.get(word.lower())) is not None:
        return phrase
    before, colon, after = word.partition(":")
    name = SHORT.get(before.lower(), before.lower())
    if colon and after and name in filter_words.NAMES:
        return name, after
    if "=" in word and any(_labelled(source, word)):
        return "label", word
    return _found(source, word) or (
        "resource-name",
        word if "*" in word else _resource(source, word),
    )


def _found(source: Source, word: str) -> tuple[str, str] | None:
    lower = word.lower()
    for field, name in _FIELDS.items():
        for value in source.values(field):
            if lower in (value.lower(), value.lower().removesuffix(".amazonaws.com")):
                return name, value.removesuffix(".amazonaws.com")
    if ":" in word and not word.startswith("arn:"):
        return "event-name", word  # `iam:Create*`
    if _ID.fullmatch(lower) and source.find(lower):
        return "event-id", lower
    return None


def _labelled(source: Source, word: str) -> Iterator[bool]:
    for _, labels in source.run_labels():
        yield any(f"{key}={value}" == word for key, value in labels.items())


def _resource(source: Source, word: str) -> str:
    """The resource of this name; where there is none, those whose names contain it."""
    return word if word in source.values("resource_name") else f"*{word}*"
