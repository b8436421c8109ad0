"""Ways to change the files of a bundle, to be named and combined by tests."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from apitrail.query import Filter
from apitrail.tlog.note import Signer
from evidence.bundle.evidence import MINUTE, NOON, SG

TOUCHED = Filter(resource_name=(SG,))
SPAN = Filter(resource_name=(SG,), since=NOON + MINUTE, until=NOON + 5 * MINUTE)


@dataclass(frozen=True)
class Case:
    signer: Signer
    plain: bytes
    complete: bytes
    first: int
    second: int
    trail: Path


type Judge = Callable[[bytes], tuple[str, str]]
"""Gives the verdict of both judges on a zip, and the package's message."""

type Edit = Callable[[dict[str, bytes], Case], None]


def text(name: str, old: str, new: str) -> Edit:
    """Replace text in a file; {1} and {2} are the two entries shown."""

    def edit(content: dict[str, bytes], case: Case) -> None:
        path = name.replace("{1}", str(case.first)).replace("{2}", str(case.second))
        before = content[path].decode("utf-8")
        assert old in before, before
        content[path] = before.replace(old, new, 1).encode("utf-8")

    return edit


def put(name: str, value: bytes | None) -> Edit:
    """Set a file, or remove it."""

    def edit(content: dict[str, bytes], case: Case) -> None:
        path = name.replace("{1}", str(case.first)).replace("{2}", str(case.second))
        if value is None:
            del content[path]
        else:
            content[path] = value

    return edit


def swap(one: str, other: str) -> Edit:
    def edit(content: dict[str, bytes], case: Case) -> None:
        a, b = (
            n.replace("{1}", str(case.first)).replace("{2}", str(case.second)) for n in (one, other)
        )
        content[a], content[b] = content[b], content[a]

    return edit


def document(name: str, change: Callable[[Any], Any]) -> Edit:
    """Change a JSON file."""

    def edit(content: dict[str, bytes], case: Case) -> None:
        path = name.replace("{1}", str(case.first))
        content[path] = json.dumps(change(json.loads(content[path]))).encode()

    return edit


def ask(**filter_fields: Any) -> Edit:
    return document("manifest.json", lambda m: m | {"filter": m["filter"] | filter_fields})


def opened(change: Callable[[list[dict[str, Any]]], None]) -> Edit:
    """Change the lines of the opened facets."""

    def edit(content: dict[str, bytes], case: Case) -> None:
        lines = [json.loads(line) for line in content["range/opened/0.jsonl"].splitlines()]
        change(lines)
        content["range/opened/0.jsonl"] = b"".join(
            json.dumps(line).encode() + b"\n" for line in lines
        )

    return edit


def leaves(change: Callable[[list[bytes]], None]) -> Edit:
    """Change the entries of the range."""

    def edit(content: dict[str, bytes], case: Case) -> None:
        [name] = [name for name in content if name.startswith("tile/")]
        data, entries = content[name], []
        while data:
            (length,) = struct.unpack(">H", data[:2])
            entries.append(data[2 : 2 + length])
            data = data[2 + length :]
        change(entries)
        content[name] = b"".join(struct.pack(">H", len(entry)) + entry for entry in entries)

    return edit


def widen(field: str, by: int) -> Edit:
    def change(claims: dict[str, Any]) -> dict[str, Any]:
        return claims | {"filter": claims["filter"] | {field: claims["filter"][field] + by}}

    return document("manifest.json", change)


def claim(**fields: Any) -> Edit:
    def change(claims: dict[str, Any]) -> dict[str, Any]:
        return claims | {"range": claims["range"] | fields}

    return document("manifest.json", change)
