"""Numbers as they are stored: with their lowest byte first, whatever machine this is."""

from __future__ import annotations

import sys
from array import array


def little_endian(numbers: array[int]) -> array[int]:
    """These numbers, turned from this machine's order into the stored one, or back; in place."""
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
