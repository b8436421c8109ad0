"""The history of a resource that several runs touched."""

import json


def test_a_run_reads_its_own_part_and_is_told_that_there_may_be_more(ask, own):
    answer = ask(own, "history", resource="shared")
    assert [each["entry"] for each in answer["history"]] == [7, 4]
    assert "theirs" not in json.dumps(answer)
    assert "mary" not in json.dumps(answer)
    assert answer["statement"][0] == "only calls of this run are shown: others may have read or changed shared"  # fmt: skip


def test_all_runs_have_the_whole(ask, every):
    answer = ask(every, "history", resource="shared", max_results=2)
    assert [each["entry"] for each in answer["history"]] == [7, 5]
    rest = ask(every, "history", resource="shared", max_results=2, next_token=answer["next_token"])
    assert [each["entry"] for each in rest["history"]] == [4]
    assert "no other changes of shared" in answer["statement"][0]


def test_a_resource_of_others_has_no_history_here(ask, own, every):
    assert ask(own, "history", resource="nobodys")["history"] == []
    assert ask(own, "history", resource="*")["arns"] == [
        "arn:aws:iam::123456789012:user/other\\x1b[31m",
        "arn:aws:iam::123456789012:user/shared", "arn:aws:iam::123456789012:user/wanted",
    ]  # fmt: skip
    assert len(ask(every, "history", resource="nobodys")["history"]) == 1
