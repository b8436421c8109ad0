"""The older head of a log that `--since CHECKPOINT` is given."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from apitrail.evidence import bundle, receipt


def read(since: BinaryIO | None) -> str | None:
    """Its signed note: of a checkpoint, or the one of a receipt, a bundle or a page.

    What is none of these is given back as it is.
    """
    if since is None:
        return None
    path = Path(since.name)
    if path.is_file() and bundle.is_archive(path):
        with bundle.Bundle.open(path) as opened:
            return opened.checkpoint_note
    return receipt.checkpoint_of(since.read().decode("utf-8", "replace"))
