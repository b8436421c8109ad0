"""What a page of evidence says in a browser: the verdict of the other verifiers, and the calls."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser

import witnessing
from apitrail.evidence.bundle import page_file
from apitrail.query import Filter
from apitrail.trail.rows import Draft
from evidence.browser.conftest import Opened, page_of
from evidence.bundle import evidence, judges
from evidence.bundle.edits import Case
from evidence.bundle.evidence import MINUTE, SECOND, Story
from evidence.bundle.mutants import mutant

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

MUTANTS = int(os.environ.get("MUTANTS", "1000"))
# So many of the mutants are opened as pages of their own; the others are judged by one page.
PAGES = max(MUTANTS // 25, 1)
HOSTILE = '"><script>alert(1)</script><img src=x onerror=y>&\x1b[2J\u202e\ud800'
JUDGE = """async ([bundle, key]) => {
  const bytes = Uint8Array.from(atob(bundle), (c) => c.charCodeAt(0));
  const found = await globalThis.apitrail.check(bytes, [key]);
  return [found.line, ...found.statement];
}"""


def report(folder: Path, bundle: bytes, key: object) -> list[str]:
    path = folder / "bundle.zip"
    path.write_bytes(bundle)
    return str(judges.by_package(path, key)).splitlines()  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["plain", "complete"])
def test_it_says_what_the_others_say(name: str, opened: Opened, case: Case) -> None:
    bundle = getattr(case, name)
    opened.open_bundle(bundle)
    assert opened.verdict.startswith("UNTRUSTED-KEY: it is signed by ")
    line, attested, *facts = report(opened.folder, bundle, case.signer.verifier)
    assert opened.enter(case.signer.verifier) == line
    shown = opened.page.locator("#facts dd").all_text_contents()
    assert shown == [attested.removesuffix(":"), *(fact[15:] for fact in facts)]
    assert opened.page.title().startswith("OK · Calls to AWS")


def test_the_keyboard_alone_is_enough(opened: Opened, case: Case) -> None:
    opened.open_bundle(case.plain)
    keyboard = opened.page.keyboard
    keyboard.press("Tab")
    keyboard.type(str(case.signer.verifier))
    keyboard.press("Tab")
    keyboard.press("Enter")
    assert opened.judged().startswith("OK: 2 calls")


def test_the_key_can_be_a_file_that_is_chosen_or_dropped(opened: Opened, case: Case) -> None:
    path = opened.folder / "log.vkey"
    path.write_text(f"{case.signer.verifier}\n")
    opened.open_bundle(case.plain)
    opened.page.set_input_files("#file", path)
    opened.page.wait_for_selector("#verification.good")
    opened.open_bundle(case.plain)
    transfer = opened.page.evaluate_handle(
        "(key) => { const data = new DataTransfer(); data.items.add(new File([key], 'k')); return data; }",
        str(case.signer.verifier),
    )
    opened.page.dispatch_event("main", "drop", {"dataTransfer": transfer})
    opened.page.wait_for_selector("#verification.good")


def test_a_policy_in_a_file_is_judged_by(opened: Opened, case: Case) -> None:
    key = case.signer.verifier
    path = opened.folder / "policy"
    for quorum, verdict in (
        ("none", "OK: 2 calls"),
        ("w", "UNWITNESSED: the quorum of the policy"),
    ):
        path.write_text(f"log {key}\nwitness w {witnessing.vkey('w.example')}\nquorum {quorum}\n")
        opened.open_bundle(case.plain)
        opened.page.set_input_files("#file", path)
        opened.page.wait_for_selector("#verification.good, #verification.bad")
        assert opened.verdict.startswith(verdict)


def test_what_is_no_key_is_no_verdict_on_the_bundle(opened: Opened, case: Case) -> None:
    opened.open_bundle(case.plain)
    assert opened.enter("no-key").startswith("UNCHECKED: not a verifier key")
    assert not opened.page.is_visible("#statement")


def told_story() -> Story:
    """Calls that differ in all that a page tells of one."""
    story = Story().open().wait(SECOND)
    story.call("StopInstances", resources=("i-1", "i-2"), operator="mary", asked={"a": {"b": [1, "x", None, 1.5, True]}, "Key": {"$redacted": "sha256"}}).wait(SECOND)  # fmt: skip
    story.call("RunInstances", undetermined=True, answer={"é": "\u202e", "big": 10**20}).wait(SECOND)  # fmt: skip
    story.call("DescribeInstances", error="UnauthorizedOperation", asked={"long": "x" * 3000}).wait(SECOND)  # fmt: skip
    story.call("Unseen", kind="unknown", user=HOSTILE, resources=(HOSTILE,)).wait(SECOND)
    for identity in ({"known": "learned", "signature": "verified"}, {"known": "claimed", "signature": "invalid"}):  # fmt: skip
        story.call("StopInstances", asked={f"M{n}": n for n in range(60)})
        at, draft = story.drafts.pop()
        run = {"id": "r1", "labels": {"build": "12", "b": "1"}}
        who = json.loads(draft.facets["who"]) | {"identity": identity, "run": run}
        facets = dict(draft.facets) | {"who": json.dumps(who).encode()}
        story.drafts.append((at, Draft(kind="api", facets=facets, row=draft.row)))
        story.wait(SECOND)
    return story.beat().close()


def test_it_tells_the_calls_as_the_report_does(opened: Opened, tmp_path: Path) -> None:
    signer = told_story().write(tmp_path / "trail")
    opened.open_bundle(evidence.bundle_of(tmp_path / "trail", evidence.job(tmp_path / "trail")))
    before = opened.calls
    assert len(before) == 6
    assert opened.enter(signer.verifier).startswith("OK: 6 calls")
    assert opened.calls == before
    assert not opened.page.is_visible("#replaced")
    assert opened.page.locator("#overview tbody tr").count() == 6
    opened.page.locator(".raw summary").nth(0).click()
    assert '"eventName":"StopInstances"' in opened.page.locator(".raw pre").nth(0).inner_text()


def test_a_report_that_lies_is_told_anew(opened: Opened, case: Case) -> None:
    """Who alters the report inside the bundle, too, still cannot have it believed."""
    honest = evidence.files(case.plain)

    def lie(content: dict[str, bytes]) -> None:
        content["report.html"] = honest["report.html"].replace(b"user/alice", b"user/mary")
        said = json.loads(content["manifest.json"])
        said["files"] = {}
        content["manifest.json"] = json.dumps(said).encode()

    opened.open_bundle(evidence.changed(case.plain, lie))
    assert "user/mary" in opened.page.inner_text("#calls")
    assert opened.enter(case.signer.verifier).startswith("OK: ")
    assert "user/mary" not in opened.page.content()
    assert "user/alice" in opened.page.inner_text("#calls")
    assert opened.page.is_visible("#replaced")


def test_altered_words_on_the_page_are_tampering(opened: Opened, case: Case) -> None:
    opened.open(page_of(case.plain).replace(b"user/alice", b"user/mary"))
    assert opened.enter(case.signer.verifier) == (
        "TAMPERED: the report on this page is not the one in its bundle"
    )


def test_a_silent_recorder_makes_it_stale(opened: Opened, tmp_path: Path) -> None:
    trail = tmp_path / "trail"
    story = Story().open().wait(SECOND).call("StopInstances").wait(10 * MINUTE)
    signer = story.beat(recording=False).write(trail)
    bundle = evidence.bundle_of(trail, evidence.job(trail))
    opened.open_bundle(bundle)
    assert [opened.enter(signer.verifier)] == report(tmp_path, bundle, signer.verifier)
    assert opened.verdict.startswith("STALE: ")


def test_changes_that_nobody_recorded_are_part_of_the_statement(
    opened: Opened, tmp_path: Path
) -> None:
    story = Story().open().wait(SECOND).call("StopInstances", resources=("i-0",)).wait(SECOND)
    said = {
        "record": {"eventID": "e"}, "name": "Instance i-0", "time": 1, "caller": "", "from": 0,
        "to": 2, "why": ["changed by something \u202e", "Instance i-0: State"], "evidence": [1, 1],
        "detector": 1, "thresholds": {},
    }  # fmt: skip
    for kind in ("drift", "rate", *["drift"] * 101):
        story.add("insight", {**said, "kind": kind})
    signer = story.wait(SECOND).beat().close().write(tmp_path / "trail")
    job = evidence.job(tmp_path / "trail", Filter(resource_name=("i-0",)), complete=True)
    bundle = evidence.bundle_of(tmp_path / "trail", job)
    opened.open_bundle(bundle)
    opened.enter(signer.verifier)
    wanted = report(tmp_path, bundle, signer.verifier)
    assert sum(line.startswith("  drift") for line in wanted) == 101
    assert opened.page.locator("#facts dd").all_text_contents()[1:] == [x[15:] for x in wanted[2:]]


def test_many_calls_are_told_some_at_a_time(opened: Opened, tmp_path: Path) -> None:
    story = Story().open().wait(SECOND)
    for number in range(510):
        story.call("StopInstances", resources=(f"i-{number}",)).wait(20)
    signer = story.beat().close().write(tmp_path / "trail")
    opened.open_bundle(
        evidence.bundle_of(tmp_path / "trail", evidence.job(tmp_path / "trail", facets=("what",)))
    )
    assert opened.enter(signer.verifier).startswith("OK: 510 calls")
    assert opened.page.locator("#calls .call").count() == 500
    opened.page.click("#calls .rest button")
    assert opened.page.locator("#calls .call").count() == 510
    assert opened.page.locator("#calls .rest").count() == 0


def test_the_bundle_can_be_saved(opened: Opened, case: Case) -> None:
    opened.open_bundle(case.plain)
    opened.page.click("#elsewhere summary")
    with opened.page.expect_download() as download:
        opened.page.click("#save")
    assert Path(download.value.path()).read_bytes() == case.plain
    assert download.value.suggested_filename == "evidence.zip"


def test_no_other_script_runs_and_nothing_is_fetched(chromium: Browser, case: Case, tmp_path: Path) -> None:  # fmt: skip
    path = tmp_path / "evidence.html"
    script = b"<script>document.title='run'</script><img src=http://127.0.0.1:9/ onerror=\"document.title='run'\">"
    path.write_bytes(page_of(case.plain).replace(b"</header>", script + b"</header>", 1))
    context = chromium.new_context()
    page = context.new_page()
    asked: list[str] = []
    page.on("requestfinished", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    page.wait_for_selector("#verification.open", state="attached")
    assert "run" not in page.title()
    assert page.evaluate("fetch('http://127.0.0.1:9/').then(() => 1, () => 0)") == 0
    assert asked == [path.as_uri()]
    context.close()


def test_without_scripts_it_can_be_read(chromium: Browser, case: Case, tmp_path: Path) -> None:
    path = tmp_path / "evidence.html"
    path.write_bytes(page_of(case.plain))
    context = chromium.new_context(java_script_enabled=False, offline=True, color_scheme="dark")
    page = context.new_page()
    page.goto(path.as_uri())
    assert page.inner_text("#word") == "NOT CHECKED"
    assert "user/alice" in page.inner_text("#calls")
    assert not page.is_visible("#form")
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nobody_is_shut_out(
    chromium: Browser, axe: str, case: Case, tmp_path: Path, scheme: Literal["light", "dark"]
) -> None:
    path = tmp_path / "evidence.html"
    path.write_bytes(page_of(case.complete))
    context = chromium.new_context(offline=True, color_scheme=scheme)
    opened = Opened(context.new_page(), tmp_path)
    opened.open_bundle(case.complete)
    opened.page.evaluate(axe)
    for key in ("", "no-key", case.signer.verifier):
        opened.enter(key)
        for part in opened.page.locator("details").all():
            part.evaluate("each => { each.open = true }")
        found = opened.page.evaluate("axe.run()")["violations"]
        shown = [(each["id"], [node["html"][:90] for node in each["nodes"]]) for each in found]
        assert shown == [], opened.verdict
    context.close()


def test_one_verdict_on_every_mutant(opened: Opened, case: Case) -> None:
    key = case.signer.verifier
    opened.open_bundle(case.plain)
    for number in range(MUTANTS):
        bundle = mutant(case, number)
        wanted = report(opened.folder, bundle, key)
        arguments = [base64.b64encode(bundle).decode(), str(key)]
        said = opened.page.evaluate(JUDGE, arguments)
        assert judges.verdict(said[0]) == judges.verdict(wanted[0]), (number, said, wanted)
        if judges.verdict(wanted[0]) == "OK":
            assert said == wanted, number


def test_a_page_of_a_mutant_says_the_verdict_of_the_file(opened: Opened, case: Case) -> None:
    told = evidence.files(case.plain)["report.html"]
    for number in range(PAGES):
        opened.open(page_file.write(mutant(case, number), told))
        wanted = judges.by_package(opened.folder / "evidence.html", case.signer.verifier)
        said = opened.enter(case.signer.verifier)
        assert judges.verdict(said) == str(wanted.verdict), (number, said, wanted.message)
