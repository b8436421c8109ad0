from apitrail.policy.budget import Budget
from apitrail.policy.drawn import Drawn
from apitrail.policy.guard_question import Question
from apitrail.policy.spending import NOBODY, Spending, scopes

CALLS = Budget.parse("apitrail:spent/run/calls/ec2:RunInstances")
BYTES = Budget.parse("apitrail:spent/label.team/bytes/s3:*")


def drawn(action, run="r1", team="a", *, length=10):
    amounts = {"calls": 1, "bytes": length, "instances": 0, "tokens": 0}
    return Drawn((action,), {"run": run, "label.team": team}, amounts)


def would(spending, call):
    found = spending.asked(Question(), call)
    return {key: values[0] for key, values in found.keys.items()}, found.unknown


def test_a_call_that_comes_is_in_the_sum_with_those_on_their_way():
    spending = Spending((CALLS, BYTES))
    run = drawn("ec2:RunInstances")
    assert would(spending, run) == ({CALLS.key: "1", BYTES.key: "0"}, frozenset())
    spending.draw("one", run)
    assert would(spending, run)[0][CALLS.key] == "2"
    # Another run has a budget of its own, and other actions see what was spent without them.
    assert would(spending, drawn("ec2:RunInstances", run="r2"))[0][CALLS.key] == "1"
    assert would(spending, drawn("ec2:StopInstances"))[0][CALLS.key] == "1"
    spending.release("one")
    spending.release("one")
    assert would(spending, run)[0][CALLS.key] == "1"


def test_what_was_drawn_in_fact_counts_in_the_end():
    spending = Spending((BYTES,))
    spending.draw("one", drawn("s3:PutObject", length=100))
    spending.settle("one", drawn("s3:PutObject", length=30))
    spending.settle("one", drawn("s3:PutObject", length=30))
    spending.draw("two", drawn("s3:PutObject", length=5))
    spending.close("two")
    spending.release("two")
    assert would(spending, drawn("s3:PutObject", length=1))[0][BYTES.key] == "36"


def test_what_nobody_can_tell_is_unknown_to_the_guards():
    spending = Spending((BYTES,))
    keys, unknown = would(spending, drawn("s3:PutObject", length=None))
    assert (keys, unknown) == ({}, {BYTES.key})
    assert would(spending, drawn("ec2:StopInstances", length=None))[1] == frozenset()


def test_calls_of_nobody_count_together():
    assert scopes((BYTES,), None, None) == {
        "run": NOBODY, "operator": NOBODY, "all": NOBODY, "label.team": NOBODY,
    }  # fmt: skip
    run = {"id": "r1", "labels": {"Team": "a"}}
    assert scopes((BYTES,), run, "mary")["label.team"] == "a"
    assert scopes((BYTES,), run, "mary")["operator"] == "mary"


def test_a_call_of_which_nothing_is_known_counts_among_all():
    every = Budget.parse("apitrail:spent/all/calls/*")
    spending = Spending((every, CALLS))
    spending.spent(Drawn((), {}, {"calls": 1, "bytes": None, "instances": 0, "tokens": 0}))
    assert dict(spending.sums) == {(every.key, NOBODY): 1}
