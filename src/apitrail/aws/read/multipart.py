"""The form fields of a browser-based upload (RFC 7578), up to the file, which is not read."""

from __future__ import annotations

import re

from apitrail.aws.read.scalars import Doubts

# "POST object": form data before the file is at most 20 KB.
_MOST_BYTES = 64 * 1024
_MOST_FIELDS = 256

_BOUNDARY = re.compile(r';\s*boundary=(?:"([^"]{1,200})"|([^\s;"]{1,200}))', re.IGNORECASE)
_NAME = re.compile(rb';\s*name=(?:"([^"\r\n]*)"|([^\s;"]+))', re.IGNORECASE)


def fields(content_type: str, body: bytes, doubts: Doubts | None = None) -> dict[str, str]:
    """First values by lower-cased name of the fields in front of `file`; junk gives none.

    `doubts` are told of names that are given twice.
    """
    boundary = _BOUNDARY.search(content_type)
    if boundary is None:
        return {}
    # latin-1 is how headers came in; a boundary outside it cannot occur.
    mark = b"--" + (boundary[1] or boundary[2]).encode("latin-1", "replace")
    found: dict[str, str] = {}
    parts = body[:_MOST_BYTES].split(mark, _MOST_FIELDS + 1)
    # The last piece may be cut off, or be the file.
    for part in parts[1:-1]:
        head, blank, value = part.partition(b"\r\n\r\n")
        name = _NAME.search(head)
        if not blank or name is None:
            continue
        key = (name[1] or name[2] or b"").decode("utf-8", "replace").lower()
        if key == "file":
            break
        if doubts is not None and key in found:
            doubts.twice(key)
            if doubts.turned:
                del found[key]
        found.setdefault(key, value.removesuffix(b"\r\n").decode("utf-8", "replace"))
    return found
