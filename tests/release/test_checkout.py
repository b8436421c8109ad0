"""What a release is made of, and why a checkout is not what one should be made of."""

from __future__ import annotations

import os
import subprocess

import pytest

from release import checkout

WHO = {f"GIT_{who}_{what}": "x@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}  # fmt: skip


@pytest.fixture
def clone(tmp_path):
    root = tmp_path / "clone"
    (root / "src/apitrail").mkdir(parents=True)
    (root / "src/apitrail/__init__.py").write_text('__version__ = "1.2.3"\n')
    (root / "CHANGELOG.md").write_text("## [1.2.3] - 2026-12-01\n")
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "x"], ["tag", "v1.2.3"]):
        git(root, *words)
    return root


def git(root, *words):
    date = {"GIT_AUTHOR_DATE": "@1700000000 +0000", "GIT_COMMITTER_DATE": "@1700000000 +0000"}
    subprocess.run(["git", *words], cwd=root, check=True, env={**os.environ, **WHO, **date})


@pytest.fixture(autouse=True)
def _as_committed(monkeypatch):
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    for name, value in WHO.items():
        monkeypatch.setenv(name, value)


def test_a_tagged_commit_with_its_changes_told_is_a_release(clone):
    assert list(checkout.doubts(clone)) == []
    assert checkout.epoch(clone) == 1700000000


def test_what_is_missing_is_said(clone):
    (clone / "CHANGELOG.md").write_text("## [Unreleased]\n")
    git(clone, "tag", "-d", "v1.2.3")
    uncommitted, untagged, untold = checkout.doubts(clone)
    assert "not committed" in uncommitted
    assert "no tag 'v1.2.3'" in untagged
    assert "no section '1.2.3'" in untold


def test_it_is_made_of_what_git_knows_as_it_is(clone, tmp_path):
    (clone / "left-behind.whl").write_text("x")
    (clone / "CHANGELOG.md").write_text("changed\n")
    made = checkout.export(clone, tmp_path / "made")
    assert {path.name for path in made.iterdir()} == {"src", "CHANGELOG.md"}
    assert (made / "CHANGELOG.md").read_text() == "changed\n"


def test_of_a_source_distribution_it_is_made_of_all_that_is_there(clone, tmp_path, monkeypatch):
    (clone / ".git").rename(tmp_path / "away")
    made = checkout.export(clone, tmp_path / "made")
    assert (made / "src/apitrail/__init__.py").is_file()
    assert list(checkout.doubts(clone)) == []
    assert checkout.epoch(clone) == 1580601600
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1800000000")
    assert checkout.epoch(clone) == 1800000000
