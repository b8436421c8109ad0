"""Lists that lead to pages."""

from __future__ import annotations


def test_callers_and_operators_by_their_calls(pages):
    found = {
        each["name"]: (each["about"], each["calls"])
        for each in pages.get("/who.json").json["found"]
    }
    assert found["user0"] == ("caller", 8)
    assert found["ci"] == ("operator", 5)
    assert "<John>" in found
    assert "/who/%3CJohn%3E" in pages.get("/who").links


def test_runs_with_their_labels(pages):
    [run] = pages.get("/run.json").json["found"]
    assert (run["name"], run["about"], run["calls"]) == ("run-1", "build=1234", 2)
    assert "/run/run-1" in pages.get("/run").links


def test_what_was_changed_of_late_and_not_what_was_read(pages):
    found = [each["name"] for each in pages.get("/resource.json").json["found"]]
    assert found[:2] == ["Mary & co", "target18"]
    assert "target4" not in found
    assert pages.get("/resource").status == 200


def test_each_row_leads_to_a_page_that_is_there(pages):
    for url in ("/who", "/run", "/resource"):
        for each in pages.get(f"{url}.json").json["found"]:
            assert pages.get(each["page"]).status == 200
