"""Log files and digests, written to a directory."""

from __future__ import annotations

import pytest

import delivering
from apitrail.delivery.logfiles import log_directory, tree_check
from apitrail.errors import UsageError
from delivering import MINUTE, NOW


def said(tree, trail, **options):
    options = {"trust": delivering.trust(trail)} | options
    report = tree_check.verify_tree(tree.directory, **options)
    return str(report.verdict), report.message


def test_an_export_is_brought_up_to_date_in_place(tree, trail):
    before = {name: tree.read(name) for name in tree.names() if name.startswith("AWSLogs")}
    delivering.record(trail, [delivering.at(NOW, 9)])
    made = log_directory.export(trail, tree.directory, now=NOW + MINUTE)
    assert len(made.logs) == 4
    assert {name: tree.read(name) for name in before} == before
    assert said(tree, trail)[0] == "OK"


def test_something_else_is_not_written_over(trail, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis").write_text("x")
    with pytest.raises(UsageError, match="holds something else"):
        log_directory.export(trail, tmp_path / "full", now=NOW)
    with pytest.raises(UsageError, match="is not a directory"):
        log_directory.export(trail, tmp_path / "full" / "thesis", now=NOW)
