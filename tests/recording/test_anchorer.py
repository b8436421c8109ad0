"""Anchors beside a trail that is written: real witnesses on real ports, good and bad ones."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

import trails
import witnessing
from apitrail import durable
from apitrail.evidence.verify import Verdict
from apitrail.evidence.witness.witness import Witness
from apitrail.recording import anchorer
from apitrail.recording.anchor_settings import Anchors
from apitrail.recording.anchorer import Anchorer
from apitrail.tlog import note
from apitrail.tlog.mldsa_cosignature import parse_verifier
from apitrail.tlog.policy import Policy
from apitrail.trail.audit import Audit
from apitrail.trail.writer import Trail
from apitrail.web import witness_app

LOG = str(trails.SIGNER.verifier)
SOON = 0.02


@contextmanager
def witnesses(directory: Path, *names: str) -> Iterator[dict[str, tuple[Witness, str]]]:
    """Witnesses of ours, by name, with their URLs."""
    found: dict[str, tuple[Witness, str]] = {}
    with ExitStack() as stack:
        for name in names:
            found[name] = stack.enter_context(witnessing.witness(directory / name, LOG))
        yield found


def policy(quorum: str, **found: tuple[str, str]) -> Policy:
    """A policy of witnesses, each a verifier key and a URL."""
    lines = [f"witness {name} {vkey} {url}" for name, (vkey, url) in found.items()]
    return Policy.parse("\n".join([*lines, quorum, ""]).encode())


def of(found: dict[str, tuple[Witness, str]], key: int = 0) -> dict[str, tuple[str, str]]:
    return {name: (witness.vkeys[key], url) for name, (witness, url) in found.items()}


async def until(condition: Callable[[], object]) -> None:
    while not condition():  # noqa: ASYNC110
        await asyncio.sleep(0.01)


def record(
    directory: Path, anchors: Anchors, work: Callable[[Trail, Anchorer], Awaitable[None]]
) -> list[str]:
    """Write a trail with anchors beside it; what was said to a person."""
    said: list[str] = []

    async def main() -> None:
        async with await Trail.open(directory, signer=trails.SIGNER, clock=trails.Clock()) as trail:
            stopping = asyncio.Event()
            beside = Anchorer(trail, anchors, time.monotonic, lambda text, _="": said.append(text))
            beside.begin(stopping)
            await trail.append(trails.opening())
            await work(trail, beside)
            stopping.set()
            await trail.append(trails.book("close", reason="SIGTERM", calls=1))
            await beside.last()

    asyncio.run(main())
    return said


async def nothing(_trail: Trail, _anchorer: Anchorer) -> None:
    """No calls."""


async def three(trail: Trail, beside: Anchorer) -> None:
    """Calls, each anchored before the next."""
    for number in range(3):
        await trail.append(trails.draft(number))
        await until(lambda: beside._anchored == trail.size)


def kept(directory: Path) -> dict[int, set[str]]:
    """Which witnesses' keys have seen which size, each signature good."""
    found: dict[int, set[str]] = {}
    with Audit(directory) as reader:
        for each in reader.anchors():
            found.setdefault(each.size, set()).add(each.name)
    return found


def test_heads_are_cosigned_while_it_records_and_at_its_end(tmp_path: Path) -> None:
    with witnesses(tmp_path, "a", "b") as found:
        anchors = Anchors(policy=policy("group g 2 a b\nquorum g", **of(found)), every=SOON)
        assert record(tmp_path / "trail", anchors, three) == []
        sizes = kept(tmp_path / "trail")
        assert max(sizes) == 5
        assert len(sizes) >= 3
        with Audit(tmp_path / "trail") as reader:
            assert reader.size == 5  # an anchor makes no entry
            for each in reader.anchors():
                text = reader.kept(each.size)
                verifiers = [parse_verifier(w.vkeys[0]) for w, _ in found.values()]
                note.open(f"{text}{each.data.decode()}\n", [trails.SIGNER.verifier, *verifiers])
    assert trails.check(tmp_path / "trail", trails.TRUST).verdict is Verdict.OK


def test_the_next_recorder_goes_on_where_the_witness_is(tmp_path: Path) -> None:
    with witnesses(tmp_path, "a") as found:
        anchors = Anchors(policy=policy("quorum a", **of(found, 1)), every=60)
        for _ in range(2):
            assert record(tmp_path / "trail", anchors, nothing) == []
        assert sorted(kept(tmp_path / "trail")) == [2, 4]


def test_a_quorum_of_two_does_without_the_third(tmp_path: Path) -> None:
    with witnesses(tmp_path, "a", "b") as found:
        all_three = {**of(found), "c": (witnessing.vkey("c.example"), "http://127.0.0.1:1/")}
        anchors = Anchors(policy=policy("group g 2 a b c\nquorum g", **all_three), every=SOON)
        said = record(tmp_path / "trail", anchors, three)
    assert len(said) == 1  # told once, however often it is asked
    assert said[0].startswith("anchor c: http://127.0.0.1:1/ did not answer")
    assert {len(names) for names in kept(tmp_path / "trail").values()} == {2}


def test_without_the_quorum_anchors_are_late_and_recording_goes_on(tmp_path: Path) -> None:
    async def work(trail: Trail, beside: Anchorer) -> None:
        for number in range(20):
            await trail.append(trails.draft(number))
        assert beside.unanchored is not None
        beside._since -= 1000
        assert beside.late >= 1000

    with witnesses(tmp_path, "a") as found:
        both = {**of(found), "c": (witnessing.vkey("c.example"), "http://127.0.0.1:1/")}
        anchors = Anchors(policy=policy("group g 2 a c\nquorum g", **both), every=SOON)
        said = record(tmp_path / "trail", anchors, work)
    assert said[-1] == "the newest entries were not anchored; the next recorder does it"
    assert max(kept(tmp_path / "trail")) == 22  # what one has signed is kept all the same


def test_a_witness_that_never_answers_holds_up_neither_recording_nor_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(anchorer, "PATIENCE", 0.2)
    monkeypatch.setattr(anchorer, "LAST", 0.2)
    release = threading.Event()

    async def late(scope: Scope, _receive: Receive, send: Send) -> None:
        while not release.is_set():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await Response("late")(scope, _receive, send)

    async def work(trail: Trail, _beside: Anchorer) -> None:
        for number in range(3):
            await trail.append(trails.draft(number))

    with witnessing.serving(late) as url:
        anchors = Anchors(
            policy=policy("quorum c", c=(witnessing.vkey("c.example"), url)), every=SOON
        )
        said = record(tmp_path / "trail", anchors, work)
        release.set()
    assert "anchor c: c did not answer within 0.2 s" in said
    assert trails.check(tmp_path / "trail", trails.TRUST).verdict is Verdict.OK


@pytest.mark.parametrize(
    ("status", "body", "problem"),
    [
        (409, b"1\n", "409 again and again"),
        (200, b"lie\n", "malformed"),
        (404, b"", "does not know this log"),
    ],
)
def test_a_witness_that_lies_is_told_and_nothing_of_it_is_kept(
    tmp_path: Path, status: int, body: bytes, problem: str
) -> None:
    app = Response(body, status, headers={"content-type": "text/x.tlog.size"})
    with witnessing.serving(app) as url:
        anchors = Anchors(
            policy=policy("quorum c", c=(witnessing.vkey("c.example"), url)), every=60
        )
        said = record(tmp_path / "trail", anchors, nothing)
    assert problem in said[0]
    assert kept(tmp_path / "trail") == {}


def test_a_log_that_was_rewritten_is_refused_by_its_witness(tmp_path: Path) -> None:
    with witnesses(tmp_path, "a") as found:
        anchors = Anchors(policy=policy("quorum a", **of(found)), every=60)
        record(tmp_path / "trail", anchors, nothing)

        async def other(trail: Trail, _beside: Anchorer) -> None:
            await trail.append(trails.draft(99))

        # The same key, another history: what root on the recorder's host can do.
        said = record(tmp_path / "rewritten", anchors, other)
        assert "anchor a: a answers 422: it has seen another history of this log" in said
        assert kept(tmp_path / "rewritten") == {}
        assert [each.kind for each in found["a"][0].refused()] == ["proof"]


def test_a_witness_that_fails_is_left_to_rest_and_told_when_it_works_again(tmp_path: Path) -> None:
    broken = threading.Event()
    broken.set()
    asked: list[float] = []

    with witnesses(tmp_path, "a") as found:
        inner = witness_app.application(found["a"][0], lambda _: None)

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http":
                asked.append(time.monotonic())
                if broken.is_set():
                    await Response("no", 503)(scope, receive, send)
                    return
            await inner(scope, receive, send)

        async def work(trail: Trail, beside: Anchorer) -> None:
            await until(lambda: beside._places["a"].failures >= 3 if beside._places else False)
            rests = beside._places["a"].not_before - asked[-1]
            assert rests > 3 * SOON
            broken.clear()
            await until(lambda: beside._anchored == trail.size)

        with witnessing.serving(app) as url:
            both = {"a": (found["a"][0].vkeys[0], url)}
            said = record(
                tmp_path / "trail", Anchors(policy=policy("quorum a", **both), every=SOON), work
            )
    assert said == ["anchor a: a answers 503: no status of a witness", "anchor a: it works again"]


def test_a_file_and_a_command_take_the_newest_head(tmp_path: Path) -> None:
    anchors = Anchors(
        file=tmp_path / "head", command=("sh", "-c", f"cat > {tmp_path}/copy"), every=60
    )
    assert record(tmp_path / "trail", anchors, nothing) == []
    with Audit(tmp_path / "trail") as reader:
        assert (tmp_path / "head").read_text() == (tmp_path / "copy").read_text() == reader.tail()


@pytest.mark.parametrize(
    ("anchors", "problem"),
    [
        (Anchors(file=Path("/nowhere/head")), "anchor the file: '/nowhere/head': No such file"),
        (Anchors(command=("/nowhere/x",)), "'/nowhere/x' cannot be run: No such file"),
        (Anchors(command=("sh", "-c", "exit 3")), "'sh' ended with 3"),
    ],
)
def test_a_file_or_a_command_that_fails_is_told(
    tmp_path: Path, anchors: Anchors, problem: str
) -> None:
    said = record(tmp_path / "trail", anchors, nothing)
    assert problem in said[0]
    assert "were not anchored" in said[1]


def test_a_command_that_does_not_end_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(anchorer, "LAST", 0.1)
    said = record(tmp_path / "trail", Anchors(command=("sleep", "100")), nothing)
    assert said[0] == "anchor the command: 'sleep' did not end within 0.1 s"


def test_a_file_system_that_hangs_holds_up_neither_recording_nor_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = threading.Event()
    real = durable.write

    def hangs(path: Path, content: bytes, **more: int) -> None:
        assert path.name != "head" or release.wait(30)
        real(path, content, **more)

    async def work(trail: Trail, beside: Anchorer) -> None:
        await trail.append(trails.draft(1))
        await until(lambda: any(each.failures for each in beside._places.values()))
        await trail.append(trails.draft(2))

    monkeypatch.setattr(anchorer, "PATIENCE", 0.1)
    monkeypatch.setattr(anchorer, "LAST", 0.1)
    monkeypatch.setattr(durable, "write", hangs)
    try:
        said = record(tmp_path / "trail", Anchors(file=tmp_path / "head", every=SOON), work)
    finally:
        release.set()
    assert said == [
        f"anchor the file: {str(tmp_path / 'head')!r} did not answer within 0.1 s",
        "the newest entries were not anchored; the next recorder does it",
    ]


def test_a_log_that_rests_is_not_late_when_it_goes_on(tmp_path: Path) -> None:
    async def work(trail: Trail, beside: Anchorer) -> None:
        await until(lambda: beside._anchored == trail.size)
        anchored = beside._since
        await until(lambda: beside._since > anchored)  # it rests, and is anchored all the time
        beside._anchors = Anchors(file=tmp_path / "head", every=1000)
        await trail.append(trails.draft(1))
        assert beside.unanchored == 0

    record(tmp_path / "trail", Anchors(file=tmp_path / "head", every=SOON), work)


def test_a_defect_is_told_and_the_last_head_is_anchored_all_the_same(tmp_path: Path) -> None:
    async def work(_trail: Trail, beside: Anchorer) -> None:
        real = beside._show

        async def broken(_patience: float) -> None:
            beside._show = real  # type: ignore[method-assign]
            raise RuntimeError("a defect")

        beside._show = broken  # type: ignore[method-assign]
        assert beside._task is not None
        await asyncio.wait({beside._task})

    said = record(tmp_path / "trail", Anchors(file=tmp_path / "head", every=SOON), work)
    assert said == ["heads are not anchored any more until the end: a defect"]
    with Audit(tmp_path / "trail") as reader:
        assert (tmp_path / "head").read_text() == reader.tail()


def test_without_anchors_nothing_is_said(tmp_path: Path) -> None:
    async def work(_trail: Trail, beside: Anchorer) -> None:
        assert (beside.unanchored, beside.late) == (None, 0)

    assert record(tmp_path / "trail", Anchors(), work) == []
