"""One call on a page: who and how that is known, its proof, what is around it."""

from __future__ import annotations

import re
from uuid import UUID

import pytest

import trails
from apitrail.event import Event, dump, load
from apitrail.tlog.proof import Proof
from apitrail.trail.rows import Draft
from browsing import Pages

ID = {number: str(UUID(int=number + 1)) for number in range(30)}


def test_it_says_who_did_what_and_how_that_is_known(pages):
    page = pages.get(f"/event/{ID[8]}")
    assert page.status == 200
    for words in (
        "user2 deleted the user target8",
        "10.0.0.3",
        "AKIA0000000000000002",
        "build=1234",
        "by a test",
    ):
        assert words in page.text


def test_the_start_of_an_id_will_do_where_it_is_one_events(pages):
    assert pages.get(f"/event/{ID[21]}.json").json["event"]["eventName"] == "GetRole"
    assert pages.get("/event/ffffffff").status == 404
    assert "events begin with '00000000'" in pages.get("/event/00000000").text


def test_what_is_around_it_shares_caller_run_or_resource(pages):
    around = pages.get(f"/event/{ID[8]}.json").json["around"]
    assert around == [
        {"same": "caller", "name": "user2", "previous": ID[5], "next": ID[11]},
        {"same": "run", "name": "run-1", "previous": None, "next": ID[9]},
        {"same": "resource", "name": "target8", "previous": None, "next": None},
    ]
    assert f"/event/{ID[11]}" in pages.get(f"/event/{ID[8]}").links


def test_it_stands_beside_the_last_call_of_the_same_operation(pages):
    found = pages.get(f"/event/{ID[8]}.json").json
    assert found["lastOfOperation"] == ID[5]
    differences = {each["member"]: (each["before"], each["now"]) for each in found["differences"]}
    assert differences["asked UserName"] == ("target5", "target8")
    assert "who" not in differences
    assert pages.get(f"/event/{ID[21]}.json").json["lastOfOperation"] is None


def test_its_place_in_the_log_is_checked_and_the_proof_is_a_file(pages):
    found = pages.get(f"/event/{ID[3]}.json").json
    assert [check["holds"] for check in found["checks"]] == [True] * 3
    answer = pages.get(f"/event/{ID[3]}/proof")
    proof = Proof.parse(answer.body)
    assert proof.index == found["entry"]["index"]
    assert proof.check(bytes.fromhex(found["entry"]["leafHash"]), [trails.SIGNER.verifier])


def test_content_that_was_altered_is_said(tmp_path):
    trails.make(tmp_path / "trail", calls=3)
    with trails.forge(tmp_path / "trail") as database:
        database.execute(
            "UPDATE facet SET data = (SELECT data FROM facet WHERE idx = 3 AND tag = 'who') WHERE idx = 4 AND tag = 'who'"
        )
    page = Pages(tmp_path / "trail").get(f"/event/{ID[2]}")
    assert "Does not hold: entry 4: facet 'who' was altered" in page.text


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ("aws-cli", "aws iam create-user"),
        ("boto3", "iam.create_user("),
        ("curl", "Action=CreateUser"),
    ],
)
def test_it_is_written_as_a_command_and_as_a_program(tmp_path, form, words):
    facets = trails.call(0)
    what = load(facets["what"])
    what["call"] |= {"service": "iam", "operation": "CreateUser", "status": 200}
    facets["what"] = dump(what)
    draft = Draft(kind="api", facets=facets, row=Event.parse(facets).row())
    trails.write(tmp_path / "trail", lambda trail: trail.append(draft))
    page = Pages(tmp_path / "trail").get(f"/event/{ID[0]}/as/{form}")
    assert page.status == 200
    assert words in page.text.replace("client('iam')", "")


def test_there_is_no_other_form(pages):
    assert "No form 'perl'" in pages.get(f"/event/{ID[0]}/as/perl").text


def test_what_was_redacted_is_told_from_what_was_not(tmp_path):
    facets = trails.call(0)
    secret = f"redacted:hmac-sha256:81420524:{'o' * 43}:64"
    http = {"method": "POST", "target": "/", "headers": []}
    del facets["reqbody"]
    facets["request"] = dump({"parameters": {"Password": f"a{secret}b"}, "http": http})
    draft = Draft(kind="api", facets=facets, row=Event.parse(facets).row())
    trails.write(tmp_path / "trail", lambda trail: trail.append(draft))
    page = Pages(tmp_path / "trail").get(f"/event/{ID[0]}")
    assert "aredacted, 64 bytesb" in page.text
    assert "never reached the log: asked" in page.text
    assert "apitrail find-value" in page.text
    assert "Secrets never reach the log" in page.text
    assert page.text.count("Its body held a secret, so the bytes are not kept") == 1


def test_a_page_stays_small_whatever_was_asked_and_answered(tmp_path):
    drafts = []
    for number in range(2):
        facets = trails.call(number * 3)
        much = {f"<Key{n}>": f"{'<&>' * 400}{number}" for n in range(500)}
        headers = [[f"X-{n}", "&" * 500] for n in range(100)]
        http = {"method": "POST", "target": "/", "headers": headers}
        facets["request"] = dump({"parameters": much, "http": http})
        facets["response"] = dump({"result": much, "http": {"status": 200, "headers": headers}})
        facets["reqbody"] = facets["resbody"] = b'<a b="&">' * 20_000
        drafts.append(Draft(kind="api", facets=facets, row=Event.parse(facets).row()))
    trails.write(tmp_path / "trail", lambda trail: trails.append_each(trail, drafts))
    pages = Pages(tmp_path / "trail")
    page = pages.get(f"/event/{ID[3]}")
    assert len(page.body) < 150_000
    assert "more, in the JSON" in page.text
    assert len(pages.get(f"/event/{ID[3]}.json").json["differences"]) > 900
    resource = pages.get("/resource/target3")
    assert (resource.status, len(resource.body) < 150_000) == (200, True)


def test_a_browser_can_check_it_by_itself(pages):
    html = pages.get(f"/event/{ID[8]}").html
    assert f'data-check="/export?event-id={ID[8]}&amp;format=bundle"' in html
    assert f'value="{trails.SIGNER.verifier}"' in html
    [leaf] = re.findall(r'data-leaf="([0-9a-f]{64})"', html)
    assert f"leaf {leaf}" in html
