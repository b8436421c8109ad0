"""Each digest is signed and names the one before."""

from __future__ import annotations

from dataclasses import replace

import delivering
from apitrail.delivery.logfiles import file_checkpoint, log_directory, tree_check
from apitrail.delivery.logfiles.tree import CHECKPOINT, MANIFEST, SIDECAR, Tree
from apitrail.tlog import note
from apitrail.tlog.checkpoint import Checkpoint
from delivering import NOW


def said(tree, trail, **options):
    options = {"trust": delivering.trust(trail)} | options
    report = tree_check.verify_tree(tree.directory, **options)
    return str(report.verdict), report.message


def test_a_digest_of_another_chain_does_not_pass_by_its_hashes(trail, tmp_path):
    # Whoever has the log's key could list anything: the digests are looked into all the same.
    tree = Tree(tmp_path / "tree")
    made = log_directory.export(trail, tree.directory, now=NOW)
    one, two, three = made.digests
    forged = replace(made, digests=(one, three))
    head = Checkpoint.parse(note.Note.parse(made.checkpoint).text)
    signed = file_checkpoint.vouch(head, forged.dump(), delivering.signer(trail))
    tree.put(MANIFEST, forged.dump())
    tree.put(CHECKPOINT, signed.encode())
    tree.remove(two.key)
    tree.remove(two.key + SIDECAR)
    verdict, message = said(tree, trail)
    assert verdict == "TAMPERED"
    assert f"{three.key}: its signature is not good" in message
    assert f"{made.logs[1].key}: no digest speaks of it" in message
