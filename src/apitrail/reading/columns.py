"""Columns that fit a screen: what may be cut, what is left out first, and how it is coloured."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

GAP = "  "
_LEAST = 8

# ANSI's "select graphic rendition" (ECMA-48 §8.3.117).
BOLD, DIM, RED, GREEN, YELLOW = "1", "2", "31", "32", "33"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    It is cut to `least` characters at the most (None: never), the later the higher its `weight`,
    and at its beginning where the `tail` tells more. Of the columns with a `rank` the one with the
    highest is left out first where cutting is not enough. `style` colours a cell.
    """

    header: str
    least: int | None = _LEAST
    rank: int = 0
    style: Callable[[str], str] | None = None
    weight: int = 1
    tail: bool = False


def plain(headers: Sequence[str]) -> list[Column]:
    """Columns of which all may be cut and none is left out."""
    return [Column(header) for header in headers]


def laid_out(
    rows: Sequence[Sequence[str]], columns: Sequence[Column], width: int | None, *, colour: bool
) -> Iterator[str]:
    """A header and the rows, aligned; cells are printable already."""
    lines = [[column.header for column in columns], *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(columns))]
    fitting = dict(enumerate(widths)) if width is None else fitted(widths, columns, width)
    for number, line in enumerate(lines):
        cells = [_fit(line[i], size, tail=columns[i].tail) for i, size in fitting.items()]
        cells[-1] = cells[-1].rstrip()
        if colour:
            styles = [columns[i].style if number else _bold for i in fitting]
            cells = [_styled(cell, style) for cell, style in zip(cells, styles, strict=True)]
        yield GAP.join(cells).rstrip()


def needed(widths: Sequence[int]) -> int:
    """The width of a line with cells of these widths."""
    return sum(widths) + len(GAP) * (len(widths) - 1)


def fitted(widths: Sequence[int], columns: Sequence[Column], width: int) -> dict[int, int]:
    """The columns that stay, and how wide each is."""
    least = [
        size if column.least is None else min(size, max(column.least, len(column.header)))
        for size, column in zip(widths, columns, strict=True)
    ]
    kept = list(range(len(columns)))
    while needed([least[i] for i in kept]) > width:
        ranked = [i for i in kept if columns[i].rank]
        if not ranked:
            break
        kept.remove(max(ranked, key=lambda i: columns[i].rank))
    sizes = {i: widths[i] for i in kept}
    while needed(list(sizes.values())) > width:
        widest = max(kept, key=lambda i: (sizes[i] - least[i]) / columns[i].weight)
        if sizes[widest] <= least[widest]:
            break
        sizes[widest] -= 1
    return sizes


def _fit(cell: str, size: int, *, tail: bool) -> str:
    if len(cell) <= size:
        return cell.ljust(size)
    return f"…{cell[1 - size :]}" if tail else f"{cell[: size - 1]}…"


def _styled(cell: str, style: Callable[[str], str] | None) -> str:
    code = style(cell.strip()) if style else ""
    return f"\x1b[{code}m{cell}\x1b[0m" if code else cell


def _bold(_: str) -> str:
    return BOLD


def dim(_: str) -> str:
    """What is read last."""
    return DIM


def by_outcome(cell: str) -> str:
    """Success is quiet, doubt is yellow, failure is red."""
    return {"ok": GREEN, "unknown": YELLOW, "no answer": YELLOW}.get(cell, RED)
