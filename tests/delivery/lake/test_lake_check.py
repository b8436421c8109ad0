"""A lake holds where each file is as its log has signed it, and no other file is there."""

from __future__ import annotations

import shutil

import pytest

import delivering
import trails
from apitrail.delivery.lake import lake_check, lake_directory, lake_list
from apitrail.delivery.lake.lake_place import Directory
from apitrail.delivery.lake.log_check import Beside
from apitrail.errors import FormatError
from apitrail.evidence.verify.report import Trust
from apitrail.tlog import note
from apitrail.trail.keys import Keys
from delivering import HOUR, NOW


def verdict(lake, *others, **beside):
    report = lake.check(*others, **beside)
    return str(report.verdict), report.message


def second_log(tmp_path):
    """A trail of another origin."""
    directory = tmp_path / "second"
    Keys.of(directory).generate("second.example/log")
    return delivering.record(directory, [delivering.at(HOUR + n, n + 70) for n in range(3)])


def test_what_was_written_holds(lake):
    report = lake.check()
    assert report.holds
    assert report.message.startswith("6 calls in 3 files under 3 lists; complete and unaltered")


def test_a_missing_file_is_named_with_its_hour_and_entries(lake):
    gone = lake.files()[1]
    gone.unlink()
    word, message = verdict(lake)
    assert word == "TAMPERED"
    assert f"{gone.parent.name}/{gone.name} is missing: 2 rows of the hour 2023-11-15T00:00:00Z, entries 2-3" in message  # fmt: skip


@pytest.mark.parametrize("at", [0, 2000, -1])
def test_an_altered_file_is_named(lake, at):
    path = lake.files()[0]
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)
    assert verdict(lake) == ("TAMPERED", f"{path.parent.name}/{path.name} is not what was listed")


@pytest.mark.parametrize("to", ["eventday=20231115/copy.parquet", "deep/er/x.PARQUET", "x.parquet"])
def test_a_file_that_is_there_twice_is_named(lake, to):
    name = lake.files()[0].relative_to(lake.path)
    (lake.path / to).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(lake.path / name, lake.path / to)
    assert verdict(lake) == ("TAMPERED", f"{to} is {name} a second time")


@pytest.mark.parametrize(
    "name", ["eventday=20231114/foreign.parquet", "other.parquet", "eventday=20231114/x.txt",
             "apitrail/lake/x.json"]
)  # fmt: skip
def test_a_foreign_file_is_named(lake, name):
    (lake.path / name).write_bytes(b"PAR1")
    assert verdict(lake) == ("TAMPERED", f"{name} is in no list")


def test_a_foreign_name_is_told_in_one_line(lake):
    (lake.path / "eventday=20231114" / "x\nOK: all of it holds\x1b[2A.parquet").write_bytes(b"PAR1")
    [line] = str(lake.check()).splitlines()
    assert line.startswith(
        "TAMPERED: 'eventday=20231114/x\\nOK: all of it holds\\x1b[2A.parquet' is in"
    )


def test_files_that_no_query_reads_are_nobodys_business(lake):
    (lake.path / "README.md").write_text("notes")
    assert lake.check().holds


def test_two_files_exchanged_are_both_named(lake):
    one, two = lake.files()[1:]
    swapped = one.read_bytes(), two.read_bytes()
    one.write_bytes(swapped[1])
    two.write_bytes(swapped[0])
    message = verdict(lake)[1]
    assert one.name in message
    assert two.name in message


def test_logs_lie_side_by_side_and_each_is_told_of(lake, tmp_path):
    other = second_log(tmp_path)
    lake_directory.export(other, lake.path, now=NOW)
    report = lake.check(other)
    assert report.holds
    assert report.message == "2 logs, 9 calls in 4 files"
    assert {log.report.origin for log in report.logs} == {trails.ORIGIN, "second.example/log"}
    assert {log["rows"] for log in report.to_json()["logs"]} == {6, 3}


def test_a_log_whose_key_is_not_trusted_is_named_and_the_others_are_checked(lake, tmp_path):
    lake_directory.export(second_log(tmp_path), lake.path, now=NOW)
    report = lake.check()
    assert str(report.verdict) == "UNTRUSTED-KEY"
    assert "second.example/log" in report.message
    assert {str(log.report.verdict) for log in report.logs} == {"OK", "UNTRUSTED-KEY"}


def test_a_log_that_is_gone_with_all_its_lists_is_missed(lake, tmp_path):
    other = second_log(tmp_path)
    word, message = verdict(lake, other)
    assert word == "TRUNCATED"
    assert "no list of the log second.example/log is here" in message


def test_a_log_that_is_gone_is_missed_by_its_checkpoint(lake, tmp_path):
    second = second_log(tmp_path)
    lake_directory.export(second, lake.path, now=NOW)
    since = (second / "checkpoint").read_text()
    assert verdict(lake, second, since=since)[0] == "OK"
    shutil.rmtree(lake.path / lake_list.FOLDER / lake_list.folder("second.example/log"))
    for path in lake.files():
        if path.name.startswith(lake_list.folder("second.example/log")):
            path.unlink()
    missed = "no list of the log second.example/log is here, and a checkpoint of it was given"
    assert verdict(lake, since=since) == ("TRUNCATED", missed)


def test_what_is_no_checkpoint_is_refused(lake):
    with pytest.raises(FormatError):
        lake.check(since="second.example+12345678+AAAA\n")


def test_nothing_is_no_lake(tmp_path):
    report = lake_check.verify_lake(Directory.at(tmp_path), Trust((), "--key"), Beside())
    assert str(report.verdict) == "TRUNCATED"
    assert "export --format parquet" in str(report.hint)


def test_another_key_of_the_same_name_is_not_trusted(lake):
    other = note.Signer(trails.ORIGIN, bytes(range(1, 33))).verifier
    report = lake_check.verify_lake(Directory.at(lake.path), Trust((other,), "--key"), Beside())
    assert str(report.verdict) == "UNTRUSTED-KEY"
