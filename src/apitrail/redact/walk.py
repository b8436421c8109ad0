"""One side of a call, parameters or result, with its secrets replaced leaf by leaf."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from apitrail.aws.call import Blob, EventStream, Map, Path, Redacted
from apitrail.redact import decoding
from apitrail.redact.echoes import ECHO_MIN
from apitrail.redact.known_secrets import OPEN_EVERYWHERE
from apitrail.redact.paths import Kind, kinds
from apitrail.redact.secret_names import is_environment, is_secret_key
from apitrail.redact.text import scrub, spans, tells
from apitrail.remembered import remembered

# Members of a name/value pair, as the services spell them.
_PAIR_NAMES = (
    "Name", "name", "Key", "key", "ParameterKey", "OptionName", "AttributeName", "HeaderName",
)  # fmt: skip
_PAIR_VALUES = frozenset({
    "Value", "value", "Values", "values", "ParameterValue", "StringValue", "stringValue",
    "HeaderValue", "DefaultValue",
})  # fmt: skip

# A command line has at most so many words.
_WORDS = 100
# So long must letters be to be looked for elsewhere, where they were found inside of a text.
_WORD = 10

type _Trie = dict[str, _Trie | None]
"""Sensitive paths by member; None ends a path."""


@remembered(4096, groups=True)
def _trie(paths: frozenset[Path]) -> _Trie:
    root: _Trie = {}
    for path in paths:
        node = root
        for member in path[:-1]:
            below = node.setdefault(member, {})
            if below is None:
                break
            node = below
        else:
            if path:
                node[path[-1]] = None
    return root


class Walk:
    """Redacts one structure and remembers the secrets it met.

    `secrets` are the bytes of the str and bytes leaves that were redacted; `touched` tells
    whether anything at all was, `searchable` whether all of it was text or bytes.
    """

    def __init__(
        self,
        *,
        digest: Callable[[bytes], Redacted],
        blob: Callable[[Blob], Redacted],
        service: str | None,
        operation: str | None,
    ) -> None:
        self._digest = digest
        self._blob = blob
        self._kinds = kinds(service, operation)
        self.secrets: set[bytes] = set()
        self.touched = False
        self.searchable = True

    def top(self, value: dict[str, Any], sensitive: frozenset[Path]) -> dict[str, Any]:
        """The whole of `parameters` or `result`."""
        if () in sensitive:
            return {name: self._secret(item) for name, item in value.items()}
        return self._structure(value, _trie(sensitive), "")

    def _structure(self, value: dict[str, Any], trie: _Trie, parent: str) -> dict[str, Any]:
        pair_is_secret = not _PAIR_VALUES.isdisjoint(value) and _is_secret_pair(value, parent)
        kinds = self._kinds
        return {
            name: self._value(item, trie, name)
            if not (trie or pair_is_secret) and kinds.of(parent, name) is Kind.PLAIN
            else self._member(
                item, trie, parent, name, marked=pair_is_secret and name in _PAIR_VALUES
            )
            for name, item in value.items()
        }

    def _member(self, item: Any, trie: _Trie, parent: str, name: str, *, marked: bool) -> Any:
        known = self._kinds.of(parent, name)
        if known is Kind.OPEN:
            return self._value(item, {}, name)
        below = trie.get(name, {}) if trie else trie
        if below is None or marked or known is Kind.LISTED:
            return self._secret(item)
        if known is Kind.PLAIN:
            return self._value(item, below, name)
        if known is Kind.NAMED and isinstance(item, str | bytes | list | Map):
            return self._named(item, below, name)
        if known is Kind.ENVIRONMENT and isinstance(item, Map):
            return self._secret(item)
        return self._value(item, below, name)

    def _named(self, item: Any, below: _Trie, name: str) -> Any:
        """A member whose name says secret: its text is, structures in it speak for themselves."""
        if isinstance(item, list | Map):
            inner = below.get("*", {}) if below else below
            if inner is None:
                return self._secret(item)
            if isinstance(item, list):
                return [self._named(each, inner, name) for each in item]
            return Map({key: self._named(each, inner, name) for key, each in item.items()})
        if isinstance(item, str) and not item.startswith("arn:"):
            return self._secret(item)
        if isinstance(item, bytes):
            return self._secret(item)
        return self._value(item, below, name)

    def _value(self, item: Any, trie: _Trie, name: str) -> Any:
        if type(item) is str:
            return scrub(item, self._inside)
        if isinstance(item, Redacted):
            return item
        if isinstance(item, str):
            return self.text(item)
        if isinstance(item, Map):
            return self._map(item, trie, name)
        if isinstance(item, dict):
            return self._structure(item, trie, name)
        if isinstance(item, list):
            return self._list(item, trie, name)
        return self._bytes(item) if isinstance(item, bytes) else item

    def _bytes(self, item: bytes) -> Any:
        """Text in bytes, as text; packed or binary data goes whole where a secret is in it."""
        if b"PRIVATE KEY-----" in item:
            return self._secret(item)
        packed = decoding.inflated(item) if decoding.is_zipped(item) else None
        try:
            text = (item if packed is None else packed).decode()
        except UnicodeDecodeError:
            return item
        if packed is not None:
            return self._secret(item) if tells(text) else item
        scrubbed = self.text(text)
        return item if scrubbed is text else scrubbed.encode()

    def _list(self, items: list[Any], trie: _Trie, name: str) -> list[Any]:
        below = trie.get("*", {}) if trie else trie
        if below is None:
            return [self._secret(item) for item in items]
        if len(items) > 1 and type(items[0]) is str and tells_command(items):
            return self._command(items)
        return [self._value(item, below, name) for item in items]

    def _command(self, items: list[Any]) -> list[Any]:
        """The words of a command line, of which some make others secret (`--password`, X)."""
        starts = {start for start, _, _ in spans(" ".join(items))}
        at, done = 0, []
        for item in items:
            done.append(self._secret(item) if at in starts else self.text(item))
            at += len(item) + 1
        return done

    def _map(self, items: Map, trie: _Trie, name: str) -> Map:
        below = trie.get("*", {}) if trie else trie
        return Map({
            self.text(key): self._secret(item)
            if below is None or is_secret_key(key)
            else self._value(item, below, name)
            for key, item in items.items()
        })  # fmt: skip

    def _secret(self, item: Any) -> Any:
        """Every leaf below, redacted; structures and keys stay, for they tell what was sent."""
        if item is None or isinstance(item, Redacted | EventStream):
            return item
        if isinstance(item, Map):
            return Map({key: self._secret(value) for key, value in item.items()})
        if isinstance(item, dict):
            return {
                name: value if name in OPEN_EVERYWHERE else self._secret(value)
                for name, value in item.items()
            }
        if isinstance(item, list):
            return [self._secret(each) for each in item]
        self.touched = True
        if isinstance(item, Blob):
            self.searchable = False
            return self._blob(item)
        data = leaf_bytes(item)
        if isinstance(item, str | bytes) and data:
            self.secrets.add(data)
        else:
            self.searchable = False
        return self._digest(data)

    def text(self, text: str) -> str:
        """Text that is not a secret itself, without the credentials inside."""
        return scrub(text, self._inside)

    def _inside(self, secret: bytes) -> str:
        self.touched = True
        # A word of every day may be anybody's: it is not looked for elsewhere.
        if len(secret) >= _WORD or (len(secret) >= ECHO_MIN and not secret.isalpha()):
            self.secrets.add(secret)
        return self._digest(secret)


def tells_command(words: list[Any]) -> bool:
    """Do the words of a command line tell a secret, that each alone may not?"""
    return (
        len(words) <= _WORDS and all(type(word) is str for word in words) and tells(" ".join(words))
    )


def leaf_bytes(item: Any) -> bytes:
    """The bytes a leaf's digest is made of: as UTF-8 text, booleans and times as in JSON."""
    if isinstance(item, bytes):
        return item
    if isinstance(item, bool):
        return b"true" if item else b"false"
    if isinstance(item, datetime):
        return item.isoformat().encode()
    return str(item).encode("utf-8", "surrogatepass")


def _is_secret_pair(value: dict[str, Any], parent: str) -> bool:
    """Is this `{name: PASSWORD, value: ...}`, or one variable of an environment?"""
    if is_environment(parent):
        return True
    names = (value[member] for member in _PAIR_NAMES if member in value)
    return any(isinstance(name, str) and is_secret_key(name) for name in names)


# Members that say which resource a call is about. They stay whatever else is in the call: a
# client that repeats a bucket's name as a password must not blot the bucket out of the record.
_IDENTIFIER = re.compile(
    r"(?:Arn|ARN|Id|ID|Ids|Name|Names|Identifier|Bucket|Key)$|^(?:arn|id|name)$"
)


@remembered(16384)
def is_identifier(name: str) -> bool:
    """Does a member of this name tell which resource is meant?"""
    return _IDENTIFIER.search(name) is not None


def map_text(value: Any, change: Callable[[str], str]) -> Any:
    """The value with each text in it changed that names no resource; what is redacted stays."""
    if isinstance(value, Redacted):
        return value
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Map):
        return Map({change(key): map_text(item, change) for key, item in value.items()})
    if isinstance(value, dict):
        return {
            name: item if isinstance(item, str) and is_identifier(name) else map_text(item, change)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [map_text(item, change) for item in value]
    if isinstance(value, bytes):
        text = value.decode("latin-1")
        changed = change(text)
        return value if changed == text else changed
    return value
