"""The one writer: order, durability by batch, what it refuses, what it goes on from."""

from __future__ import annotations

import asyncio

import pytest

import trails
from apitrail.errors import RecordingError, UsageError
from apitrail.evidence.verify import Verdict
from apitrail.tlog import checkpoint
from apitrail.trail import transaction
from apitrail.trail.appender import Appender
from apitrail.trail.reader import Reader
from apitrail.trail.rows import Draft
from apitrail.trail.writer import Trail
from trails import SIGNER, check


def stored(directory, index: int) -> bool:
    """Seen through another connection: committed."""
    with Reader(directory) as reader:
        return reader.entry(index) is not None


def test_what_is_acknowledged_is_committed_with_its_checkpoint(tmp_path):
    async def work(trail: Trail) -> None:
        for number in range(5):
            index = await trail.append(trails.draft(number))
            assert stored(tmp_path / "trail", index)
            with Reader(tmp_path / "trail") as reader:
                head, _ = checkpoint.open(reader.tail() or "", [SIGNER.verifier])
            assert head.size == index + 1

    trails.write(tmp_path / "trail", work)


def test_who_waits_together_shares_a_commit(tmp_path):
    async def work(trail: Trail) -> int:
        before = await trails.in_files(trail, lambda it: it.total_changes)
        commits = 0

        def count(sql: str) -> None:
            nonlocal commits
            commits += sql == "COMMIT"

        await trails.in_files(trail, lambda it: it.set_trace_callback(count))
        await trails.append_all(trail, [trails.draft(number) for number in range(200)])
        assert await trails.in_files(trail, lambda it: it.total_changes) > before
        return commits

    assert trails.write(tmp_path / "trail", work) <= 3


def test_who_comes_in_the_next_turns_shares_the_commit(tmp_path):
    async def late(trail: Trail, turns: int) -> int:
        for _ in range(turns):
            await asyncio.sleep(0)
        return await trail.append(trails.draft(turns))

    async def work(trail: Trail) -> int:
        commits = 0

        def count(sql: str) -> None:
            nonlocal commits
            commits += sql == "COMMIT"

        await trails.in_files(trail, lambda it: it.set_trace_callback(count))
        indexes = await asyncio.gather(*(late(trail, turns) for turns in range(6)))
        assert indexes == sorted(indexes)
        return commits

    assert trails.write(tmp_path / "trail", work) == 1


def test_nobody_waits_for_those_who_come_for_ever(tmp_path):
    async def work(trail: Trail) -> None:
        going = True

        async def flood() -> None:
            waiting = []
            while going:
                late = trail.append(trails.draft(1 + len(waiting)))
                waiting.append(asyncio.ensure_future(late))
                await asyncio.sleep(0)
            await asyncio.gather(*waiting)

        others = asyncio.ensure_future(flood())
        await trail.append(trails.draft(0))
        going = False
        await others

    trails.write(tmp_path / "trail", work)


def test_entries_stand_in_the_order_they_were_asked_for(tmp_path):
    async def work(trail: Trail) -> list[int]:
        return await asyncio.gather(*(trail.append(trails.draft(n)) for n in range(50)))

    assert trails.write(tmp_path / "trail", work) == list(range(50))


def test_time_never_steps_back(tmp_path):
    clock = trails.Clock()

    async def work(trail: Trail) -> None:
        await trail.append(trails.draft(0))
        clock.now -= 1_000_000
        await trail.append(trails.draft(1))

    trails.write(tmp_path / "trail", work, clock=clock)
    with Reader(tmp_path / "trail") as reader:
        times = [link.time for i in range(2) if (link := reader.entry(i)) is not None]
    assert times == sorted(times)


def test_only_one_may_write(tmp_path):
    async def work(_: Trail) -> None:
        with pytest.raises(UsageError, match="another recorder is writing"):
            await Trail.open(tmp_path / "trail", signer=SIGNER, clock=trails.Clock())

    trails.write(tmp_path / "trail", work)


def test_closed_it_takes_nothing(tmp_path):
    async def work(trail: Trail) -> None:
        await trail.close()
        with pytest.raises(RecordingError, match="closed"):
            await trail.append(trails.draft(0))

    trails.write(tmp_path / "trail", work)


def test_a_failed_batch_leaves_no_trace_and_is_written_later(tmp_path):
    async def work(trail: Trail) -> None:
        await trail.append(trails.opening())
        await trails.sql(trail, "PRAGMA query_only=ON")
        results = await asyncio.gather(
            *(trail.append(trails.draft(n)) for n in range(3)), return_exceptions=True
        )
        assert [type(result) for result in results] == [RecordingError] * 3
        assert check(tmp_path / "trail").entries == 1
        await trails.sql(trail, "PRAGMA query_only=OFF")
        assert await trail.append(trails.book("close")) == 4

    trails.write(tmp_path / "trail", work)
    assert check(tmp_path / "trail").calls == 3


def test_a_stop_is_the_last_of_its_batch_whatever_is_queued_behind_it(tmp_path):
    async def work(trail: Trail) -> None:
        await trail.append(trails.opening())
        stop = trails.book("close", reason="x", calls=0)
        await trails.append_all(trail, [trails.draft(1), stop, *map(trails.draft, range(2, 9))])

    trails.write(tmp_path / "trail", work)
    with Reader(tmp_path / "trail") as reader:
        assert 3 in [size for size, _ in reader.checkpoints()]
    assert check(tmp_path / "trail").verdict is Verdict.OK


def test_a_stop_that_was_owed_is_still_the_last_of_its_batch(tmp_path):
    async def work(trail: Trail) -> None:
        await trail.append(trails.opening())
        await trails.sql(trail, "PRAGMA query_only=ON")
        with pytest.raises(RecordingError):
            await trail.append(trails.book("close"))
        await trails.sql(trail, "PRAGMA query_only=OFF")
        await trails.append_all(trail, [trails.draft(n) for n in range(3)])

    trails.write(tmp_path / "trail", work)
    assert check(tmp_path / "trail").verdict is Verdict.OK


def test_an_event_that_is_there_already_keeps_no_other_out(tmp_path):
    async def work(trail: Trail) -> list[object]:
        await trail.append(trails.draft(1))
        some = [trails.draft(n) for n in (0, 1, 2, 2, 3)]
        return await asyncio.gather(*map(trail.append, some), return_exceptions=True)

    results = trails.write(tmp_path / "trail", work)
    assert [r if isinstance(r, int) else type(r) for r in results] == [
        1, RecordingError, 2, RecordingError, 3,
    ]  # fmt: skip
    assert (check(tmp_path / "trail").verdict, check(tmp_path / "trail").calls) == (Verdict.OK, 4)


def test_a_lack_of_memory_passes(tmp_path):
    """SQLite tells it as MemoryError; what it kept out is owed as after any other failure."""

    def starve() -> int:
        raise MemoryError

    async def work(trail: Trail) -> None:
        await trails.in_files(trail, lambda it: it.create_function("starve", 0, starve))
        await trails.sql(
            trail, "CREATE TEMP TRIGGER full BEFORE INSERT ON main.entry BEGIN SELECT starve(); END"
        )
        with pytest.raises(RecordingError, match="cannot be written"):
            await trail.append(trails.draft(0))
        assert trail.owed == 1
        await trails.sql(trail, "DROP TRIGGER full")
        assert await trail.append(trails.draft(1)) == 1

    trails.write(tmp_path / "trail", work)
    assert check(tmp_path / "trail").verdict is Verdict.OK


def test_an_intent_can_be_withdrawn(tmp_path):
    key = "00000000-0000-0000-0000-000000000001"

    async def work(trail: Trail) -> int:
        await trail.begin(key, trails.call(1))
        await trail.withdraw(key)
        return await trail.recover()

    assert trails.write(tmp_path / "trail", work) == 0


def test_a_trail_whose_writer_failed_lets_go_of_its_files(tmp_path):
    async def scenario() -> None:
        trail = await Trail.open(tmp_path / "trail", signer=SIGNER, clock=trails.Clock())
        with pytest.raises(RecordingError, match="cannot be written"):
            await trail.append(Draft(kind="api", facets={"what": 5}))  # type: ignore[dict-item]
        with pytest.raises(RecordingError, match="closed"):
            await trail.append(trails.draft(0))
        await trail.close()
        async with await Trail.open(tmp_path / "trail", signer=SIGNER, clock=trails.Clock()) as it:
            assert await it.append(trails.draft(0)) == 0

    asyncio.run(scenario())


def failing_once(trail: Trail, name: str, error: BaseException) -> None:
    """The next time that a part of the writer is wanted it fails."""
    whole = getattr(trail, name)

    def fails(*arguments: object) -> object:
        setattr(trail, name, whole)
        raise error

    setattr(trail, name, fails)


@pytest.mark.parametrize("part", ["_gathered", "_take", "_attempt"])
def test_a_writer_without_memory_tells_those_who_wait_and_goes_on(tmp_path, part):
    async def work(trail: Trail) -> None:
        failing_once(trail, part, MemoryError())
        async with asyncio.timeout(20):
            results = await asyncio.gather(
                trail.append(trails.draft(0)), trail.append(trails.draft(1)), return_exceptions=True
            )
            assert [str(each) for each in results] == [
                "the trail cannot be written: out of memory"
            ] * 2
            assert trail.owed == 2
            assert await trail.append(trails.draft(2)) == 2

    trails.write(tmp_path / "trail", work)
    assert check(tmp_path / "trail").verdict is Verdict.OK


@pytest.mark.parametrize("part", ["_gathered", "_take", "_attempt"])
def test_a_writer_that_ends_leaves_nobody_waiting_and_says_so(tmp_path, part):
    told: list[BaseException] = []

    async def work(trail: Trail) -> None:
        trail.on_defect = told.append
        # A panic of a library in Rust is no Exception either.
        failing_once(trail, part, BaseException("a defect"))
        async with asyncio.timeout(20):
            for number, reason in ((0, "a defect"), (1, "the trail is closed")):
                with pytest.raises(RecordingError, match=reason):
                    await trail.append(trails.draft(number))

    trails.write(tmp_path / "trail", work)
    assert [str(each) for each in told] == ["a defect"]
    # It has let go of the files.
    trails.write(tmp_path / "trail", lambda trail: trail.append(trails.draft(2)))


def test_memory_that_is_short_after_a_commit_makes_nobody_write_twice(tmp_path, monkeypatch):
    real = transaction.commit

    def starved(*arguments: object) -> None:
        real(*arguments)  # type: ignore[arg-type]
        raise MemoryError

    async def work(trail: Trail) -> None:
        monkeypatch.setattr(transaction, "commit", starved)
        assert await trail.append(trails.opening()) == 0
        monkeypatch.setattr(transaction, "commit", real)
        assert await trail.append(trails.draft(1)) == 1

    trails.write(tmp_path / "trail", work)
    assert check(tmp_path / "trail").verdict is Verdict.OK


def test_a_writer_that_does_not_know_what_the_log_has_ends(tmp_path, monkeypatch):
    told: list[BaseException] = []

    async def work(trail: Trail) -> None:
        trail.on_defect = told.append

        def starved(*_: object) -> None:
            raise MemoryError

        monkeypatch.setattr(Appender, "_is_committed", starved)
        with pytest.raises(RecordingError, match="may have more than this process knows"):
            await trail.append(trails.opening())
        monkeypatch.undo()

    trails.write(tmp_path / "trail", work)
    assert [type(each) for each in told] == [RuntimeError]
    # The next one goes on from what is there.
    assert trails.write(tmp_path / "trail", lambda trail: trail.append(trails.draft(1))) == 1
