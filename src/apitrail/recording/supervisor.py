"""What starts a recorder and waits to hear that it records: systemd, with `Type=notify`, or nobody.

The protocol is sd_notify(3): datagrams of `NAME=value` lines to the socket that NOTIFY_SOCKET names.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from typing import Self

# Seconds that a datagram may take. systemd reads at once, and a recorder does not wait for it.
PATIENCE = 1.0


@dataclass(frozen=True, slots=True)
class Supervisor:
    """Who hears how this process is; `address` is None where nobody asked.

    `watchdog` is after how many seconds of silence the process is taken for dead.
    """

    address: str | None = None
    watchdog: float | None = None

    @classmethod
    def taken_from(cls, environment: MutableMapping[str, str], process: int) -> Self:
        """The one that the environment names, which is taken out: a child must not speak for us."""
        address = environment.pop("NOTIFY_SOCKET", None)
        period = environment.pop("WATCHDOG_USEC", "")
        meant = environment.pop("WATCHDOG_PID", str(process))
        watches = period.isascii() and period.isdecimal() and meant == str(process)
        return cls(address or None, int(period) / 1e6 if watches and int(period) else None)

    def ready(self, status: str) -> None:
        """The ports are open, and what comes through them is recorded."""
        self._tell("READY=1", f"STATUS={status}")

    def stopping(self, status: str) -> None:
        """No more calls are taken."""
        self._tell("STOPPING=1", f"STATUS={status}")

    async def watched(self, alive: Callable[[], bool]) -> None:
        """Say again and again that the process is `alive`, for as long as its event loop turns."""
        while self.address is not None and self.watchdog is not None:
            if alive():
                # One that finds no room is not waited for: those before it are still to be read.
                self._tell("WATCHDOG=1", patience=0)
            await asyncio.sleep(self.watchdog / 2)

    def _tell(self, *lines: str, patience: float = PATIENCE) -> None:
        """Whoever does not listen is not told; that never ends a recording."""
        if self.address is None:
            return
        with (
            contextlib.suppress(OSError, ValueError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out,
        ):
            out.settimeout(patience)
            out.connect(_name(self.address))
            out.send("\n".join(each.replace("\n", " ") for each in lines).encode())


def _name(address: str) -> str:
    """`@name` stands for a socket in Linux's abstract namespace."""
    return f"\0{address[1:]}" if address.startswith("@") else address
