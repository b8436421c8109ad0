"""A tree that was exported, and every way to change it."""

from __future__ import annotations

import gzip
import json
import shutil

import pytest

import delivering
import trails
from apitrail.delivery.logfiles import file_checkpoint, log_directory, tree_check
from apitrail.delivery.logfiles.tree import CHECKPOINT, MANIFEST, SIDECAR, Tree, is_tree
from apitrail.entry import TAGS
from apitrail.evidence import maintenance, verify
from apitrail.tlog import note
from apitrail.tlog.checkpoint import Checkpoint
from apitrail.trail.statements import Target
from delivering import HOUR, MINUTE, NOW


def said(tree, trail, **options):
    options = {"trust": delivering.trust(trail)} | options
    report = tree_check.verify_tree(tree.directory, **options)
    return str(report.verdict), report.message


def test_an_export_holds(tree, trail):
    assert is_tree(tree.directory)
    verdict, message = said(tree, trail)
    assert verdict == "OK"
    assert message.startswith("6 calls in 3 log files under 3 digests, complete and unaltered")


@pytest.mark.parametrize("name", [MANIFEST, CHECKPOINT])
def test_without_the_logs_word_nothing_holds(tree, trail, name):
    tree.remove(name)
    verdict, message = said(tree, trail)
    assert verdict == "TRUNCATED"
    assert f"{name} is missing" in message
    assert is_tree(tree.directory)


def test_an_edited_manifest_is_not_what_was_signed(tree, trail):
    tree.put(MANIFEST, (tree.read(MANIFEST) or b"").replace(b'"every": 3600', b'"every": 7200'))
    assert said(tree, trail) == ("TAMPERED", f"{MANIFEST} is not what was signed")


def test_a_manifest_of_an_older_head_is_not_signed_for(tree, trail):
    old = tree.read(CHECKPOINT) or b""
    delivering.record(trail, [delivering.at(NOW, 9)])
    log_directory.export(trail, tree.directory, now=NOW + MINUTE)
    tree.put(CHECKPOINT, old)
    assert said(tree, trail) == ("TAMPERED", f"{MANIFEST} is not what was signed")


def test_a_key_nobody_trusts(tree, trail):
    assert said(tree, trail, trust=verify.Trust((), "known_logs"))[0] == "UNTRUSTED-KEY"


@pytest.mark.parametrize("key", ["x", "AWSLogs/x.json.gz", "apitrail/other", "AWSLogs/.hidden"])
def test_a_stranger_is_named(tree, trail, key):
    tree.put(key, b"x")
    assert said(tree, trail) == ("TAMPERED", f"{key} is in no manifest")


def test_a_link_is_not_the_file(tree, trail):
    [log, *_] = tree.manifest().logs
    path = tree.path(log.key)
    path.rename(tree.directory.parent / "elsewhere")
    path.symlink_to(tree.directory.parent / "elsewhere")
    assert said(tree, trail) == ("TAMPERED", f"{log.key} is not what it was")


def test_a_missing_middle_is_tampering_and_a_missing_end_truncation(tree, trail):
    logs = tree.manifest().logs
    tree.remove(logs[1].key)
    assert said(tree, trail) == ("TAMPERED", f"{logs[1].key} is missing")
    tree.put(logs[1].key, b"")
    log_directory.export(trail, tree.directory, now=NOW)
    tree.remove(logs[2].key)
    assert said(tree, trail) == ("TRUNCATED", f"{logs[2].key} is missing")


def test_a_sidecar_is_part_of_the_evidence(tree, trail):
    [first, second, _] = tree.manifest().digests
    tree.put(first.key + SIDECAR, b"{}")
    tree.remove(second.key + SIDECAR)
    verdict, message = said(tree, trail)
    assert verdict == "TAMPERED"
    assert f"{first.key}{SIDECAR} is not what it was" in message
    assert f"{second.key}{SIDECAR} is missing" in message


def test_a_download_has_no_sidecars_and_says_so(tree, trail):
    for each in tree.manifest().digests:
        tree.remove(each.key + SIDECAR)
    verdict, message = said(tree, trail)
    assert verdict == "OK"
    assert "without what S3 keeps beside digests" in message


def test_a_tree_of_yesterday_holds_and_is_told_from_a_given_checkpoint(tree, trail):
    delivering.record(trail, [delivering.at(NOW, 9)])
    newest = (trail / "checkpoint").read_text()
    known = verify.Trust(delivering.trust(trail).verifiers, "known_logs", (newest,))
    verdict, message = said(tree, trail, trust=known)
    assert verdict == "OK"
    assert "the log has had 7 entries since" in message
    verdict, message = said(tree, trail, since=newest)
    assert verdict == "TRUNCATED"
    assert message == "the tree is of 6 entries, and the checkpoint given of 7"


def test_two_logs_of_one_key_are_a_fork(tree, trail, tmp_path):
    other = tmp_path / "other"
    (other / "keys").mkdir(parents=True, mode=0o700)
    shutil.copy(trail / "keys" / "log.key", other / "keys" / "log.key")
    delivering.record(other, [delivering.at(HOUR + n, 50 + n) for n in range(6)])
    verdict, message = said(tree, trail, since=(other / "checkpoint").read_text())
    assert verdict == "FORK"
    assert "another root at 6" in message


@pytest.mark.parametrize("which", ["old", "new"])
def test_a_changed_key_is_followed_from_either_side(trail, tmp_path, which):
    old = delivering.trust(trail)
    maintenance.rotate(trail)
    log_directory.export(trail, tmp_path / "tree", now=NOW)
    trust = old if which == "old" else delivering.trust(trail)
    assert said(Tree(tmp_path / "tree"), trail, trust=trust)[0] == "OK"


def test_an_erasure_is_stated(tree, trail):
    trails.write(trail, lambda t: t.erase([Target(2, TAGS)]), signer=delivering.signer(trail))
    made = log_directory.export(trail, tree.directory, now=NOW)
    report = tree_check.verify_tree(tree.directory, delivering.trust(trail))
    assert str(report).startswith("OK with 1 erasure: 6 calls in ")
    assert "what is recorded of 1 call was erased, as the log says" in report.message
    [log] = [log for log in made.logs if log.erased]
    assert len(json.loads(gzip.decompress(tree.read(log.key) or b""))["Records"]) == 1


def test_members_of_a_later_version_are_named_and_hold(trail, tmp_path):
    tree = Tree(tmp_path / "tree")
    made = log_directory.export(trail, tree.directory, now=NOW)
    later = json.loads(made.dump())
    later["weather"] = {"every": 1}
    for log in later["logs"]:
        log["colour"] = None
    data = json.dumps(later).encode()
    head = Checkpoint.parse(note.Note.parse(made.checkpoint).text)
    tree.put(MANIFEST, data)
    tree.put(CHECKPOINT, file_checkpoint.vouch(head, data, delivering.signer(trail)).encode())
    report = tree_check.verify_tree(tree.directory, delivering.trust(trail))
    assert str(report.verdict) == "OK"
    assert report.message.endswith(
        "4 members of manifests that this apitrail does not know (logs.colour, weather), verified "
        "as bytes alone"
    )
    assert report.to_json()["unknown"] == {"logs.colour": 3, "weather": 1}
    # Bytes they are all the same: what is not signed does not hold.
    tree.put(MANIFEST, data.replace(b"weather", b"climate"))
    assert said(tree, trail) == ("TAMPERED", f"{MANIFEST} is not what was signed")


def test_where_all_is_known_nothing_is_said_of_it(tree, trail):
    assert "does not know" not in said(tree, trail)[1]
