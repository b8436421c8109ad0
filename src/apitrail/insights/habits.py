"""What is usual for one caller, and for the account as a whole."""

from __future__ import annotations

from dataclasses import dataclass, field

from apitrail.insights.surprise import Known, Slots

# What of a call may be new.
KINDS = (
    "read", "write", "rare", "critical", "service", "region", "agent", "network", "error", "target", "role", "grant", "caller",
    "moved",
)  # fmt: skip


@dataclass(slots=True)
class New:
    """Something new that a caller did in the last hours, and what it adds."""

    kind: str
    value: str
    score: float
    plain: bool
    time: int
    words: str
    operation: str = ""
    # Usual for this caller, but not from there.
    usual: bool = False
    new_to_all: bool = False
    count: int = 1
    bonus: float = 0.0
    events: list[str] = field(default_factory=list)


class Habits:
    """The values that a caller was seen with, and how often it meets new ones."""

    __slots__ = ("known", "slots")

    def __init__(self, time: int) -> None:
        self.slots = Slots(time)
        self.known = {kind: Known() for kind in KINDS}

    def surprise(self, kind: str, day: int) -> float:
        """How surprising something new of this kind is."""
        return self.known[kind].surprise(self.slots.count, day)

    def chance(self, kind: str, day: int) -> float:
        """How likely it is in ten minutes."""
        return self.known[kind].chance(self.slots.count, day)


class Caller(Habits):
    """One caller: its habits, what it did that was new, and what was told of that."""

    __slots__ = ("combinations", "name", "told", "window")

    def __init__(self, name: str, time: int) -> None:
        super().__init__(time)
        self.name = name
        # Calls of which nothing is new are told by one look-up.
        self.combinations: set[tuple[object, ...]] = set()
        self.window: dict[tuple[str, str], New] = {}
        self.told: dict[tuple[str, str], int] = {}
