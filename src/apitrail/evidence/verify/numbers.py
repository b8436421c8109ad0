"""A set of numbers that mostly follow each other, in a bit or so for each."""

from __future__ import annotations

from collections.abc import Iterable

# So many numbers share their bytes.
_PAGE = 1 << 12


class Numbers:
    """Whole numbers, which a set would keep in some 70 bytes each."""

    def __init__(self) -> None:
        self._pages: dict[int, bytearray] = {}

    def add(self, numbers: Iterable[int]) -> None:
        """Add these."""
        for number in numbers:
            page, at = divmod(number, _PAGE)
            if (bits := self._pages.get(page)) is None:
                bits = self._pages[page] = bytearray(_PAGE // 8)
            bits[at >> 3] |= 1 << (at & 7)

    def __contains__(self, number: object) -> bool:
        if not isinstance(number, int):
            return False
        page, at = divmod(number, _PAGE)
        bits = self._pages.get(page)
        return bits is not None and bool(bits[at >> 3] >> (at & 7) & 1)
