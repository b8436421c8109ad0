from apitrail.aws.call import Call
from apitrail.policy.guarding import Around, question
from apitrail.policy.loading import load

DELETE = question(Call(service="sqs", operation="DeleteQueue", parameters={}), Around())
READ = question(Call(service="sqs", operation="ListQueues", parameters={}), Around())


def test_a_call_must_pass_each_guard():
    both = load(["no-delete", "read-only"], {})
    assert both.decide(READ).effect == "allow"
    assert (both.decide(DELETE).effect, both.decide(DELETE).guard) == ("deny", "no-delete")


def test_guards_that_only_watch_mark_what_they_would_refuse():
    decision = load(["read-only"], {}, watching=True).decide(DELETE)
    assert (decision.effect, decision.would, decision.refuses) == ("watch", "deny", False)
    assert load(["read-only"], {}, watching=True).decide(READ).effect == "allow"


def test_the_log_has_their_texts():
    guards = load(["read-only"], {})
    [entry] = guards.entries()
    assert (entry.name, entry.sha256) == ("read-only", guards.stack[0].sha256)
    assert guards.to_json() == [["read-only", entry.sha256]]
    assert not load([], {})
