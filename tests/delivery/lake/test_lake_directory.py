"""A lake in a directory is brought up to date, and never written twice."""

from __future__ import annotations

import pyarrow.parquet as pq
import pytest

import delivering
import trails
from apitrail.delivery.lake import lake_directory
from apitrail.delivery.lake.lake_list import LakeList, folder
from apitrail.delivery.lake.sealing import Sealing
from apitrail.delivery.logfiles.tree import Tree
from apitrail.errors import UsageError
from delivering import HALF_HOUR, HOUR, HOURS, NOW


def rows(lake):
    return [row for path in lake.files() for row in pq.read_table(path).to_pylist()]


def test_there_is_a_file_for_each_hour_under_the_day_of_its_events(lake):
    assert [path.parent.name for path in lake.files()] == [
        "eventday=20231114", "eventday=20231115", "eventday=20231115",
    ]  # fmt: skip
    assert [row["idx"] for row in rows(lake)] == [0, 1, 2, 3, 4, 5]
    assert {row["log"] for row in rows(lake)} == {trails.ORIGIN}


def test_each_list_names_the_one_before_and_every_entry_once(lake):
    lists = [LakeList.parse(path.read_bytes()) for path in lake.lists()]
    assert [each.previous is None for each in lists] == [True, False, False]
    assert [(each.start, each.stop) for each in lists] == [(0, 2), (2, 4), (4, 6)]


def test_nothing_is_written_twice(lake):
    before = lake.named()
    assert lake.export() == []
    assert lake.named() == before


def test_equal_logs_give_equal_files(lake, tmp_path):
    lake_directory.export(lake.trail, tmp_path / "other", now=NOW)
    again = {path.name: path.read_bytes() for path in (tmp_path / "other").rglob("*.parquet")}
    assert again == {path.name: path.read_bytes() for path in lake.files()}


def test_an_hour_that_is_not_over_waits(empty):
    now = HOUR + 2 * HOURS + HALF_HOUR
    assert [each.stop for each in empty.export(now)] == [2, 4]
    assert [each.stop for each in empty.export(now + HOURS)] == [6]


def test_an_hour_is_written_as_it_stands_where_asked(empty):
    now = HOUR + 2 * HOURS + HALF_HOUR
    assert [each.stop for each in empty.export(now, as_it_stands=True)] == [2, 4, 6]
    delivering.record(empty.trail, [delivering.at(now + 1, 9)])
    [rest] = empty.export(now + HOURS)
    assert (rest.start, rest.stop, rest.hour) == (6, 7, (HOUR + 2 * HOURS) // 1000)
    assert [row["idx"] for row in rows(empty)] == [0, 1, 2, 3, 4, 5, 6]


def test_an_event_that_is_recorded_late_is_under_its_own_day(empty):
    late = delivering.call(7, eventTime="2023-11-13T05:00:00Z")
    delivering.record(empty.trail, [(HOUR + 3 * HOURS, late)])
    empty.export(HOUR + 5 * HOURS)
    assert empty.files()[0].parent.name == "eventday=20231113"
    assert sorted(row["idx"] for row in rows(empty)) == list(range(7))


def test_rows_are_in_the_order_of_their_times(empty):
    calls = [(HOUR + 3 * HOURS + n, delivering.call(n + 20, eventTime=f"2023-11-15T02:00:{50 - n:02}Z"))
             for n in range(20)]  # fmt: skip
    delivering.record(empty.trail, calls)
    empty.export(HOUR + 5 * HOURS)
    times = pq.read_table(empty.files()[-1])["eventtime"].to_pylist()
    assert times == sorted(times)
    assert len(times) == 20


@pytest.mark.parametrize("step", range(4))
def test_what_was_cut_short_is_done_again(empty, monkeypatch, step):
    """Killed before a file, a note, a list, and the next hour's file."""
    steps = iter(range(99))

    def counted(real):
        def killed(self, *args):
            if next(steps) == step:
                raise KeyboardInterrupt
            return real(self, *args)

        return killed

    with monkeypatch.context() as patch:
        patch.setattr(Sealing, "files", counted(Sealing.files))
        patch.setattr(Tree, "put", counted(Tree.put))
        with pytest.raises(KeyboardInterrupt):
            empty.export()
    empty.export()
    assert [row["idx"] for row in rows(empty)] == [0, 1, 2, 3, 4, 5]
    assert len(empty.lists()) == 3
    assert empty.check(trail=empty.trail).holds


def test_files_that_a_crash_left_are_taken_away(empty):
    empty.path.mkdir()
    stray = empty.path / "eventday=20231114" / f"{folder(trails.ORIGIN)}-20231114T23Z-000000000001.parquet"  # fmt: skip
    stray.parent.mkdir()
    stray.write_bytes(b"half")
    empty.export()
    assert not stray.exists()


def test_another_log_of_this_name_is_refused(lake, tmp_path):
    other = delivering.record(
        tmp_path / "other", [delivering.at(HOUR + n, n + 50) for n in range(9)]
    )
    with pytest.raises(UsageError, match="the log has others"):
        lake_directory.export(other, lake.path, now=NOW)


def test_a_file_is_no_directory(empty):
    empty.path.write_text("")
    with pytest.raises(UsageError, match="is not a directory"):
        empty.export()
