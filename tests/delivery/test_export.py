"""An export answers its question, whole or not at all, and is dated in the log itself."""

from __future__ import annotations

import asyncio
import io
import json
import shutil
import stat
from pathlib import Path

import pytest

from apitrail.__main__ import run
from apitrail.delivery import export
from apitrail.entry import TAGS
from apitrail.errors import UsageError
from apitrail.event import dump
from apitrail.evidence.bundle import Bundle
from apitrail.evidence.bundle.bundle_writer import thin
from apitrail.places import clock
from apitrail.query import Filter
from apitrail.tlog.proof import Proof
from apitrail.trail import control
from apitrail.trail.keys import Keys
from apitrail.trail.reader import Reader
from apitrail.trail.rows import Draft
from apitrail.trail.writer import Trail
from evidence.bundle import evidence
from evidence.bundle.evidence import SECOND, SG, Story, files

TOUCHED = Filter(resource_name=(SG,))


@pytest.fixture(autouse=True)
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APITRAIL_CONFIG", str(tmp_path / "configuration"))


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recorded") / "trail"
    evidence.morning().close().write(path)
    return path


@pytest.fixture
def trail(recorded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(recorded, tmp_path / "trail"))


def key_of(trail: Path) -> str:
    return str(Keys.of(trail).signer().verifier)


# -- formats ---------------------------------------------------------------------------------


def written(trail: Path, form: str, job: export.Job) -> str:
    out = io.BytesIO()
    with Reader(trail) as source:
        export.FORMATS[form][0](source, job, out)
    return out.getvalue().decode()


def test_jsonl_has_a_record_a_line_oldest_first(trail: Path) -> None:
    records = [
        json.loads(line) for line in written(trail, "jsonl", export.Job(where=TOUCHED)).splitlines()
    ]
    assert [record["eventName"] for record in records] == ["AuthorizeSecurityGroupIngress"] * 2
    assert records[0]["eventTime"] < records[1]["eventTime"]
    assert records[0]["userIdentity"]["userName"] == "alice"


def test_csv_has_a_header_and_a_line_for_each(trail: Path) -> None:
    lines = written(trail, "csv", export.Job(where=TOUCHED)).splitlines()
    assert lines[0].startswith("eventTime,eventSource,eventName")
    assert len(lines) == 3


def test_ids_name_calls_by_their_start(trail: Path) -> None:
    wanted = evidence.event_id_of(3)
    [line] = written(trail, "jsonl", export.Job(ids=(wanted[:6],))).splitlines()
    assert json.loads(line)["eventID"] == wanted


def test_ids_and_a_filter_are_two_questions() -> None:
    with pytest.raises(UsageError, match="two questions"):
        export.Job(ids=("1",), where=TOUCHED)


def test_only_a_bundle_can_prove_that_it_is_complete(trail: Path) -> None:
    with pytest.raises(UsageError, match="only a bundle"):
        written(trail, "csv", export.Job(where=TOUCHED, complete=True))


def test_an_empty_trail_has_nothing_to_prove(tmp_path: Path) -> None:
    Story().write(tmp_path / "empty")
    with pytest.raises(UsageError, match="the trail is empty"):
        evidence.bundle_of(tmp_path / "empty", export.Job())


# -- bundles ---------------------------------------------------------------------------------


def test_the_same_log_and_question_give_the_same_bytes(trail: Path) -> None:
    job = evidence.job(trail, TOUCHED, complete=True)
    assert evidence.bundle_of(trail, job) == evidence.bundle_of(trail, job)


def test_a_bundle_never_holds_an_event_key(trail: Path) -> None:
    content = files(evidence.bundle_of(trail, evidence.job(trail, TOUCHED, complete=True)))
    held = b"".join(content.values())
    with Reader(trail) as source:
        seals = [source.seal(index) for index in range(source.size)]
    assert all(
        seal is not None and seal not in held and seal.hex().encode() not in held for seal in seals
    )


def test_only_the_facets_asked_for_are_opened(trail: Path) -> None:
    job = evidence.job(trail, TOUCHED, facets=("what", "who"))
    opened = {
        n.rpartition("/")[2] for n in files(evidence.bundle_of(trail, job)) if "/facets/" in n
    }
    assert opened == {"who", "what"}
    everything = files(evidence.bundle_of(trail, evidence.job(trail, TOUCHED)))
    assert {n.rpartition("/")[2] for n in everything if "/facets/" in n} >= {"request", "response"}


def test_a_call_that_is_the_newest_entry_is_opened_like_the_others(tmp_path: Path) -> None:
    Story().open().call("StartInstances").call("StopInstances").write(tmp_path / "trail")
    with Reader(tmp_path / "trail") as source:
        plan, _ = export.prepare(source, export.Job())
        assert [dict(plan.shown())[index] for index in (1, 2)] == [TAGS, TAGS]
        plan, _ = export.prepare(source, export.Job(facets=("who",)))
        assert [dict(plan.shown())[index] for index in (1, 2)] == [("who",), ("who",)]


def test_of_many_older_checkpoints_some_evenly_spread_ones_are_taken() -> None:
    assert thin(list(range(10)), 4) == [0, 3, 6, 9]
    assert thin([1, 2], 4) == [1, 2]


def test_a_bundle_can_be_narrowed_to_another_bundle(trail: Path, tmp_path: Path) -> None:
    (tmp_path / "all.zip").write_bytes(
        evidence.bundle_of(trail, evidence.job(trail, TOUCHED, complete=True))
    )
    out = io.BytesIO()
    with Bundle.open(tmp_path / "all.zip") as source:
        [index] = list(source.select(TOUCHED))[:1]
        job = export.Job(ids=(evidence.event_id_of(7),), vkey=export.vkey(source, tmp_path))
        export.FORMATS["bundle"][0](source, job, out)
    (tmp_path / "one.zip").write_bytes(out.getvalue())
    assert index
    assert run(["verify", str(tmp_path / "one.zip"), "--key", key_of(trail)]) == 0


def test_a_bundle_cannot_prove_more_than_it_was_exported_with(trail: Path, tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_bytes(evidence.bundle_of(trail, evidence.job(trail, TOUCHED)))
    with (
        Bundle.open(tmp_path / "b.zip") as source,
        pytest.raises(UsageError, match="cannot prove more"),
    ):
        export.prepare(source, export.Job(where=TOUCHED, complete=True))


def test_a_file_is_written_whole_or_not_at_all_and_for_its_owner_alone(
    trail: Path, tmp_path: Path
) -> None:
    path = tmp_path / "out.zip"
    with Reader(trail) as source:
        assert export.to_file(source, export.Job(where=TOUCHED), form="bundle", path=path) == 2
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        before = path.read_bytes()
        with pytest.raises(UsageError, match="no event"):
            export.to_file(source, export.Job(ids=("ffffffffffff",)), form="bundle", path=path)
    assert path.read_bytes() == before
    assert [x.name for x in tmp_path.iterdir() if x.name.startswith(".")] == []


def test_a_place_that_cannot_be_written_is_said(trail: Path, tmp_path: Path) -> None:
    with Reader(trail) as source, pytest.raises(UsageError, match="cannot write"):
        export.to_file(source, export.Job(), form="csv", path=tmp_path / "none/out.csv")


# -- the time of export ----------------------------------------------------------------------


def newest(trail: Path) -> tuple[str, dict[str, object]]:
    with Reader(trail) as source:
        link = source.entry(source.size - 1)
        assert link is not None
        return link.kind, json.loads(source.facets(link.index, ("what",))["what"])


def test_beside_no_recorder_the_export_dates_itself_and_says_that_none_runs(trail: Path) -> None:
    assert "as no recorder is running" in export.date(trail)
    kind, said = newest(trail)
    assert (kind, said["recording"], said["in_flight"]) == ("heartbeat", False, 0)


def test_calls_that_a_crash_left_are_in_the_export(trail: Path) -> None:
    story = Story(calls=500).call("StopInstances", resources=(SG,))
    [(_, draft)] = story.drafts

    async def crash() -> None:
        signer = Keys.of(trail).signer()
        async with await Trail.open(trail, signer=signer, clock=clock) as writer:
            await writer.begin(evidence.event_id_of(501), draft.facets)

    asyncio.run(crash())
    export.date(trail)
    names = [
        json.loads(line)["eventName"]
        for line in written(trail, "jsonl", export.Job(where=TOUCHED)).splitlines()
    ]
    assert names[-1] == "StopInstances"


def test_without_the_key_the_newest_entry_dates_it(trail: Path) -> None:
    (trail / "keys/log.key").unlink()
    assert export.date(trail) == "dated by the newest entry: the log's key is not here"
    assert not (trail / "keys/log.key").exists()


def test_a_running_recorder_is_asked_for_a_heartbeat(trail: Path) -> None:
    async def beside_a_recorder() -> str:
        signer = Keys.of(trail).signer()
        async with await Trail.open(trail, signer=signer, clock=clock) as writer:

            async def beat(_: dict[str, object]) -> dict[str, object]:
                what = dump({"calls": 0, "tunnelled": {}, "in_flight": 0})
                return {
                    "index": await writer.append(Draft(kind="heartbeat", facets={"what": what}))
                }

            door = control.Door(trail, {"heartbeat": beat})
            await door.open()
            said = await asyncio.to_thread(export.date, trail)
            await door.close()
        return said

    said = asyncio.run(beside_a_recorder())
    assert said.startswith("dated by the recorder's heartbeat, entry ")
    assert "recording" not in newest(trail)[1]


def test_beside_a_recorder_that_stands_still_the_newest_entry_dates_it(
    trail: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "ANSWER_TIMEOUT", 0.1)
    go = asyncio.Event()

    async def still(_request: dict[str, object]) -> dict[str, object]:
        await go.wait()
        return {}

    async def beside_it() -> str:
        door = control.Door(trail, {"heartbeat": still})
        await door.open()
        said = await asyncio.to_thread(export.date, trail)
        go.set()
        await door.close()
        return said

    said = asyncio.run(beside_it())
    assert said.startswith("dated by the newest entry: the recorder (process ")


def test_a_trail_that_is_locked_is_exported_as_it_is(trail: Path) -> None:
    async def beside_a_mute_recorder() -> str:
        signer = Keys.of(trail).signer()
        async with await Trail.open(trail, signer=signer, clock=clock):
            return await asyncio.to_thread(export.date, trail)

    said = asyncio.run(beside_a_mute_recorder())
    assert said.startswith("dated by the newest entry: another ")


# -- the command line ------------------------------------------------------------------------


def apitrail(*arguments: object) -> int:
    return run([str(argument) for argument in arguments])


def test_from_a_question_to_a_statement(
    trail: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "b.zip"
    since, until = (f"2026-11-22T12:0{minute}:00Z" for minute in (1, 5))
    assert apitrail(
        "--trail", trail, "export", "--resource-name", SG, "--since", since, "--until", until,
        "--prove-complete", "-o", path,
    ) == 0  # fmt: skip
    assert "1 call in" in capsys.readouterr().err
    assert apitrail("verify", path, "--key", key_of(trail)) == 0
    said = capsys.readouterr().out
    assert said.startswith("OK: 1 call in entries ")
    assert "none but these" in said


def test_a_question_that_cannot_be_asked_leaves_no_trace_in_the_log(
    trail: Path, tmp_path: Path
) -> None:
    with Reader(trail) as source:
        size = source.size
    assert (
        apitrail(
            "--trail", trail, "export", "--error", "--prove-complete", "-o", tmp_path / "b.zip", "1"
        )
        == 2
    )
    assert apitrail("--trail", tmp_path / "none", "export", "-o", tmp_path / "b.zip") == 2
    with Reader(trail) as source:
        assert source.size == size
    assert not (tmp_path / "none").exists()


def test_a_page_is_exported_verified_and_read(
    trail: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "evidence.html"
    assert apitrail("--trail", trail, "export", "--format", "html", "--resource-name", SG, "-o", path) == 0  # fmt: skip
    key = Keys.of(trail).signer().verifier
    capsys.readouterr()
    assert apitrail("verify", path, "--key", key) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("OK: ")
    assert apitrail("--trail", path, "events", "--output", "jsonl") == 0
    assert len(capsys.readouterr().out.splitlines()) == int(shown.split()[1])


def test_a_bundle_needs_a_file(trail: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert apitrail("--trail", trail, "export") == 2
    assert "needs a file" in capsys.readouterr().err


def test_text_goes_to_stdout(trail: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert apitrail("--trail", trail, "export", "--format", "jsonl", "--resource-name", SG) == 0
    assert len(capfdbinary.readouterr().out.splitlines()) == 2


@pytest.mark.parametrize(
    "command",
    [
        ("events",),
        ("events", "--output", "jsonl"),
        ("show", evidence.event_id_of(6)),
        ("show", evidence.event_id_of(6), "--proof"),
        ("show", evidence.event_id_of(6), "--raw"),
        ("show", evidence.event_id_of(6), "--output", "json"),
        ("history", SG),
        ("history", SG, "--output", "json"),
        ("export", "--format", "csv"),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("opened", [TAGS, ("what",), ("who",), ("response",)], ids=",".join)
def test_a_bundle_is_read_like_a_trail_as_far_as_it_is_disclosed(
    command: tuple[str, ...], opened: tuple[str, ...], trail: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    path = tmp_path / "b.zip"
    path.write_bytes(evidence.bundle_of(trail, evidence.job(trail, TOUCHED, facets=opened)))
    status = apitrail("--trail", path, *command)
    out, err = capfd.readouterr()
    assert "Traceback" not in err
    # Without `what` there is no id to find it by.
    assert status == (2 if command[0] == "show" and "what" not in opened else 0)
    assert ("alice" in out) <= ("who" in opened)


def test_a_bundle_after_events_is_read(
    trail: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "b.zip"
    path.write_bytes(evidence.bundle_of(trail, evidence.job(trail, TOUCHED)))
    assert apitrail("events", path) == 0
    assert capsys.readouterr().out.count("AuthorizeSecurityGroupIngress") == 2


def test_content_that_was_altered_is_not_shown(
    trail: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = files(evidence.bundle_of(trail, evidence.job(trail, TOUCHED)))
    [name] = [n for n in content if n.endswith("facets/who")][:1]
    content[name] = content[name].replace(b"alice", b"carol")
    (tmp_path / "b.zip").write_bytes(evidence.zipped(content))
    assert apitrail("events", tmp_path / "b.zip") == 1
    out, err = capsys.readouterr()
    assert "carol" not in out
    assert "facet 'who' was altered" in err


def test_a_proof_of_one_event_leads_from_its_entry_to_the_checkpoint(
    trail: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert apitrail("--trail", trail, "show", evidence.event_id_of(7), "--proof") == 0
    proof = Proof.parse(capsys.readouterr().out)
    with Reader(trail) as source:
        link = source.entry(proof.index)
        assert link is not None
        head = proof.check(link.hash, [Keys.of(trail).signer().verifier])
        assert head.size == source.size


def test_a_known_log_is_trusted_without_a_key_and_a_fork_of_it_is_named(
    trail: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "b.zip"
    path.write_bytes(evidence.bundle_of(trail, evidence.job(trail, TOUCHED)))
    assert apitrail("verify", path) == 1
    assert capsys.readouterr().out.startswith("UNTRUSTED-KEY")
    with Reader(trail) as source:
        (tmp_path / "seen").write_text(str(source.tail()))
    assert apitrail("verify", path, "--key", key_of(trail), "--since", tmp_path / "seen") == 0
    evidence.morning().close().write(tmp_path / "other")
    with Reader(tmp_path / "other") as source:
        (tmp_path / "stranger").write_text(str(source.tail()))
    assert apitrail("verify", path, "--key", key_of(trail), "--since", tmp_path / "stranger") == 2
    twin = tmp_path / "twin"
    (twin / "keys").mkdir(parents=True, mode=0o700)
    (twin / "keys/log.key").write_bytes((trail / "keys/log.key").read_bytes())
    (twin / "keys/log.key").chmod(0o600)
    evidence.morning().wait(SECOND).close().write(twin)
    path.write_bytes(evidence.bundle_of(twin, evidence.job(twin, TOUCHED)))
    capsys.readouterr()
    assert apitrail("verify", path, "--key", key_of(trail), "--since", tmp_path / "seen") == 1
    assert capsys.readouterr().out.startswith("FORK")
