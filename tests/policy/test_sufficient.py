"""The policy of recorded calls: it allows each of them, needs each of its parts, names what exists."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from apitrail.iam.known_actions import spelled
from apitrail.policy import document
from apitrail.policy.guard import Guard
from apitrail.policy.kept_call import KeptCall, Memory
from apitrail.policy.least import statements
from apitrail.policy.needed import needs
from apitrail.policy.recorded_question import recorded_question
from policy.every_operation import SERVICES, SHARDS, events


def check(found):
    """How many calls had a policy, and how many parts of one were not needed."""
    tried, idle = 0, []
    for event in found:
        kept = KeptCall.parse(event.facets())
        asked, needed = recorded_question(kept, Memory()), needs([(0, kept)])
        assert all(spelled(name) == name for name in needed.levels)
        if asked.doubt or needed.untold:
            continue
        tried += 1
        written = statements(needed)
        assert decides(written, asked) == "allow", event
        for number, each in enumerate(written):
            for less in without(each):
                rest = [*written[:number], *less, *written[number + 1 :]]
                if rest and decides(rest, asked) == "allow":
                    idle.append(event.call)
    return tried, idle


def decides(written, asked):
    return Guard.parse("policy", json.dumps(document.guard(written))).decide(asked).effect


def without(statement):
    """The statement with one action or one resource less."""
    for name in ("actions", "resources"):
        values = getattr(statement, name)
        for value in values:
            left = tuple(each for each in values if each != value)
            yield [replace(statement, **{name: left})] if left else []


def test_a_sample_of_calls():
    tried, idle = check(events(SERVICES[::25], step=17))
    assert tried > 30
    assert not idle


@pytest.mark.conformance
@pytest.mark.timeout(900)
@pytest.mark.parametrize("shard", range(SHARDS))
def test_every_operation(shard, tally):
    tried, idle = check(events(SERVICES[shard::SHARDS], step=1))
    tally("calls allowed by their own policy", tried, tried)
    assert not idle
