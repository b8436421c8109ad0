"""A file of secrets, which is read only where nobody but its owner may read it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from apitrail.errors import UsageError


def read(path: Path, name: str | None = None, *, hint: str | None = None) -> bytes:
    """The content of a file of mode 0600 or less.

    Args:
        path: the file.
        name: what messages call it.
        hint: what to do where it cannot be read.

    Raises:
        UsageError: it cannot be read, or others may read it.
    """
    shown = name or repr(str(path))
    try:
        with path.open("rb") as file:
            # Of the opened file: the path may be given to another one in between.
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            content = file.read()
    except OSError as error:
        raise UsageError(f"cannot read {shown}: {error.strerror}", hint=hint) from error
    if mode & 0o077:
        raise UsageError(
            f"{shown} can be read by others (mode {mode:04o})", hint=f"chmod 600 {path}"
        )
    return content
