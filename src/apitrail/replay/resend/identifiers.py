"""What the new endpoint calls the things that the recorded one named, learned as answers come."""

from __future__ import annotations

import base64
import re
import uuid
from collections.abc import Mapping
from urllib.parse import quote

from apitrail.aws.call import Value
from apitrail.replay.recorded import REDACTED
from apitrail.replay.recorded.naming import SHORTEST, is_identifier

_SEPARATOR = re.compile(r"[/:]")


class Identifiers:
    """Recorded text → the new endpoint's, for whole values and for tokens inside longer texts."""

    def __init__(self, known: Mapping[str, str] | None = None) -> None:
        self._known: dict[str, str] = dict(known or {})
        # Only names that differ are kept in a table of their own: most names of a large answer
        # stay the same.
        self._changed = {old: new for old, new in self._known.items() if old != new}
        self._tokens: dict[str, str] = {}
        self._regions: dict[str, str] = {}

    def __contains__(self, old: str) -> bool:
        return old in self._known

    def learn(self, old: str, new: str) -> None:
        """`old` is called `new` from now on, and so are the ids and accounts inside."""
        self._known[old] = new
        if old == new:
            self._changed.pop(old, None)
            return
        self._changed[old] = new
        self._learn_parts(old, new)

    def move(self, old_region: str, new_region: str) -> None:
        """Names of a region, and of its zones (`eu-west-1a`), become the other's."""
        self._regions[old_region] = new_region

    def renew(self, token: str) -> str:
        """A fresh idempotency token; the same for each repetition of the recorded one."""
        if token not in self._tokens:
            self._tokens[token] = str(uuid.uuid4())
        return self._tokens[token]

    def learned(self) -> dict[str, str]:
        """What is called otherwise than recorded, secrets left out."""
        return {old: new for old, new in self._changed.items() if REDACTED.search(old) is None}

    def translate(self, value: Value) -> Value:
        """A value (JSON, bytes) with each known name in it replaced; member names stay."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {name: self.translate(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self.translate(item) for item in value]
        if isinstance(value, bytes) and self._known:
            return self._bytes(value)
        return value

    def _bytes(self, value: bytes) -> bytes:
        """Bytes that the endpoint made (ciphertexts), which answers show as base64."""
        new = self._known.get(base64.b64encode(value).decode())
        return value if new is None else base64.b64decode(new)

    def text(self, text: str) -> str:
        """A text with each known name in it replaced, wholly or as a token of its own."""
        if text in self._known:
            return self._known[text]
        changes = {
            old: new for old, new in self._changed.items() if len(old) >= SHORTEST and old in text
        }
        # In URLs and URL-encoded policies names are percent-encoded.
        if "%" in text:
            changes |= {
                quoted: quote(new, safe="")
                for old, new in self._changed.items()
                if (quoted := quote(old, safe="")) != old and quoted in text
            }
        moved = {old: new for old, new in self._regions.items() if old in text}
        if not changes and not moved:
            return text
        # One pass, longest first: what was put in must not be read as recorded text again.
        words = "|".join(re.escape(old) for old in sorted(changes, key=len, reverse=True))
        places = "|".join(rf"{re.escape(old)}(?=[a-z]?(?![A-Za-z0-9]))" for old in moved)
        word = rf"(?:{words})(?![A-Za-z0-9_])" if words else ""
        pattern = rf"(?<![A-Za-z0-9_])(?:{'|'.join(filter(None, (word, places)))})"
        both = moved | changes
        return re.sub(pattern, lambda match: both[match[0]], text)

    def _learn_parts(self, old: str, new: str) -> None:
        """Of ARNs and paths also the account, and the ids inside (Route 53's /hostedzone/ID)."""
        before, after = _SEPARATOR.split(old), _SEPARATOR.split(new)
        if len(before) != len(after) or len(before) < 2:
            return
        for was, now in zip(before, after, strict=True):
            if was not in self._known and len(now) >= SHORTEST and is_identifier("", was):
                self._known[was] = now
                if was != now:
                    self._changed[was] = now
