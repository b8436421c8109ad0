"""First seen: a caller with an operation, service, region, program, network, error, target or
grant that it never had.

Each new thing adds its surprise, weighed by what an attacker could do with it; what is new to the
whole account adds more. One caller's new things of the last hours are added up.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import log2

from apitrail.insights.caller import is_public
from apitrail.insights.habits import Caller, Habits, New
from apitrail.insights.insight import EVIDENCE, START, Attribution, Insight
from apitrail.insights.operation_rules import CRITICAL, SECRET, UNUSUAL, Worth
from apitrail.insights.operations import DESTRUCTIVE, worth
from apitrail.insights.seen import ROLES, Seen
from apitrail.insights.surprise import SLOT
from apitrail.insights.thresholds import DAY, HOUR, MINUTE, Thresholds

# kind → what its surprise counts for: where the call reads, where it writes, and how much of the
# account's surprise is added.
WEIGHTS = {
    "service": (0.1, 0.3, 0.3),
    "region": (0.3, 1.0, 0.8),
    "agent": (0.8, 1.0, 0.5),
    "network": (0.8, 0.9, 0.5),
    "error": (0.3, 0.5, 0.0),
    "target": (0.3, 0.3, 0.0),
    # To assume, or passed to a service: a new role says more than a new object to read.
    "role": (0.8, 0.9, 0.5),
    "grant": (1.0, 1.0, 0.8),
}
# Letting in somebody new is worth a look whatever the caller's habits are.
GRANT_PRIOR = 2.0
ATTACK_SYSTEM_PRIOR = 2.5
ROOT_PRIOR = 1.5
# Whoever is new meets something new all day.
NEW_CALLER = 0.8
MOVED = 0.7
# A caller that meets something new less often than this is a machine with a routine.
ROUTINE = 0.03
ROUTINE_READ = 3.0
PERSON_READ = 0.4
# How temporary keys begin.
TEMPORARY = "ASIA"
# Networks of callers that have a new one this often say nothing about the account.
RESTLESS = 0.2
OPERATIONS = frozenset({"read", "write", "rare", "critical"})
WRITES = frozenset({"write", "rare"})
# What plain writes of a machine add beyond their limit, and each new service beyond so many.
BEYOND = 0.45
SERVICES = 4
MANY_SERVICES = 0.5
# A caller that was never outside of private networks, and now is.
LEFT_HOUSE = 1.0
FEW_NETWORKS = 50
BUILDERS = frozenset({"terraform", "pulumi", "aws-cdk", "cloudformation.amazonaws.com"})
# What others do with these says nothing about the caller.
OWN = ("target", "error")
# Of these one counts: ten new networks in an hour are no ten surprises.
PLACES = ("network", "agent", "region", "error", "moved")
# A network or program that adds this much makes usual calls worth a look.
FRESH = 1.0
# What a usual call adds that comes from there.
FROM_NEW = 0.3
# What adds less is not kept.
LEAST = 0.1
EVIDENCE_OF_PLACE = 20
# So many keys are remembered.
KEYS = 50_000
# A network that is not of the internet says little.
PRIVATE = 0.2
# What else an insight rests on is trusted so many times later than where it came from.
TRUSTED_LATER = 2
# How much a doubling of the number of calls adds.
DOUBLING = 0.3
# Something that was told adds nothing more for so long.
MUTED = 24 * HOUR
# The same caller letting in the same by the same operation is told once in so long: some do it weekly.
GRANT_MUTED = 30 * DAY

WORDS = {
    "service": "the service {}",
    "region": "the region {}",
    "agent": "the program {!r}",
    "network": "the network {}",
    "error": "the error {}",
    "target": "{}",
    "role": "the role {}",
    "grant": "access for {}",
}


class FirstSeen:
    """The detector. `account` is what is usual for all callers together."""

    def __init__(self, thresholds: Thresholds) -> None:
        self._limits = thresholds
        self.account: Habits | None = None
        # Temporary key → the network that it was last used from.
        self._networks: dict[str, str] = {}

    def learn(self, call: Seen, caller: Caller) -> bool:
        """Learn a call; is there something that may be worth telling?"""
        time = call.time
        account = self.account
        if account is None:
            account = self.account = Habits(time)
        slot = time // SLOT
        if slot != account.slots.last:
            account.slots.visit(time)
        if slot != caller.slots.last:
            caller.slots.visit(time)
        moved = (
            call.key.startswith(TEMPORARY)
            and self._networks.get(call.key) != call.network
            and self._has_moved(call)
        )
        if call.kind == "AWSService":
            return False
        usual = (
            call.operation, call.network, call.agent, call.region, call.error, call.target,
            call.grants,
        )  # fmt: skip
        if not moved and usual in caller.combinations and not _adds(call, caller.window):
            return False
        self._forget(call, caller)
        self._add_new(call, caller, account, moved=moved)
        if all(caller.known[kind].knows(value) for kind, value in _values(call)):
            caller.combinations.add(usual)
        return bool(caller.window) and time - account.slots.first >= self._limits.learning

    def _has_moved(self, call: Seen) -> bool:
        """Does a temporary key come from another network than before?"""
        if not is_public(call.network):
            return False
        if len(self._networks) > KEYS:
            self._networks.clear()
        before = self._networks.get(call.key)
        self._networks[call.key] = call.network
        return before is not None

    def _forget(self, call: Seen, caller: Caller) -> None:
        limit = call.time - self._limits.memory
        for thing in [key for key, new in caller.window.items() if new.time < limit]:
            del caller.window[thing]

    def _add_new(self, call: Seen, caller: Caller, account: Habits, *, moved: bool) -> None:
        day = call.time // DAY
        if moved:
            self._add_moved(call, caller, day)
        for kind, value in _values(call):
            thing = kind, value
            if (new := caller.window.get(thing)) is not None:
                _again(new, call)
            if caller.known[kind].knows(value):
                if new is None and kind in OPERATIONS:
                    self._add_known(call, caller, thing)
                self._learn_account(call, caller, account, thing)
                continue
            again = ("granted", f"{call.operation} {value}") if kind == "grant" else thing
            if (
                new is None
                and max(caller.told.get(thing, 0), caller.told.get(again, 0)) < call.time
            ):
                found = _judged(call, caller, account, kind, value, day)
                if found.score >= LEAST:
                    caller.window[thing] = found
            self._learn(call, caller, account, thing)

    def _add_known(self, call: Seen, caller: Caller, thing: tuple[str, str]) -> None:
        """What a caller does every day is worth a look when a new network or program does it."""
        known = worth(call.operation, read_only=call.read_only)
        fresh = _is_fresh(caller, "agent", call.agent) or (
            _is_fresh(caller, "network", call.network) and is_public(call.network)
        )
        # Whoever travels looks at what they always look at.
        look = call.person and call.read_only and known.prior < SECRET.prior
        if fresh and known.prior > 0 and not look and caller.told.get(thing, 0) < call.time:
            words = f"{call.operation}, usual for this caller, comes from somewhere new"
            score = max(known.prior, FROM_NEW) if known.prior < CRITICAL else known.prior * 0.6
            caller.window[thing] = New(
                *thing,
                score,
                plain=False,
                time=call.time,
                words=words,
                usual=True,
                events=[call.id],
            )

    def _add_moved(self, call: Seen, caller: Caller, day: int) -> None:
        thing = "moved", call.key
        surprise = caller.surprise("moved", day) * MOVED
        if not caller.known["network"].knows(call.network) and caller.told.get(thing, 0) < call.time:  # fmt: skip
            words = f"the temporary key {call.key} is used from two networks"
            caller.window.setdefault(
                thing, New(*thing, surprise, plain=False, time=call.time, words=words, events=[call.id])
            )  # fmt: skip
        caller.known["moved"].meet(call.key, call.time, 1)

    def _learn(self, call: Seen, caller: Caller, account: Habits, thing: tuple[str, str]) -> None:
        kind, value = thing
        old = call.time - caller.slots.first > 10 * MINUTE
        caller.known[kind].meet(value, call.time, self._trust(kind), counts=old)
        self._learn_account(call, caller, account, thing)

    def _learn_account(
        self, call: Seen, caller: Caller, account: Habits, thing: tuple[str, str]
    ) -> None:
        kind, value = thing
        if kind in OWN or account.known[kind].knows(value):
            return
        restless = caller.chance(kind, call.time // DAY) > RESTLESS
        old = call.time - account.slots.first > DAY and not restless
        account.known[kind].meet(value, call.time, self._trust(kind), counts=old)

    def _trust(self, kind: str) -> int:
        days = self._limits.days_to_trust
        return days if kind in PLACES else days * TRUSTED_LATER

    def tell(self, call: Seen, caller: Caller) -> Iterator[Insight]:
        """What a call completes, after it was learnt."""
        account = self.account
        if account is None:
            return
        window = list(caller.window.values())
        score = _score(window, self._limits.plain_limit, person=call.person)
        if score < self._limits.first_seen:
            return
        yield _insight(call, caller, window)
        young = call.time - caller.slots.first < DAY
        for thing, new in caller.window.items():
            kind, value = thing
            caller.told[thing] = call.time + MUTED
            if kind == "grant":
                caller.told["granted", f"{new.operation} {value}"] = call.time + GRANT_MUTED
            if new.usual or new.plain:
                continue
            # What the caller did once it may do again; from where, with what and for whom stays
            # unusual, and so does what the account as a whole never saw.
            # Of a caller that is new itself, that was told.
            if kind not in OPERATIONS and not (young and kind in PLACES):
                caller.known[kind].suspect(value, call.time)
            if new.new_to_all:
                account.known[kind].suspect(value, call.time)
        caller.window.clear()
        caller.combinations.clear()


def _score(window: list[New], plain_limit: float, *, person: bool) -> float:
    """All together; of several networks (or programs, or regions) the most surprising counts."""
    total = plain = writes = 0.0
    services = 0
    places: dict[str, float] = {}
    for new in window:
        if new.kind in PLACES:
            places[new.kind] = max(places.get(new.kind, 0.0), new.score)
        elif new.plain:
            plain += new.score
            total += new.bonus
            if new.kind in WRITES:
                writes += new.score
            services += new.kind == "service"
        else:
            total += new.score + new.bonus
    if not person:
        # A machine with so many new writes, or in so many new services, has another task.
        total += BEYOND * max(0.0, writes - plain_limit)
        total += MANY_SERVICES * max(0, services - SERVICES)
    return total + min(plain, plain_limit) + sum(places.values())


def _adds(call: Seen, window: dict[tuple[str, str], New]) -> bool:
    """May a call of which nothing is new add to what is?"""
    return bool(window) and not window.keys().isdisjoint(_values(call))


def _is_fresh(caller: Caller, kind: str, value: str) -> bool:
    new = caller.window.get((kind, value))
    return new is not None and new.score >= FRESH


def _values(call: Seen) -> list[tuple[str, str]]:
    """What of a call may be new."""
    found = [
        ("network", call.network),
        ("agent", call.agent),
        ("region", call.region),
        ("service", call.service),
        (_kind(call), call.operation),
    ]
    if call.error:
        found.append(("error", call.error))
    if call.target:
        if call.name in ROLES:
            found.append(("role", call.target))
        else:
            found.append(("target", f"{call.operation} {call.target}"))
    found += [("grant", grant) for grant in call.grants]
    return found


def _kind(call: Seen) -> str:
    prior = worth(call.operation, read_only=call.read_only).prior
    if prior >= CRITICAL:
        return "critical"
    if call.read_only:
        return "read"
    return "rare" if prior >= UNUSUAL else "write"


def _judged(call: Seen, caller: Caller, account: Habits, kind: str, value: str, day: int) -> New:
    new_to_all = kind not in OWN and not account.known[kind].knows(value)
    surprise = caller.surprise(kind, day)
    if call.time - caller.slots.first < DAY:
        surprise = min(surprise, NEW_CALLER)
    restless = caller.chance(kind, day) > RESTLESS
    general = account.surprise(kind, day) if new_to_all and not restless else 0.0
    if kind in OPERATIONS:
        found = worth(call.operation, read_only=call.read_only)
        score = _operation(call, caller, found, surprise, general, day)
        # What is rare is plain where others in the account do it, where somebody is at a keyboard,
        # and for programs that make and unmake everything.
        usual_to_be_rare = call.person or call.agent in BUILDERS or not new_to_all
        plain = found.prior < (CRITICAL if usual_to_be_rare else UNUSUAL)
        words = call.operation
    else:
        reads, writes, of_all = WEIGHTS[kind]
        weight = reads if call.read_only else writes
        score = weight * (surprise + of_all * general) * _scale(call, kind)
        score += _prior(kind, value, new_to_all=new_to_all)
        if kind == "network" and _leaves_house(call, caller):
            score += LEFT_HOUSE
        plain = kind in {"service", "error", "target"}
        words = WORDS[kind].format(value)
    whom = "the account" if new_to_all else "this caller"
    return New(
        kind, value, score, plain=plain, time=call.time, words=f"{words} is new to {whom}",
        new_to_all=new_to_all, events=[call.id], operation=call.operation,
    )  # fmt: skip


def _operation(
    call: Seen, caller: Caller, found: Worth, surprise: float, general: float, day: int
) -> float:
    weight = found.weight
    if call.read_only and found.prior < 0.3:
        if call.person:
            weight *= PERSON_READ
        elif caller.chance("read", day) < ROUTINE:
            weight *= ROUTINE_READ
    prior = found.prior if general or found.prior < CRITICAL else found.prior * 0.7
    if call.kind == "Root" and not call.read_only:
        prior += ROOT_PRIOR
    return weight * (surprise + 0.7 * general) + prior


def _scale(call: Seen, kind: str) -> float:
    # A service that acts for a caller is no network of the caller's, and whoever is in a private
    # network is in the house already.
    return PRIVATE if kind == "network" and not is_public(call.network) else 1.0


def _leaves_house(call: Seen, caller: Caller) -> bool:
    known = caller.known["network"].values
    old = call.time - caller.slots.first > 3 * DAY
    return (
        old
        and len(known) < FEW_NETWORKS
        and is_public(call.network)
        and not any(map(is_public, known))
    )


def _prior(kind: str, value: str, *, new_to_all: bool) -> float:
    if kind == "grant":
        return GRANT_PRIOR if new_to_all else GRANT_PRIOR / 2
    return ATTACK_SYSTEM_PRIOR if kind == "agent" and " on " in value else 0.0


def _again(new: New, call: Seen) -> None:
    """The same again, soon after: many deletions are more than one."""
    new.count += 1
    if len(new.events) < (EVIDENCE if new.kind in OPERATIONS else EVIDENCE_OF_PLACE):
        new.events.append(call.id)
    if new.kind in PLACES:
        return
    if new.kind == "read":
        # One object is a read like any other; a hundred are a copy of them.
        if worth(call.operation, read_only=True).prior > 0:
            new.bonus = DOUBLING * log2(new.count)
    elif not new.plain or call.name.startswith(DESTRUCTIVE):
        new.bonus = DOUBLING * log2(new.count)


def _insight(call: Seen, caller: Caller, window: list[New]) -> Insight:
    most = max(window, key=lambda new: (new.kind in OPERATIONS, new.score, new.value))
    by_weight = sorted(window, key=lambda new: (-new.score, new.kind, new.value))
    events = dict.fromkeys((call.id, *(event for new in by_weight for event in new.events)))
    began = min(new.time for new in window)
    minutes = max(1, (call.time - began) // MINUTE)
    average = round(len(events) / minutes, 10)
    return Insight(
        kind="first-seen", name=most.kind, state=START, time=call.time, began=began,
        source=call.service, operation=call.name, caller=caller.name, region=call.region,
        account=call.account, events=tuple(events)[:EVIDENCE],
        why=tuple(new.words for new in by_weight),
        average=average, baseline=0.0, category=call.category,
        baseline_minutes=(began - caller.slots.first) // MINUTE,
        attributions=(
            Attribution(attribute="userIdentityArn", insight=((call.arn, average),)),
            Attribution(attribute="userAgent", insight=((call.user_agent, average),)),
            Attribution(attribute="errorCode", insight=((call.error or "null", average),)),
        ),
    )  # fmt: skip
