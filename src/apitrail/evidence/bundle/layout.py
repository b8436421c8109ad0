"""The names of a bundle's files and the small texts in them (`docs/evidence.md`, "Layout")."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apitrail.errors import FormatError
from apitrail.tlog import encoding
from apitrail.tlog.tile import WIDTH, EntryBundle

README = "README.txt"
VERIFY = "verify.py"
VKEY = "log.vkey"
REPORT = "report.html"
MANIFEST = "manifest.json"
CHECKPOINT = "checkpoint"
KEYS = "keys"
TOLD = frozenset({README, VERIFY, VKEY, KEYS, REPORT})
"""Files for information, which prove nothing."""
TILES = "tile/entries/"
OPENED = "range/opened/"
FIRST_PROOF = "range/first.tlog-proof"
LAST_PROOF = "range/last.tlog-proof"

NUMBER = r"(?:0|[1-9][0-9]{0,18})"
"""How sizes and indexes are written in names."""
TAG = re.compile(r"[a-z]{1,8}")
"""How facets are called, also those of later versions."""
# Every name that is known here. Another file must be one that the manifest gives the hash of:
# a later version's. Whatever else is in a zip is no evidence and is refused.
_ANY = (
    rf"README\.txt|report\.html|verify\.py|log\.vkey|manifest\.json|checkpoint|keys"
    rf"|timestamps/{NUMBER}/{NUMBER}\.tsr|checkpoints/{NUMBER}|consistency/{NUMBER}-{NUMBER}"
    rf"|range/(?:first|last)\.tlog-proof|range/opened/{NUMBER}\.jsonl"
    r"|tile/entries/(?:x[0-9]{3}/)*[0-9]{3}(?:\.p/[0-9]{1,3})?"
)
NAMES = re.compile(
    _ANY + rf"|events/{NUMBER}/(?:leaf\.json|event\.tlog-proof|salts\.json|facets/{TAG.pattern})"
)
PACKED_NAMES = re.compile(_ANY + rf"|packed/{NUMBER}/(?:proof|entries|opened\.jsonl)")
"""Those of a bundle that shows its entries in packs."""
_EVENT = re.compile(rf"events/({NUMBER})/leaf\.json")
_KEPT = re.compile(rf"checkpoints/({NUMBER})")
_STAMP = re.compile(rf"timestamps/({NUMBER})/{NUMBER}\.tsr")
_STEP = re.compile(rf"consistency/({NUMBER})-({NUMBER})")


EARLIEST, LATEST = -62_135_596_800_000, 253_402_300_800_000
"""Unix milliseconds of the years 1 and 10000; what is not between cannot be written down."""


def event(index: int, file: str) -> str:
    """A file of one disclosed entry."""
    return f"events/{index}/{file}"


def packed(first: int, file: str) -> str:
    """A file of the pack whose first entry this is."""
    return f"packed/{first}/{file}"


def facet(index: int, tag: str) -> str:
    """The content of one opened facet."""
    return f"events/{index}/facets/{tag}"


def kept(size: int) -> str:
    """An older checkpoint."""
    return f"checkpoints/{size}"


def stamp(size: int, number: int) -> str:
    """A timestamp's token over the checkpoint of this size."""
    return f"timestamps/{size}/{number}.tsr"


def stamps(names: frozenset[str]) -> list[tuple[int, str]]:
    """The timestamps, as (size, name), the newest checkpoint's first."""
    found = ((_STAMP.fullmatch(name), name) for name in names)
    return sorted(((int(match[1]), name) for match, name in found if match), key=_newest_first)


def _newest_first(item: tuple[int, str]) -> tuple[int, str]:
    return -item[0], item[1]


def step(old: int, new: int) -> str:
    """The proof that a later tree continues an older one."""
    return f"consistency/{old}-{new}"


def opened(index: int) -> str:
    """The opened facets of the 256 entries of which `index` is one."""
    return f"range/opened/{index - index % WIDTH}.jsonl"


def tile(index: int, stop: int) -> str:
    """The entry bundle that `index` is in, where the range ends before `stop`."""
    number = index // WIDTH
    return EntryBundle(number, min(WIDTH, stop - number * WIDTH)).path


def events(names: frozenset[str]) -> list[int]:
    """The entries disclosed one by one."""
    return sorted(int(match[1]) for name in names if (match := _EVENT.fullmatch(name)))


def kept_sizes(names: frozenset[str]) -> list[int]:
    """The sizes of the older checkpoints."""
    return sorted(int(match[1]) for name in names if (match := _KEPT.fullmatch(name)))


def steps(names: frozenset[str]) -> list[tuple[int, int]]:
    """The consistency proofs, as (older size, newer size)."""
    found = (_STEP.fullmatch(name) for name in names)
    return sorted((int(match[1]), int(match[2])) for match in found if match)


# JSON is read within bounds of our own: those of Python differ from version to version, and two
# verifiers must not give two verdicts.
DEEPEST = 200
LONGEST_NUMBER = 4_300
_LONG = re.compile(rb"[0-9-]{%d}" % (LONGEST_NUMBER + 1))


def parse_json(data: bytes, what: str) -> Any:
    """JSON in which no object says a key twice, or FormatError."""
    try:
        return _bounded(json.loads(data, object_pairs_hook=_once, parse_int=_number))
    except FormatError as error:
        raise FormatError(f"{what}: {error}") from error
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{what} is not JSON: {error}") from error


def check_json(data: bytes, what: str) -> None:
    """Hold JSON within the bounds; raises FormatError."""
    # Only what could be beyond them is parsed for that.
    if data.count(b"[") + data.count(b"{") <= DEEPEST and not _LONG.search(data):
        return
    try:
        _bounded(json.loads(data, parse_int=_number))
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{what} is not JSON: {error}") from error


def _number(text: str) -> int:
    if len(text) > LONGEST_NUMBER:
        raise ValueError("a number is too long")
    return int(text)


def _bounded(said: Any) -> Any:
    level, depth = [said], 0
    while level:
        depth += 1
        if depth > DEEPEST:
            raise ValueError("it is nested too deep")
        inner = (value.values() if isinstance(value, dict) else value for value in level
                 if isinstance(value, dict | list))  # fmt: skip
        level = [item for values in inner for item in values if isinstance(item, dict | list)]
    return said


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(found := dict(pairs)) != len(pairs):
        raise FormatError("a key is said twice")
    return found


def format_salts(salts: Mapping[str, bytes]) -> bytes:
    """`salts.json`: tag → base64 of 32 bytes."""
    return _dump({tag: encoding.encode_base64(salt) for tag, salt in salts.items()}) + b"\n"


def parse_salts(data: bytes, what: str) -> dict[str, bytes]:
    """Inverse of `format_salts`; raises FormatError."""
    match parse_json(data, what):
        case dict(values) if all(map(TAG.fullmatch, values)):
            return {tag: _salt(text, what) for tag, text in values.items()}
        case _:
            raise FormatError(f"{what} does not hold salts")


def _salt(text: Any, what: str) -> bytes:
    if not isinstance(text, str):
        raise FormatError(f"{what}: a salt is not a string")
    return encoding.decode_base64(text, f"salt in {what}", length=32)


@dataclass(frozen=True, slots=True)
class Consistency:
    """That the tree of `new` entries continues the one of `old`: RFC 6962's proof, as text.

        apitrail.consistency@v1
        old 12
        new 400
        <base64 of 32 bytes>      RFC 9162 section 2.1.4.1, in its order
        …

    C2SP has no file format for this proof; the hashes are in the order Go's `tlog.ProveTree`
    gives.
    """

    old: int
    new: int
    hashes: tuple[bytes, ...]

    @classmethod
    def parse(cls, data: bytes) -> Consistency:
        """Inverse of `str()`; raises FormatError."""
        text = encoding.decode_utf8(data, "consistency proof", limit=10_000)
        match text.split("\n"):
            case ["apitrail.consistency@v1", old, new, *hashes, ""] if old.startswith(
                "old "
            ) and new.startswith("new "):
                return cls(
                    encoding.decode_decimal(old[4:], "old size"),
                    encoding.decode_decimal(new[4:], "new size"),
                    tuple(encoding.decode_base64(x, "proof hash", length=32) for x in hashes),
                )
            case _:
                raise FormatError("malformed consistency proof")

    def __str__(self) -> str:
        lines = ["apitrail.consistency@v1", f"old {self.old}", f"new {self.new}"]
        lines += map(encoding.encode_base64, self.hashes)
        return "".join(f"{line}\n" for line in lines)


@dataclass(frozen=True, slots=True)
class Opened:
    """The facets of one entry of a range that are opened: tag → (salt, content)."""

    index: int
    facets: Mapping[str, tuple[bytes, bytes]]

    @classmethod
    def parse(cls, line: bytes) -> Opened:
        """Inverse of `line`; raises FormatError."""
        match parse_json(line, "opened facets"):
            case {"index": int(index), "facets": dict(facets)} if (
                index is not True
                and index is not False
                and index >= 0
                and all(map(TAG.fullmatch, facets))
            ):
                return cls(index, {tag: _opened(value) for tag, value in facets.items()})
            case _:
                raise FormatError("malformed line of opened facets")

    @property
    def line(self) -> bytes:
        """One line of JSON; contents are text where they are UTF-8, so that grep finds them."""
        facets = {
            tag: {"salt": encoding.encode_base64(salt)} | _content(content)
            for tag, (salt, content) in self.facets.items()
        }
        return _dump({"index": self.index, "facets": facets}) + b"\n"


def _content(content: bytes) -> dict[str, str]:
    try:
        return {"content": content.decode("utf-8")}
    except UnicodeDecodeError:
        return {"base64": encoding.encode_base64(content)}


def _opened(value: Any) -> tuple[bytes, bytes]:
    match value:
        case {"salt": salt, "content": str(content), **rest} if not rest:
            try:
                return _salt(salt, "opened facets"), content.encode("utf-8")
            except UnicodeEncodeError as error:
                raise FormatError("an opened facet is not UTF-8") from error
        case {"salt": salt, "base64": str(content), **rest} if not rest:
            return _salt(salt, "opened facets"), encoding.decode_base64(content, "opened facet")
        case _:
            raise FormatError("malformed opened facet")


def _dump(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode("ascii")
