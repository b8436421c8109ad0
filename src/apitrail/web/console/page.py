"""A page before it has a form: what it shows, and the command that gives the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """`shown` is what the template named `template` shows, and what the page's JSON has.

    `helpers` are for the template alone, such as URLs of other states.
    """

    template: str
    title: str
    shown: Mapping[str, object]
    command: str | None = None
    status: int = 200
    helpers: Mapping[str, object] | None = None
