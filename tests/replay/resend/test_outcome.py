"""What became of each call, and of all."""

from apitrail.replay.resend.outcome import Outcome, Summary
from studio import recorded

CALL = recorded(service="iam", operation="CreateUser")


def outcome(verdict, **fields):
    return Outcome(call=CALL, verdict=verdict, **fields)


def test_a_line_says_which_call_and_what_became_of_it():
    [line, *_] = outcome("failed", reason="NoSuchEntity instead of success").lines()
    assert "failed" in line
    assert "iam:CreateUser" in line
    assert any("NoSuchEntity" in each for each in outcome("failed", reason="NoSuchEntity").lines())


def test_all_hold_where_each_repeated_its_outcome():
    assert Summary.of([outcome("same"), outcome("different")]).holds
    assert not Summary.of([outcome("same"), outcome("failed")]).holds
    assert not Summary.of([outcome("skipped", reason="x")]).holds


def test_the_summary_counts():
    counts = Summary.of([outcome("same"), outcome("same"), outcome("failed")]).to_json()
    assert counts["same"] == 2
    assert counts["failed"] == 1
