"""Says that the file of a guard is not any more what the recorder goes by.

A guard is read once: the log has the text that is in force, budgets are added up for it, and workers have
compiled it. Whoever changes the file is told that it does not count yet.
"""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

from apitrail.aside import in_thread
from apitrail.log_lines import Tell
from apitrail.policy.guards import Guards

# Between two looks, in seconds.
GAP = 2.0


class ChangedGuards:
    """Looks at the files of these guards; `tell` is whoever started the recorder."""

    def __init__(self, guards: Guards, tell: Tell, gap: float = GAP) -> None:
        self._guards = [each for each in guards.stack if each.path is not None]
        self._tell = tell
        self._gap = gap
        self._told: dict[str, str | None] = {}

    async def watch(self, stopping: asyncio.Event) -> None:
        """Look until `stopping`, and once at least; there may be nothing to look at."""
        while self._guards:
            await in_thread(self.look)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), self._gap)
                return

    def look(self) -> None:
        """Tell of each change once."""
        for guard in self._guards:
            text = _read(Path(guard.path or ""))
            if text != self._told.get(guard.name, guard.text):
                self._told[guard.name] = text
                if text != guard.text:
                    became = "is gone" if text is None else "has changed"
                    self._tell(
                        f"the file of guard {guard.name!r} {became}: the guard holds as it was read, "
                        "until the recorder is started again",
                        "warning",
                    )


def _read(path: Path) -> str | None:
    try:
        return path.read_text("utf-8", errors="replace")
    except OSError:
        return None
