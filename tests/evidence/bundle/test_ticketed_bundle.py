"""All verifiers hold calls that passed under tickets against the rulings that a bundle shows."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from apitrail.evidence.bundle.bundle_reader import Bundle
from apitrail.evidence.verify import Report
from apitrail.query import Filter
from apitrail.trail.keys import Keys
from apitrail.trail.statements import Target
from evidence.bundle import evidence
from evidence.bundle.judges import Standalone, agreed, shared_script
from ticketed import FALSE, TRUE, UNASKED, Story, tell
from trails import write

type Judged = Callable[..., Report]


@pytest.fixture
def judged(tmp_path: Path, standalone: Standalone) -> Judged:
    """What all say of a story's bundle."""

    def judge(story: Story, *, erased: int | None = None, complete: bool = False) -> Report:
        trail = tmp_path / "trail"
        trail.mkdir(mode=0o700)
        signer = Keys.of(trail).signer()
        tell(trail, story, signer)
        if erased is not None:
            write(trail, lambda opened: opened.erase([Target(erased, ("what",))]), signer=signer)
        path = tmp_path / "bundle.zip"
        job = evidence.job(trail, Filter(), complete=complete)
        path.write_bytes(evidence.bundle_of(trail, job))
        report = agreed(path, standalone, signer.verifier)
        if not report.holds:
            assert standalone(path, signer.verifier)[1].strip() == str(report)
            script = shared_script()
            assert script is None or script(path, signer.verifier) == [str(report)]
        return report

    return judge


@pytest.mark.parametrize("name", TRUE)
def test_a_true_story_holds(name: str, judged: Judged) -> None:
    report = judged(TRUE[name])
    assert report.holds, report.message


@pytest.mark.parametrize("name", FALSE)
def test_a_false_story_is_found(name: str, judged: Judged) -> None:
    story, why = FALSE[name]
    report = judged(story, complete=len(name) % 2 == 0)
    assert str(report).startswith("TAMPERED: ")
    assert report.message.endswith(f": it passed under ticket 't1', {why}")


@pytest.mark.parametrize("name", UNASKED)
def test_what_a_bundle_does_not_hold_is_for_the_trail_to_say(name: str, judged: Judged) -> None:
    assert judged(UNASKED[name]).holds


@pytest.mark.parametrize("complete", [False, True])
@pytest.mark.parametrize("erased", [1, 2])
def test_where_rulings_are_erased_it_cannot_be_told(
    erased: int, complete: bool, judged: Judged, tmp_path: Path
) -> None:
    assert judged(TRUE["a held call"], erased=erased, complete=complete).holds
    with Bundle.open(tmp_path / "bundle.zip") as bundle:
        # The question is not known to be one of this ticket, once it is erased.
        assert bundle.has(erased) is (complete or erased == 2)
        assert bundle.has(1) or not complete


def test_all_say_the_same_of_any_story(tmp_path: Path, standalone: Standalone) -> None:
    chance = random.Random(7)
    seen = set()
    for number in range(8):
        trail = tmp_path / str(number)
        trail.mkdir(mode=0o700)
        signer = Keys.of(trail).signer()
        steps = [
            "asked",
            "asked t2",
            "approved",
            "approved t2",
            "denied",
            "used",
            "lapsed",
            "later",
        ]
        told = [(chance.choice(steps), chance.choice((0, 1, None))) for _ in range(4)]
        calls = [("passed", 0), ("passed t2", 1)]
        story = [("asked", 0), *told, *calls]
        if number % 2:
            chance.shuffle(story)
        tell(trail, story, signer)
        path = tmp_path / f"{number}.zip"
        path.write_bytes(evidence.bundle_of(trail, evidence.job(trail)))
        report = agreed(path, standalone, signer.verifier, of=json.dumps(story))
        seen.add(report.holds)
    assert seen == {True, False}
