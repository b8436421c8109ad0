"""What is kept of somebody outside who has seen a checkpoint."""

from __future__ import annotations

from dataclasses import dataclass

COSIGNATURE = "cosignature"
TIMESTAMP = "timestamp"

INSERT = "INSERT OR IGNORE INTO anchor(size, kind, name, data) VALUES (?, ?, ?, ?)"
# An anchored checkpoint is kept: verifiers find it by its size.
KEEP = "INSERT OR IGNORE INTO checkpoint(size, note) VALUES (?, ?)"


@dataclass(frozen=True, slots=True)
class Anchor:
    """A cosignature's line or a timestamp's token over the kept checkpoint of `size`.

    `name` is the witness's key as NAME+ID, or the authority's URL.
    """

    size: int
    kind: str
    name: str
    data: bytes

    def row(self) -> tuple[int, str, str, bytes]:
        """The values of its row."""
        return self.size, self.kind, self.name, self.data
