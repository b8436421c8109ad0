"""A page of evidence is judged as the bundle in it, and must tell what the bundle's report tells."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from apitrail.delivery import export
from apitrail.evidence.bundle import is_archive, page_file
from apitrail.evidence.opening import open_source
from apitrail.query import Filter
from apitrail.trail.reader import Reader
from evidence.bundle import evidence, judges
from evidence.bundle.edits import Case
from evidence.bundle.evidence import SECOND, Story
from evidence.bundle.judges import Standalone

type Both = Callable[[bytes], tuple[str, str, str | None]]


@pytest.fixture
def both(case: Case, standalone: Standalone, tmp_path: Path) -> Both:
    """The one verdict of `apitrail verify` and verify.py on a page, and the package's message and hint."""

    def judged(page: bytes) -> tuple[str, str, str | None]:
        path = tmp_path / "evidence.html"
        path.write_bytes(page)
        report = judges.agreed(path, standalone, case.signer.verifier)
        return str(report.verdict), report.message, report.hint

    return judged


def page(bundle: bytes) -> bytes:
    return page_file.write(bundle, evidence.files(bundle)["report.html"])


def test_a_page_gives_the_verdict_of_its_bundle(case: Case, both: Both, tmp_path: Path) -> None:
    path = tmp_path / "bundle.zip"
    for bundle in (case.plain, case.complete):
        path.write_bytes(bundle)
        report = judges.by_package(path, case.signer.verifier)
        assert both(page(bundle)) == ("OK", report.message, None)


def test_a_page_of_a_mutant_is_tampered_with(case: Case, both: Both) -> None:
    def alter(content: dict[str, bytes]) -> None:
        content[f"events/{case.first}/facets/what"] += b" "

    assert both(page(evidence.changed(case.plain, alter)))[0] == "TAMPERED"


def test_what_the_page_tells_must_be_the_bundle_s_report(case: Case, both: Both) -> None:
    honest = page(case.plain)
    assert b"user/alice" in honest
    altered = honest.replace(b"user/alice", b"user/mary")
    assert both(altered)[:2] == (
        "TAMPERED",
        "the report on this page is not the one in its bundle",
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda html: html.replace(b"</body>", b'<script type="application/zip" id="bundle">\n\n</script>\n</body>'),
        lambda html: html.replace(b"</main>", b'</main><main id="report"></main>'),
        lambda html: html.replace(b'id="bundle"', b'id="other"'),
        lambda html: html.replace(b'<main id="report">', b"<main>"),
        lambda html: html[: html.index(b"</script>") - 9],
        lambda html: re.sub(rb'(id="bundle">\n.{40}).', rb"\1!", html),
        lambda html: re.sub(rb'(id="bundle">\n)', rb"\1 ", html),
        lambda html: re.sub(rb'(id="bundle">\n).+?(\n</script>)', rb"\1\2", html, flags=re.DOTALL),
    ],
    ids=["two bundles", "two reports", "no bundle", "no report", "half", "not base64", "a space", "empty"],
)  # fmt: skip
def test_a_page_that_is_not_whole_is_tampered_with(
    change: Callable[[bytes], bytes], case: Case, both: Both
) -> None:
    altered = change(page(case.plain))
    assert altered != page(case.plain)
    assert both(altered)[0] == "TAMPERED"


def test_another_program_in_the_page_is_told(case: Case, both: Both) -> None:
    altered = page(case.plain).replace(b"found.holds ?", b"true ?")
    assert altered != page(case.plain)
    verdict, _, hint = both(altered)
    assert verdict == "OK"
    assert "do not go by what it shows" in (hint or "")


def test_only_the_program_of_the_page_may_run(case: Case) -> None:
    html = page(case.plain)
    policy = re.search(rb'Content-Security-Policy" content="([^"]+)"', html)
    assert policy is not None
    [script] = re.findall(rb'<script type="module">(.*?)</script>', html, re.DOTALL)
    [style] = re.findall(rb"<style>(.*?)</style>", html, re.DOTALL)
    rules = dict(rule.split(" ", 1) for rule in policy[1].decode().split("; "))
    of = {
        name: f"'sha256-{base64.b64encode(hashlib.sha256(text).digest()).decode()}'"
        for name, text in (("script-src", script), ("style-src", style))
    }
    nothing = ("default-src", "connect-src", "base-uri", "form-action")
    assert rules == of | dict.fromkeys(nothing, "'none'")
    assert b"http://" not in html
    assert b"https://" not in html
    assert b" style=" not in html


def test_what_was_recorded_fills_no_place_of_the_page(tmp_path: Path) -> None:
    story = Story().open().wait(SECOND)
    for name in ("@BUNDLE@", "@SCRIPT@", "</main>", '<main id="report">'):
        story.call("StopInstances", resources=(name,), user=name).wait(SECOND)
    signer = story.beat().close().write(tmp_path / "trail")
    path = tmp_path / "evidence.html"
    with Reader(tmp_path / "trail") as source, path.open("wb") as out:
        assert export.FORMATS["html"][0](source, evidence.job(tmp_path / "trail"), out) == 4
    assert str(judges.by_package(path, signer.verifier).verdict) == "OK"


def test_a_page_is_read_as_a_bundle_is(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "evidence.html"
    path.write_bytes(page(case.plain))
    assert is_archive(path)
    with open_source(path) as source:
        assert list(source.select(Filter(), ascending=True)) == [case.first, case.second]
    other = tmp_path / "other.html"
    other.write_bytes(b"<!doctype html>\n<p>nothing</p>")
    assert not is_archive(other)


def test_a_bundle_in_a_page_is_exported_again(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "evidence.html"
    path.write_bytes(page(case.plain))
    out = io.BytesIO()
    with open_source(path) as source:
        export.FORMATS["bundle"][0](source, export.Job(where=Filter(event_name=("x",))), out)
    assert json.loads(evidence.files(out.getvalue())["manifest.json"])["selected"] == []
