from apitrail.policy.decision import Decision
from apitrail.policy.guard_trial import Tried, tally


def tried(index, run, effect, statement=None, action="s3:PutObject", reason=None):
    decision = Decision(
        effect=effect, guard="prod", statement=statement, action=action, reason=reason
    )
    return Tried(index=index, event_id="e", name="s3:PutObject", run=run, decision=decision)


def test_calls_are_counted_by_run_and_statement():
    calls, refused, rows = tally([
        tried(3, "r1", "allow"),
        tried(4, "r1", "deny", "NoPut"),
        tried(5, "r1", "deny", "NoPut"),
        tried(6, None, "deny"),
        tried(7, "r2", "watch", "Mark"),
        tried(8, "r2", "deny", action=None, reason="two calls"),
    ])  # fmt: skip
    assert (calls, refused) == (6, 4)
    assert rows == [
        ["r1", "prod", "NoPut", "s3:PutObject", "2", "4"],
        ["-", "prod", "nothing allows it", "s3:PutObject", "1", "6"],
        ["r2", "prod", "Mark (watch)", "s3:PutObject", "1", "7"],
        ["r2", "prod", "cannot be told", "s3:PutObject", "1", "8"],
    ]
