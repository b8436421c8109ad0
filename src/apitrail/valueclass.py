"""The decorator of the values that are made for every call.

To the type checker, `valueclass` is `dataclasses.dataclass`, so `frozen=True` means that nobody may set
a field. When the program runs, the class is not frozen: Python's frozen dataclasses take about four
times as long to make (`object.__setattr__` for each field), and that was a sixth of the CPU of a
call. Equality, hash and `replace` are those of a frozen dataclass.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as valueclass
else:

    def valueclass(*, frozen: bool, slots: bool = False, kw_only: bool = False) -> Any:
        """A dataclass that compares and hashes as a frozen one does."""
        return dataclass(slots=slots, kw_only=kw_only, unsafe_hash=frozen)


__all__ = ["valueclass"]
