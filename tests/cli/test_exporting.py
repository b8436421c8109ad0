"""`apitrail export`."""

import json

import pytest

import trails
from apitrail.trail.keys import Keys


def test_events_are_exported_as_data(cli):
    status, out, _ = cli("export", "--format", "jsonl", "--event-name", "CreateUser", "-o", "-")
    assert status == 0
    assert {json.loads(line)["eventName"] for line in out.splitlines()} == {"CreateUser"}


@pytest.fixture
def keyed(tmp_path):
    """A trail with its key, and that key."""
    directory = tmp_path / "keyed"
    signer = Keys.of(directory).generate(trails.ORIGIN)
    trails.write(directory, lambda trail: trails.append_each(
        trail, [trails.opening(), *map(trails.draft, range(4))]
    ), signer=signer)  # fmt: skip
    return directory, str(signer.verifier)


def test_receipts_go_to_a_directory_and_hold_by_the_key_alone(cli, keyed, tmp_path):
    trail, vkey = keyed
    out = tmp_path / "receipts"
    asked = ("export", "--format", "cose", "--event-name", "CreateUser", "-o", str(out))
    status, _, err = cli(*asked, on=trail)
    assert (status, err.splitlines()[-1]) == (0, f"apitrail: 2 calls in {out}")
    status, said, _ = cli("verify", str(out), "--key", vkey)
    assert (status, said) == (
        0, "OK: 2 receipts hold, of entries 1 to 4 of a log of 6 entries\n"
    )  # fmt: skip
    status, said, _ = cli("verify", str(out / "4.cose"), "--key", vkey, "--output", "json")
    assert (status, json.loads(said)["index"]) == (0, 4)
    status, said, _ = cli("verify", str(out / "4.cose"))
    assert (status, said.split(":")[0]) == (1, "UNTRUSTED-KEY")
    status, _, err = cli(*asked, on=trail)
    assert (status, "is not empty" in err) == (2, True)


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ([], "receipts need a directory"),
        (["-o", "-"], "receipts need a directory"),
        (["-o", "out", "--facet", "who"], "opens no part of a call"),
        (["-o", "out", "--prove-complete"], "proves no completeness"),
        (["-o", "out"], "signed by the log's key, and it is not in"),
    ],
)
def test_what_receipts_cannot_be_is_said(cli, more, problem):
    status, _, err = cli("export", "--format", "cose", *more)
    assert status != 0
    assert problem in err
    assert "hint: " in err


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("--facet", "what"), "leave out --facet"),
        (("--prove-complete",), "leave out --facet"),
        (("--digest-every", "1h"), "leave out --facet"),
        (("--error",), "a filter would look like a hole"),
        ((), "a lake needs a directory"),
    ],
)
def test_a_lake_is_of_everything_and_in_a_directory(cli, asked, said, tmp_path):
    where = ("-o", str(tmp_path / "lake")) if asked else ()
    status, _, err = cli("export", "--format", "parquet", *asked, *where)
    assert status == 2
    assert said in err


def test_an_hour_that_is_not_over_is_a_lakes_alone(cli):
    status, _, err = cli("export", "--format", "jsonl", "--unfinished")
    assert (status, "--unfinished is for --format parquet" in err) == (2, True)
