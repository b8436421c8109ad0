"""What one caller did."""

from __future__ import annotations


def test_it_tells_since_when_what_and_what_failed(pages):
    found = pages.get("/who/user0.json").json
    assert (found["kind"], found["calls"], found["errors"]) == ("caller", 8, 2)
    assert [
        each["value"] for g in found["groups"] if g["name"] == "event-name" for each in g["values"]
    ] == ["CreateUser", "GetRole"]
    assert found["accessKeys"] == [["AKIA0000000000000000", 8]]
    page = pages.get("/who/user0")
    assert "8 calls, 2 failed" in page.text
    assert "/?username=user0" in page.links


def test_a_key_and_an_operator_are_callers_too(pages):
    assert pages.get("/who/AKIA0000000000000001.json").json["kind"] == "access key"
    found = pages.get("/who/ci.json").json
    assert (found["kind"], found["calls"]) == ("operator", 5)
    assert "apitrail events --operator ci" in pages.get("/who/ci").text


def test_names_that_need_care_in_a_url(pages):
    [link] = {
        each for each in pages.get("/?event-name=CreateUser").links if each.startswith("/who/%3C")
    }
    assert pages.get(link).status == 200
    assert "&lt;John&gt;" in pages.get(link).html


def test_nobody_of_that_name(pages):
    page = pages.get("/who/nobody")
    assert (page.status, "Nobody here is called 'nobody'" in page.text) == (404, True)
