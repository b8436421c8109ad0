"""Errors that tell of this machine and not of a message: no memory, no descriptors, a broken disk.

Taken for a fault of the message they would become a doubt about a call that is sound.
"""

from __future__ import annotations

import errno
import zlib
from xml.parsers import expat

_ERRNOS = frozenset({errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.EIO})

# zlib has no code on its exception; -4 is Z_MEM_ERROR (zlib.h).
_ZLIB = "Error -4 "


def is_shortage(error: Exception) -> bool:
    """Would the same message be read with more of what this machine lacks?"""
    match error:
        case MemoryError():
            return True
        case OSError():
            return error.errno in _ERRNOS
        case zlib.error():
            return str(error).startswith(_ZLIB)
        case expat.ExpatError():
            return error.code == expat.errors.codes[expat.errors.XML_ERROR_NO_MEMORY]
        case _:
            return False
