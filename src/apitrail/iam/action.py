"""One action that IAM would authorise, and how IAM sorts actions by what they do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from apitrail.valueclass import valueclass

type Level = Literal["List", "Read", "Write", "Tagging", "Permissions management"]
type Keys = Mapping[str, tuple[str, ...]]
"""Context keys in lower case, each with its values."""

HARMLESS: frozenset[Level] = frozenset({"List", "Read"})


@valueclass(frozen=True, slots=True, kw_only=True)
class Action:
    """An action such as `s3:PutObject`.

    `resources` are ARNs; `*` in one stands for what is not known of it, such as the account. None
    says that it takes a resource which could not be told, `("*",)` that it takes none. `known`
    says that IAM has an action of this name. `acts` says that it works through something else:
    a function, a job, credentials that are used elsewhere. `deletes` says that something that was
    there is gone afterwards. `optional` says that it need not be on a resource and that none was named:
    `resources` are then all it could have been on. `implied` says that AWS asks for it
    besides the call's own action.
    """

    name: str
    level: Level
    resources: tuple[str, ...] | None = ("*",)
    keys: Keys = field(default_factory=dict)
    known: bool = True
    acts: bool = False
    deletes: bool = False
    optional: bool = False
    implied: bool = False

    @property
    def service(self) -> str:
        """IAM's prefix."""
        return self.name.partition(":")[0]
