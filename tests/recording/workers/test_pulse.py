"""Silence of workers, in turns of whoever asks."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from apitrail.errors import RecordingError
from apitrail.recording.workers import pulse
from apitrail.recording.workers.pulse import EVERY, NONE_LEFT, SILENT, STILL, Pulse, Rounds, answers


@dataclass
class Asked:
    """Somebody who answers when the test says so."""

    questions: list[asyncio.Future[None]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    async def ask(self) -> None:
        self.questions.append(future := asyncio.get_running_loop().create_future())
        await future

    async def answer(self) -> None:
        await asyncio.sleep(0)  # the question is on its way
        self.questions[-1].set_result(None)
        await asyncio.sleep(0)
        await asyncio.sleep(0)


def felt(asked: Asked) -> tuple[Pulse, Rounds]:
    one = Pulse(asked.ask, lambda: asked.told.append("changed"), lambda: asked.told.append("ended"))
    return one, Rounds(lambda: [one])


def test_one_that_does_not_answer_falls_silent_and_is_ended() -> None:
    async def scenario() -> None:
        one, rounds = felt(asked := Asked())
        turns = 0
        while not one.silent:
            assert asked.told == []
            rounds.turn(EVERY)
            turns += 1
        assert turns == 1 + SILENT / EVERY
        assert asked.told == ["changed"]
        for _ in range(round((STILL - SILENT) / EVERY)):
            assert asked.told == ["changed"]
            rounds.turn(EVERY)
        assert asked.told == ["changed", "ended"]
        assert len(asked.questions) <= 1  # it is not asked twice

    asyncio.run(scenario())


def test_one_that_answers_again_is_waited_for_again() -> None:
    async def scenario() -> None:
        one, rounds = felt(asked := Asked())
        rounds.turn(0)
        for _ in range(3):
            rounds.turn(EVERY)
        assert one.silent
        question = asyncio.get_running_loop().create_future()
        await answers({one: question})  # would wait for ever
        await asked.answer()
        assert not one.silent
        assert asked.told == ["changed", "changed"]
        waits = asyncio.create_task(answers({one: question}))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not waits.done()
        question.set_result(None)
        await waits

    asyncio.run(scenario())


def test_a_machine_that_slept_blames_nobody() -> None:
    async def scenario() -> None:
        one, rounds = felt(asked := Asked())
        rounds.turn(EVERY)
        rounds.turn(3_600)
        assert not one.silent
        await asked.answer()
        assert one.quiet == 0

    asyncio.run(scenario())


def test_one_that_is_gone_does_not_answer() -> None:
    async def scenario() -> None:
        async def ask() -> None:
            raise RecordingError("another process of the recorder is gone")

        one = Pulse(ask, lambda: None, lambda: None)
        one.feel(EVERY)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not one.beats

    asyncio.run(scenario())


def test_it_is_known_for_how_long_nobody_has_answered() -> None:
    async def scenario() -> None:
        asked = [Asked(), Asked()]
        felt = [Pulse(each.ask, lambda: None, lambda: None) for each in asked]
        rounds = Rounds(lambda: felt)
        while rounds.unheard < NONE_LEFT:
            rounds.turn(EVERY)
        await asked[1].answer()
        rounds.turn(EVERY)
        assert rounds.unheard == 0
        felt.clear()
        rounds.turn(EVERY)
        assert rounds.unheard == EVERY

    asyncio.run(scenario())


def test_rounds_are_made_by_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse, "EVERY", 0.01)
    monkeypatch.setattr(pulse, "SILENT", 0.02)

    async def scenario() -> None:
        one, rounds = felt(Asked())
        making = asyncio.create_task(rounds.make())
        await answers({one: asyncio.get_running_loop().create_future()})
        making.cancel()

    asyncio.run(scenario())
