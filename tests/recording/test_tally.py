"""What a recorder counts."""

from __future__ import annotations

from apitrail.recording.tally import Tally


def test_a_denied_call_is_one_of_all_and_of_its_run():
    tally = Tally()
    tally.call("run")
    tally.call(None)
    tally.deny("run")
    assert (tally.calls, tally.denied) == (3, 1)
    assert (tally.run_calls["run"], tally.run_denied["run"]) == (2, 1)


def test_calls_that_did_not_pass_are_counted_apart():
    tally = Tally()
    tally.reject()
    tally.refuse_ambiguous()
    assert (tally.calls, tally.rejected, tally.ambiguous) == (0, 1, 1)
