"""What a worker is given to begin with."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from apitrail.identity import Known
from apitrail.recording.config_file import Configuration
from apitrail.recording.recorder import Policy
from apitrail.recording.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """How to record into which trail, whom its calls have taught of, and how many workers there are.

    `policy` is the recorder's, as it was read when that began. `journal` is where this worker writes the calls that it lets through.
    `acts` are what happened before this worker began: names and arguments of what it is asked for.
    """

    directory: Path
    origin: str
    settings: Settings
    configured: Configuration
    known: Known
    policy: Policy
    journal: Path
    workers: int
    acts: Sequence[tuple[object, ...]] = ()

    def dump(self) -> bytes:
        """For a process of the same program, over a socket that has no name."""
        return pickle.dumps(self, pickle.HIGHEST_PROTOCOL)

    @classmethod
    def load(cls, data: bytes) -> Orders:
        """Inverse of `dump`; `data` came from the process that started this one."""
        found = pickle.loads(data)  # noqa: S301
        assert isinstance(found, cls)
        return found
