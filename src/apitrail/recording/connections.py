"""Which TCP connections the children of a process open, as Linux's /proc tells it."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

PROC = Path("/proc")
# Seconds between two looks; a TLS handshake with another machine takes longer than that.
STEP = 0.01

type Address = tuple[str, int]


@dataclass(slots=True)
class Watch:
    """While the context is open, collects where the descendants of `root` connect to.

    `seen` stays empty where there is no /proc.
    """

    root: int
    seen: set[Address] = field(default_factory=set)
    _done: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        if (PROC / "self" / "net" / "tcp").exists():
            self._thread = threading.Thread(target=self._look, name="connections", daemon=True)
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        if self._thread is not None:
            self._thread.join()

    def _look(self) -> None:
        while not self._done.wait(STEP):
            for pid in descendants(self.root):
                self.seen.update(connections(pid))


def descendants(root: int) -> Iterator[int]:
    """The processes below `root`, itself not among them."""
    for path in PROC.glob(f"{root}/task/*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, path.read_text().split()):
                yield child
                yield from descendants(child)


def connections(pid: int) -> set[Address]:
    """The far ends of a process's TCP connections, those being opened included."""
    sockets = set(_sockets(pid))
    if not sockets:
        return set()
    found = set()
    for name in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            lines = (PROC / str(pid) / "net" / name).read_text().splitlines()[1:]
            found |= {_address(each[2]) for each in map(str.split, lines) if each[9] in sockets}
    return {(host, port) for host, port in found if port}


def _sockets(pid: int) -> Iterator[str]:
    with contextlib.suppress(OSError):
        for path in (PROC / str(pid) / "fd").iterdir():
            with contextlib.suppress(OSError):
                target = str(path.readlink())
                if target.startswith("socket:["):
                    yield target[8:-1]


def _address(text: str) -> Address:
    """`0100007F:1F90` → 127.0.0.1, 8080: words of four bytes in this machine's own order."""
    digits, _, port = text.partition(":")
    words = [bytes.fromhex(digits[at : at + 8]) for at in range(0, len(digits), 8)]
    packed = b"".join(
        socket.htonl(int.from_bytes(word, "big")).to_bytes(4, "big") for word in words
    )
    address = ipaddress.ip_address(packed)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address), int(port, 16)
