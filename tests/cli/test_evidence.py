"""`apitrail verify`."""

import io
import json
import sys
import zipfile

import pytest

import trails
import witnessing
from apitrail.__main__ import run
from apitrail.cli import evidence
from apitrail.delivery import cose_directory
from apitrail.evidence import receipt
from apitrail.evidence.witness import submission
from apitrail.tlog import policy as policies
from apitrail.tlog.mldsa_cosignature import parse_verifier
from apitrail.trail.reader import Reader


def test_a_log_that_holds_is_ok(cli, trail):
    status, out, err = cli("verify", "--key", str(trails.SIGNER.verifier))
    assert status == 0
    assert out.startswith("OK: ")
    assert "1. schema" in err


def test_a_changed_log_is_not(cli, trail):
    with trails.forge(trail) as database:
        database.execute("UPDATE event SET time = time + 1 WHERE idx = 3")
    status, out, _ = cli("verify", "--key", str(trails.SIGNER.verifier))
    assert status == 1
    assert out.startswith("TAMPERED: entry 3")


def test_json_for_scripts(cli):
    _, out, _ = cli("verify", "--key", str(trails.SIGNER.verifier), "--output", "json")
    assert json.loads(out)["verdict"] == "OK"


LOG = str(trails.SIGNER.verifier)


@pytest.fixture
def witnessed(tmp_path, trail):
    """A policy of one witness of ours, which has seen the trail, and which answers on a real port."""
    with witnessing.witness(tmp_path / "witness", LOG) as (witness, url), Reader(trail) as reader:
        head = submission.Head.of(str(reader.tail()))
        key = policies.PolicyWitness("w", parse_verifier(witness.vkeys[0]), url)
        submission.of_trail(trail, head, key, old=0, seconds=30)
        path = tmp_path / "policy"
        path.write_text(f"log {LOG}\nwitness w {witness.vkeys[0]} {url}\nquorum w\n")
        yield path


def test_without_the_quorum_it_is_unwitnessed(cli, witnessed):
    status, out, err = cli("verify", "--policy", str(witnessed))
    assert (status, out.split(":")[0]) == (1, "UNWITNESSED")
    assert "11. witnesses: the quorum 'w'" in err
    assert "hint: whoever holds the log's key can rewrite all of it" in err


def test_witnesses_are_asked(cli, witnessed):
    status, out, _ = cli("verify", "--policy", str(witnessed), "--ask", "--output", "json")
    said = json.loads(out)
    assert (status, said["verdict"]) == (0, "OK")
    assert said["witnessed"]["seen"] == ["w"]
    assert "unless the witness w lies" in said["message"]
    assert said["trustedBy"] == repr(str(witnessed))


def test_a_witness_that_does_not_answer_is_told(cli, tmp_path):
    path = tmp_path / "policy"
    path.write_text(
        f"log {LOG}\nwitness w {witnessing.vkey('w.example')} http://127.0.0.1:1/\nquorum w\n"
    )
    status, out, err = cli("verify", "--policy", str(path), "--ask")
    assert (status, out.split(":")[0]) == (1, "UNWITNESSED")
    assert "http://127.0.0.1:1/ did not answer" in err


def test_a_policy_without_a_log_leaves_the_key_to_the_option(cli, tmp_path):
    path = tmp_path / "policy"
    path.write_text("quorum none\n")
    assert cli("verify", "--policy", str(path))[1].startswith("UNTRUSTED-KEY")
    assert cli("verify", "--policy", str(path), "--key", LOG)[0] == 0


@pytest.mark.parametrize(
    ("text", "arguments", "problem"),
    [
        ("quorum none\n", ["--ask"], "nobody is named to ask"),
        (
            f"log {LOG}\nquorum none\n",
            ["--policy", "POLICY", "--key", LOG],
            "is given with --key too",
        ),
        ("quorum x\n", ["--policy", "POLICY"], "line 1: 'x' is neither a witness nor a group"),
        ("quorum none\n", ["--policy", "GONE"], "cannot read the policy"),
        (
            "quorum none\n",
            ["--policy", "POLICY", "s3://bucket/x"],
            "holds no cosignatures, and no timestamps",
        ),
    ],
)
def test_a_policy_that_cannot_be_used_is_refused(cli, tmp_path, text, arguments, problem):
    (tmp_path / "policy").write_text(text)
    names = {"POLICY": str(tmp_path / "policy"), "GONE": str(tmp_path / "gone")}
    status, out, err = cli("verify", *(names.get(each, each) for each in arguments))
    assert (status, out) == (2, "")
    assert problem in err


def test_a_fork_is_written_down_for_a_third_person(cli, tmp_path, trail):
    other = trails.make(tmp_path / "other", 3)
    with Reader(other) as reader:
        (tmp_path / "seen").write_text(str(reader.tail()))
    out = tmp_path / "fork.json"
    arguments = ["verify", "--key", LOG, "--since", str(tmp_path / "seen")]
    status, said, err = cli(*arguments, "--misbehaviour", str(out))
    assert (status, said.split(":")[0]) == (1, "FORK")
    assert "shows two histories" in err
    status, said, _ = cli("verify", "--key", LOG, str(out))
    assert status == 0
    assert "has signed two histories: one of 7 entries" in said


def test_a_receipt_shows_that_its_log_was_rewritten(cli, tmp_path, trail):
    path = tmp_path / "1.tlog-proof"
    path.write_text(str(receipt.of_trail(trail, 1)))
    asked = ("verify", "--key", LOG, "--since", str(path))
    status, out, _ = cli(*asked)
    assert (status, out.split(":")[0]) == (0, "OK since 16")
    other = tmp_path / "other"
    trails.write(other, lambda log: trails.append_all(log, [trails.draft(n) for n in range(9, 40)]))
    fork = tmp_path / "fork.json"
    status, out, _ = cli(*asked, "--misbehaviour", str(fork), on=other)
    assert (status, out.split(":")[0]) == (1, "FORK")
    assert cli("verify", str(fork), "--key", LOG)[0] == 0


@pytest.mark.parametrize("option", ["--since", "--tsa"])
def test_a_receipt_is_checked_by_itself(cli, tmp_path, trail, option):
    found = receipt.of_trail(trail, 1)
    path = tmp_path / "1.tlog-proof"
    path.write_text(str(found))
    status, out, _ = cli("verify", str(path), "--key", LOG)
    assert (status, out.startswith("OK: entry 1, run at ")) == (0, True)
    (tmp_path / "pem").write_text(witnessing.CERTIFICATE)
    status, _, err = cli("verify", str(path), "--key", LOG, option, str(tmp_path / "pem"))
    assert (status, "a receipt is checked by itself" in err) == (2, True)


def test_no_fork_leaves_no_file(cli, tmp_path, trail):
    with Reader(trail) as reader:
        (tmp_path / "seen").write_text(str(reader.tail()))
    out = tmp_path / "fork.json"
    arguments = ["verify", "--key", LOG, "--misbehaviour", str(out)]
    assert cli(*arguments, "--since", str(tmp_path / "seen"))[0] == 0
    assert not out.exists()
    status, _, err = cli(*arguments)
    assert (status, "there is nothing to compare with" in err) == (2, True)


@pytest.fixture
def rewritten(tmp_path):
    """Another log, as large, that the same key has signed: what root on the recorder's host can write."""
    directory = tmp_path / "rewritten"
    drafts = [trails.draft(number, user="nobody") for number in range(30)]
    trails.write(directory, lambda trail: trails.append_all(trail, drafts))
    return directory


def kept_by(cli, trail, tmp_path, holder):
    """What a holder of the honest log brings along, as options of `verify`."""
    if holder == "known_logs":
        assert run(["key", "trust", LOG]) == 0
        assert cli("verify")[0] == 0  # has seen it
        return ()
    path = tmp_path / "held"
    if holder == "a receipt":
        path.write_text(str(receipt.of_trail(trail, 3)))
    elif holder == "the file anchor":
        path.write_text((trail / "checkpoint").read_text())
    elif holder == "a bundle":
        assert cli("export", "-o", str(path))[0] == 0
    elif holder == "a page":
        assert cli("export", "--format", "html", "-o", str(path))[0] == 0
    else:
        with Reader(trail) as source:
            out = tmp_path / "receipts"
            cose_directory.write(source, [3], out, signer=trails.SIGNER, issued=1)
        path = out / "checkpoint"
    return ("--key", LOG, "--since", str(path))


@pytest.mark.parametrize(
    "holder", ["known_logs", "the file anchor", "a receipt", "a bundle", "a page", "COSE receipts"]
)
def test_every_holder_refuses_a_rewritten_log(cli, trail, tmp_path, rewritten, holder):
    held = kept_by(cli, trail, tmp_path, holder)
    assert cli("verify", *held)[0] == 0
    status, out, _ = cli("verify", *held, on=rewritten)
    assert (status, out.split(":")[0]) == (1, "FORK")


def test_the_policy_of_a_verifier_who_has_never_seen_it_refuses_it_too(cli, witnessed, rewritten):
    status, out, _ = cli("verify", "--policy", str(witnessed), on=rewritten)
    assert (status, out.split(":")[0]) == (1, "UNWITNESSED")
    status, out, _ = cli("verify", "--policy", str(witnessed), "--ask", on=rewritten)
    assert (status, out.split(":")[0]) == (1, "FORK")


def test_progress_on_a_terminal_has_a_rate(monkeypatch, trail):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stderr", Terminal())
    with evidence._progress(trail) as progress:
        progress(3)
        progress(4)
    written = sys.stderr.getvalue()
    assert "7/16" in written
    assert "/s" in written


def test_all_is_checked_anyway_without_a_checkpoint(cli, trail):
    status, _, err = cli("verify", "--key", LOG, "--whole")
    assert (status, "--whole is for --since" in err) == (2, True)


@pytest.mark.parametrize("form", ["bundle", "cose"])
def test_evidence_that_was_put_into_a_trail_does_not_stand_for_it(cli, trail, tmp_path, form):
    """Else whoever can write there would have a changed log pass for what was handed over of it."""
    if form == "bundle":
        path = tmp_path / "b.zip"
        assert cli("export", "-o", str(path))[0] == 0
        zipfile.ZipFile(path).extractall(trail)
    else:
        with Reader(trail) as source:
            cose_directory.write(source, [3], tmp_path / "out", signer=trails.SIGNER, issued=1)
        for path in (tmp_path / "out").glob("3.*"):
            (trail / path.name).write_bytes(path.read_bytes())
    with trails.forge(trail) as database:
        database.execute("UPDATE event SET time = time + 1 WHERE idx = 3")
    status, out, _ = cli("verify", str(trail), "--key", LOG)
    assert (status, out.split(":")[0]) == (1, "TAMPERED")
    assert cli("events")[0] == 0
