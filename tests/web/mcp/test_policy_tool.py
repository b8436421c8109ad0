"""The least privilege of one run and of all."""

import json


def test_a_run_needs_what_its_own_calls_needed(ask, own, every):
    answer = ask(own, "policy")
    assert (answer["calls"], answer["refused_left_out"]) == (2, 2)
    [policy] = answer["policies"]
    assert policy["Statement"][0]["Action"] == "iam:CreateUser"
    assert "DeleteUser" not in json.dumps(answer)
    assert "iam:DeleteUser" in json.dumps(ask(every, "policy"))


def test_refused_calls_count_if_wanted(ask, own):
    assert "iam:DeleteUser" in json.dumps(ask(own, "policy", denied=True))


def test_nothing_needs_nothing(ask, own):
    assert ask(own, "policy", start_time="2030-01-01")["policies"] == []
