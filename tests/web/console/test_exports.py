"""What is shown, as a file: the same calls, and evidence of them."""

from __future__ import annotations

import csv
import io
import json

import pytest

import trails
from apitrail.evidence import bundle


def test_csv_and_json_lines_have_the_calls_that_are_shown(pages):
    rows = list(
        csv.DictReader(io.StringIO(pages.get("/export?format=csv&event-name=GetUser").html))
    )
    assert len(rows) == 7
    lines = pages.get("/export?format=jsonl&event-name=GetUser&error=*").html.splitlines()
    assert {json.loads(line)["eventName"] for line in lines} == {"GetUser"}


def test_a_bundle_of_what_is_shown_proves_it(pages, tmp_path):
    answer = pages.get("/export?format=bundle&event-name=GetRole&prove-complete=true")
    assert answer.headers["content-disposition"].endswith('.zip"')
    (tmp_path / "evidence.zip").write_bytes(answer.body)
    report = bundle.verify_file(tmp_path / "evidence.zip", trails.TRUST, step=lambda _: None)
    assert report.holds
    assert "none but these" in report.message


def test_a_page_that_checks_itself_is_a_file_and_runs_nothing_here(pages):
    answer = pages.get("/export?format=html&event-name=GetRole")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.html.startswith("<!doctype html>")


@pytest.mark.parametrize("query", ["format=pdf", "format=csv&prove-complete=true", "since=soon"])
def test_what_cannot_be_exported_is_said(pages, query):
    assert pages.get(f"/export?{query}").status == 400
