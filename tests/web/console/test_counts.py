"""Values with their counts, each a step to fewer calls."""

from __future__ import annotations

import pytest

from apitrail.source import Tally
from apitrail.web.console import counts
from apitrail.web.console.url_state import UrlState


class Labelled:
    """A source of two runs."""

    @staticmethod
    def run_labels():
        yield "r1", {"build": "7"}
        yield "r2", {"build": "7", "team": "a"}


def groups(state=None, **values):
    given = {name: values.get(name, {}) for name in counts.COLUMNS}
    tally = Tally(calls=0, is_all=True, values=given, times=(), failed=())
    return {g.name: g for g in counts.groups(Labelled(), tally, state or UrlState())}


def test_most_calls_come_first_and_the_rest_is_said():
    found = groups(event_name={f"N{n}": n for n in range(1, 10)} | {None: 99})["event-name"]
    assert [each.value for each in found.choices] == ["N9", "N8", "N7", "N6", "N5", "N4"]
    assert found.more == 3


def test_what_is_chosen_is_shown_whatever_its_rank_and_leads_back():
    state = UrlState.parse([("event-name", "N1"), ("event-name", "Z")])
    found = groups(state, event_name={f"N{n}": n for n in range(1, 10)})["event-name"]
    chosen = {each.value: (each.calls, each.href) for each in found.choices if each.chosen}
    assert chosen == {"N1": (1, "/?event-name=Z"), "Z": (0, "/?event-name=N1")}


@pytest.mark.parametrize("word", ["iam", "iam.amazonaws.com"])
def test_a_service_is_known_by_its_short_name(word):
    state = UrlState.parse([("event-source", word)])
    [choice] = groups(state, event_source={"iam.amazonaws.com": 3})["event-source"].choices
    assert (choice.text, choice.chosen, choice.href) == ("iam", True, "/")


def test_one_error_takes_the_place_of_another():
    state = UrlState.parse([("error", "A")])
    found = groups(state, error={"A": 1, "B": 2})["error"]
    assert found.choices[0].href == "/?error=B"


def test_labels_are_counted_by_their_runs():
    found = groups(run={"r1": 2, "r2": 3})["label"]
    assert [(each.value, each.calls) for each in found.choices] == [("build=7", 5), ("team=a", 3)]


def test_where_nothing_is_known_there_is_no_group():
    assert groups(region={None: 4}) == {}


def test_more_values_are_asked_for_by_name():
    names = {f"N{n:02}": 99 - n for n in range(60)}
    found = groups(event_name=names)["event-name"]
    assert (found.more, found.more_href) == (54, "/?more=event-name")
    state = UrlState.parse([("more", "event-name"), ("region", "eu-west-1")])
    asked = groups(state, event_name=names, username=names)
    assert (len(asked["event-name"].choices), asked["event-name"].more_href) == (40, None)
    assert len(asked["username"].choices) == 6
    assert (
        asked["event-name"].choices[-1].href == "/?event-name=N39&region=eu-west-1&more=event-name"
    )
