"""Opens evidence by its path: a trail's directory, or a bundle."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from apitrail.errors import UsageError
from apitrail.evidence.bundle.archive import is_archive
from apitrail.trail import database
from apitrail.trail.reader import Reader

if TYPE_CHECKING:
    from apitrail.evidence.bundle import Bundle


def open_source(path: Path) -> Reader | Bundle:
    """The log at `path`, for reading; a context manager.

    Raises:
        UsageError: there is none.
        FormatError: it looks like a bundle and is not whole.
    """
    if not is_archive(path):
        check_there(path)
        if path.is_file():
            raise not_evidence(path)
        return Reader(path)
    from apitrail.evidence.bundle import Bundle

    return Bundle.open(path)


def check_there(path: Path) -> None:
    """Raises UsageError where a path that is to be a file is none, or one that cannot be read.

    One without a suffix is a trail's directory, which its reader looks for.
    """
    if path.suffix and not path.exists():
        raise UsageError(
            f"there is no file or directory {str(path)!r}",
            hint="`apitrail export` writes a bundle, `apitrail record` starts a trail",
        )
    if path.is_file():
        try:
            path.open("rb").close()
        except OSError as error:
            raise UsageError(
                f"cannot read {str(path)!r}: {error.strerror}", hint="check its permissions"
            ) from error


def not_evidence(path: Path) -> UsageError:
    """What to say of a file that is nothing of ours."""
    what = "is empty" if not path.stat().st_size else "is no trail, no bundle and no receipt"
    if path.name == database.FILE:
        hint = f"a trail is its directory: {str(path.parent)!r}"
    else:
        hint = "a trail is a directory of `apitrail record`, a bundle a file of `apitrail export`"
    return UsageError(f"{str(path)!r} {what}", hint=hint)
