"""A zip that no honest exporter writes is refused, before it can do harm."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from evidence.bundle.edits import (
    Case,
    Judge,
)
from evidence.bundle.evidence import files, zipped


def renamed(name: str) -> Callable[[bytes], bytes]:
    return lambda data: zipped(files(data) | {name: b"x"})


def twice(data: bytes) -> bytes:
    """A second checkpoint under the same name, which some readers would take and others not."""
    with pytest.warns(UserWarning, match="Duplicate name"):
        return _appended(data, "checkpoint", b"x")


def _appended(data: bytes, name: str, content: bytes) -> bytes:
    import io

    out = io.BytesIO(data)
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr(name, content)
    return out.getvalue()


def lied_size(data: bytes) -> bytes:
    """The table of contents says another length than what comes out."""
    at = data.index(b"PK\x01\x02")
    return data[: at + 24] + struct.pack("<I", 10) + data[at + 28 :]


def huge_size(data: bytes) -> bytes:
    at = data.index(b"PK\x01\x02")
    return data[: at + 24] + struct.pack("<I", 0xFFFFFFF0) + data[at + 28 :]


def encrypted(data: bytes) -> bytes:
    at = data.index(b"PK\x01\x02")
    return data[: at + 8] + struct.pack("<H", 1) + data[at + 10 :]


def odd_method(data: bytes) -> bytes:
    at = data.index(b"PK\x01\x02")
    return data[: at + 10] + struct.pack("<H", 99) + data[at + 12 :]


def overlapping(data: bytes) -> bytes:
    """All files claim the bytes of one: how a small zip unpacks to a large one."""
    large = zipped(files(data) | {"events/0/facets/who": bytes(10_000_000)})
    parts, at = [], 0
    first = large.index(b"PK\x01\x02")
    where = first
    while large[where : where + 4] == b"PK\x01\x02":
        parts.append(where)
        lengths = struct.unpack("<HHH", large[where + 28 : where + 34])
        where += 46 + sum(lengths)
    out = bytearray(large)
    for at in parts:
        out[at + 20 : at + 24] = struct.pack("<I", len(large) // 2)
    return bytes(out)


ZIPS: dict[str, Callable[[bytes], bytes]] = {
    "truncated": lambda data: data[: len(data) // 2],
    "cut by a byte": lambda data: data[:-1],
    "only its magic": lambda data: data[:4],
    "a name that climbs": renamed("../escape"),
    "a name that climbs inside": renamed("events/../../escape"),
    "an absolute name": renamed("/etc/escape"),
    "a drive": renamed("C:/escape"),
    "a backslash": renamed("events\\escape"),
    "a folder": renamed("events/"),
    "a name twice": twice,
    "a length that lies": lied_size,
    "a length beyond bounds": huge_size,
    "encrypted": encrypted,
    "packed in an odd way": odd_method,
    "files that overlap": overlapping,
    "a byte of its content": lambda data: data[:90] + bytes([data[90] ^ 1]) + data[91:],
}


@pytest.mark.parametrize("name", ZIPS)
def test_a_zip_no_honest_exporter_writes(
    name: str, case: Case, judge: Judge, tmp_path: Path
) -> None:
    assert judge(ZIPS[name](case.plain))[0] == "TAMPERED"
    assert not list(tmp_path.parent.glob("**/escape"))
