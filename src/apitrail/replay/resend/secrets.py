"""The secrets a replay needs again, in a file that says what stands for what."""

from __future__ import annotations

import base64
import binascii
import json
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

from apitrail.aws.call import Value
from apitrail.errors import UsageError
from apitrail.replay.recorded import REDACTED, Recorded, places, redactions, renewal

_HINT = "`apitrail replay … --list-redactions` writes a file to fill in"


type Given = dict[str, str | bytes]


def load(path: Path) -> Given:
    """Redacted text → value, from TOML or JSON; what is still empty is left out.

    A key is the whole `redacted:…` or its digest alone. Values are given as to boto3;
    `base64:…` is bytes, `file:PATH` the bytes of a file, beside this one unless absolute.

    Raises:
        UsageError: the file cannot be read or says something else.
    """
    try:
        text = path.read_text("utf-8")
        found: Value = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise UsageError(
            f"cannot read {str(path)!r}: {getattr(error, 'strerror', None) or error}", hint=_HINT
        ) from error
    if not isinstance(found, dict) or not all(isinstance(item, str) for item in found.values()):
        raise UsageError(f"{str(path)!r} does not give a text for each secret", hint=_HINT)
    return {name: _value(value, path.parent) for name, value in found.items() if value}


def _value(text: str, directory: Path) -> str | bytes:
    kind, _, rest = text.partition(":")
    try:
        match kind:
            case "base64":
                return base64.b64decode(rest, validate=True)
            case "file":
                return (directory / rest).read_bytes()
            case _:
                return text
    except (OSError, binascii.Error) as error:
        raise UsageError(f"a secret cannot be read: {error}", hint=_HINT) from error


def resolved(given: Given, redacted: Iterable[str]) -> Given:
    """The given values by the whole texts that stand for them."""
    values: Given = {}
    for whole in redacted:
        digest = whole.split(":")[3]
        if whole in given or digest in given:
            values[whole] = given.get(whole, given.get(digest, ""))
    return values


def wanted(calls: Iterable[Recorded]) -> Iterator[tuple[str, str]]:
    """Redacted values of the requests that no earlier answer gives, each once: (redacted, where)."""
    known: set[str] = set()
    for call in calls:
        for path, text in places(call.parameters or {}):
            if renewal.is_computed(call.service, call.operation, str(path[0])):
                continue
            for match in REDACTED.finditer(text):
                if match[0] not in known and match["length"] != "0":
                    known.add(match[0])
                    where = ".".join(map(str, path))
                    yield match[0], f"{call.name} {where}, {match['length']} bytes"
        known.update(redactions(call.result))


def template(calls: Iterable[Recorded]) -> Iterator[str]:
    """The lines of a TOML file to fill in."""
    yield "# Values as boto3 takes them; bytes as base64:… or file:PATH."
    yield "# A call whose values stay empty is skipped."
    for redacted, where in wanted(calls):
        yield ""
        yield f"# {where}"
        yield f'"{redacted}" = ""'
