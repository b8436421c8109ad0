"""Insights of one run and of all."""

import json


def test_a_run_sees_those_that_rest_on_its_calls_alone(ask, own):
    [told] = ask(own, "insights")["insights"]
    assert (told["kind"], told["operation"], told["state"]) == ("first-seen", "iam:CreateUser", "Start")  # fmt: skip
    assert len(told["events"]) == 2
    assert "mary" not in json.dumps(told)
    assert "theirs" not in json.dumps(told)


def test_all_runs_have_them_whole_by_the_page(ask, every):
    first = ask(every, "insights", max_results=1)
    assert first["insights"][0]["why"] == ["mary does it 40 times a day"]
    second = ask(every, "insights", max_results=1, next_token=first["next_token"])
    assert (second["insights"][0]["eventID"], second["next_token"]) == ("own", None)


def test_they_are_chosen_by_kind_and_time(ask, own):
    assert ask(own, "insights", kind="rate")["insights"] == []
    assert ask(own, "insights", start_time="2030-01-01")["insights"] == []
