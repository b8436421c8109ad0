"""Which names mean the resource that is asked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from apitrail.query import Pattern, Value
from apitrail.remembered import remembered
from apitrail.state.alias import all_names


@dataclass(frozen=True, slots=True)
class Wanted:
    """The names and patterns of what is asked for; an ARN means no other ARN."""

    values: tuple[Value, ...]

    @property
    def texts(self) -> frozenset[str]:
        """Every name that the values spell out."""
        return all_names(value for value in self.values if isinstance(value, str))

    def means(self, names: Iterable[str]) -> bool:
        """Is it the resource of these names?"""
        return _means(self.values, tuple(names))


@remembered(4096, groups=True)
def _means(values: tuple[Value, ...], names: tuple[str, ...]) -> bool:
    arns = [name for name in names if name.startswith("arn:")]
    return any(_is_one(value, names, arns) for value in values)


def _is_one(value: Value, names: tuple[str, ...], arns: list[str]) -> bool:
    if isinstance(value, Pattern):
        return any(value.matches(name, exactly=True) for name in names)
    if value.startswith("arn:") and arns:
        return value in arns
    return not all_names((value,)).isdisjoint(all_names(names))
