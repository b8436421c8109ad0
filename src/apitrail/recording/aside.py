"""Work that may hang, in a thread that keeps nothing from ending."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable


async def aside[T](work: Callable[[], T], name: str) -> T:
    """What `work` gives or raises. Who waits no longer leaves the thread behind."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def run() -> None:
        try:
            found = work()
        except Exception as error:  # noqa: BLE001 - a defect too must not be waited for
            _tell(lambda failed=error: done.set_exception(failed))  # type: ignore[misc]
        else:
            _tell(lambda: done.set_result(found))

    def _tell(set_it: Callable[[], None]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended: nobody waits any more
            loop.call_soon_threadsafe(lambda: None if done.done() else set_it())

    threading.Thread(target=run, name=name, daemon=True).start()
    return await done
