"""A range proves what is in it, what is not, and when nobody was watching."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from apitrail.entry import START, Entry
from apitrail.evidence import maintenance
from apitrail.evidence.bundle import BundleReport, time_range
from apitrail.query import Filter, Pattern
from apitrail.tlog import merkle
from apitrail.tlog.checkpoint import Checkpoint
from apitrail.tlog.note import Signer, sign
from apitrail.tlog.proof import Proof
from apitrail.tlog.tile import pack_entries
from apitrail.trail.reader import Reader
from apitrail.trail.statements import Close, Heartbeat, Target
from evidence.bundle import evidence, judges
from evidence.bundle.evidence import MINUTE, NOON, SECOND, SG, Story, changed, files
from evidence.bundle.judges import Standalone

type Prove = Callable[[Story, Filter], BundleReport]


@pytest.fixture(autouse=True)
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APITRAIL_CONFIG", str(tmp_path / "configuration"))


@pytest.fixture
def prove(tmp_path: Path, standalone: Standalone) -> Prove:
    """Write the story, export the range, and have both judge it."""

    def proven(story: Story, where: Filter) -> BundleReport:
        trail = tmp_path / "trail"
        story.write(trail)
        return judged(trail, tmp_path, standalone, where)

    return proven


def judged(trail: Path, folder: Path, standalone: Standalone, where: Filter) -> BundleReport:
    path = folder / "bundle.zip"
    path.write_bytes(evidence.bundle_of(trail, evidence.job(trail, where, complete=True)))
    key = evidence.Keys.of(trail).signer().verifier
    report = judges.by_package(path, key)
    status, said = standalone(path, key)
    assert said.splitlines() == str(report).splitlines()
    assert status == (0 if report.holds else 1)
    return report


def facts(report: BundleReport, name: str) -> list[str]:
    """The statement's lines of one name."""
    return [line[15:] for line in report.statement if line[2:15].strip() == name]


def watched(minutes: int = 10, calls: int = 0) -> Story:
    story = Story(calls=calls).open()
    for _ in range(minutes):
        story.call().wait(30 * SECOND).beat().wait(30 * SECOND)
    return story


def span(start: float, end: float, **fields: object) -> Filter:
    return Filter(
        since=int(NOON + start * MINUTE),
        until=int(NOON + end * MINUTE),
        **{"resource_name": (SG,)} | fields,  # type: ignore[arg-type]
    )


def test_nothing_happened_while_somebody_was_watching(prove: Prove) -> None:
    report = prove(watched(), span(2, 8))
    assert report.holds
    assert facts(report, "answer") == ["0 calls of 7 in the range, and none but these"]
    assert facts(report, "watched") == ["throughout, by a sign of life at least every 120 s"]
    assert facts(report, "unwatched") == []


def test_nobody_was_watching(prove: Prove) -> None:
    story = watched(3).close().wait(10 * MINUTE).open().wait(SECOND).beat().close()
    report = prove(story, span(1, 20))
    assert facts(report, "unwatched") == [
        "2026-11-22T12:03:00.000Z to 2026-11-22T12:13:00.000Z: no recorder was running",
        "2026-11-22T12:13:01.000Z to 2026-11-22T12:20:00.000Z: no recorder was running",
    ]


def test_a_crash_is_time_that_nobody_watched(prove: Prove) -> None:
    story = watched(3).wait(MINUTE).open().wait(SECOND).beat().wait(MINUTE).close()
    [gap] = facts(prove(story, span(1, 4)), "unwatched")
    assert gap.endswith("the recorder had stopped without saying so")


def test_silence_is_time_that_nobody_watched(prove: Prove) -> None:
    story = watched(3).wait(5 * MINUTE).beat().wait(MINUTE).close()
    [gap] = facts(prove(story, span(1, 8)), "unwatched")
    assert gap == "2026-11-22T12:02:30.000Z to 2026-11-22T12:08:00.000Z: no heartbeat"


def test_the_interval_is_what_the_newest_start_before_said(prove: Prove) -> None:
    story = Story().open(heartbeat=300.0)
    for _ in range(5):
        story.wait(5 * MINUTE).beat()
    report = prove(story, span(6, 14))
    assert facts(report, "watched") == ["throughout, by a sign of life at least every 600 s"]


def test_before_the_log_and_after_it(prove: Prove) -> None:
    report = prove(watched(2).close(), span(-5, 30))
    reasons = [gap.rpartition(": ")[2] for gap in facts(report, "unwatched")]
    assert reasons == ["before the log began", "no recorder was running"]


def test_the_newest_entry_of_a_log_that_goes_on_ends_what_is_known(prove: Prove) -> None:
    [gap] = facts(prove(watched(2).beat(), span(0, 30)), "unwatched")
    assert gap.endswith("after the newest entry of this log")


def test_connections_that_passed_unread_are_counted_by_host(prove: Prove) -> None:
    story = watched(2).beat(tunnelled={"example.com": 2}).wait(MINUTE)
    story.beat(tunnelled={"example.com": 3, "example.org": 1}).wait(MINUTE).close()
    report = prove(story, span(0, 4))
    assert facts(report, "unread") == [
        "5 connections to example.com passed without being read",
        "1 connection to example.org passed without being read",
    ]


def test_calls_whose_resources_are_not_known_are_named(prove: Prove) -> None:
    story = (
        Story().open().call("RunInstances", undetermined=True).call(resources=(SG,)).beat().close()
    )
    report = prove(story, span(0, 1))
    assert facts(report, "undetermined") == ["1 call whose resources could not be told: 1"]
    assert facts(report, "answer") == ["1 call of 2 in the range, and none but these"]


def test_doubt_about_resources_is_none_where_the_rest_of_the_question_is_answered(
    prove: Prove,
) -> None:
    story = Story().open().call("RunInstances", undetermined=True).beat().close()
    report = prove(story, span(0, 1, event_name=("StopInstances",)))
    assert facts(report, "undetermined") == []


def test_a_question_about_who_opens_who_for_all(prove: Prove, tmp_path: Path) -> None:
    story = watched(2).call("StopInstances", user="bob").wait(SECOND).beat().close()
    report = prove(story, span(0, 5, username=("bob",), resource_name=()))
    assert facts(report, "answer") == ["1 call of 3 in the range, and none but these"]
    content = files((tmp_path / "bundle.zip").read_bytes())
    lines = [json.loads(line) for line in content["range/opened/0.jsonl"].splitlines()]
    assert {tag for line in lines for tag in line["facets"]} == {"who", "what"}


@pytest.mark.parametrize(
    "where",
    [
        {"event_name": ("AuthorizeSecurityGroupIngress",)},
        {"event_source": ("ec2.amazonaws.com",)},
        {"resource_type": ("AWS::EC2::SecurityGroup",)},
        {"read_only": False},
        {"error": True},
        {"error": "UnauthorizedOperation"},
        {"access_key_id": ("AKIABOB",)},
        {"source_ip": ("192.0.2.7",)},
        {"region": ("eu-central-1",)},
        {"event_id": (evidence.event_id_of(2),)},
        {"username": ("alice", "bob"), "read_only": True},
        {"event_name": (Pattern("ec2:stop*"), "GetUser")},
        {"event_source": (Pattern("EC2"),)},
        {"username": (Pattern("B*"),)},
        {"resource_name": (Pattern("sg-*f0"),)},
        {"resource_type": (Pattern("aws::ec2::*"),)},
        {"label": (("build=7", "build=8"),)},
        {"label": (("build",), ("team=a",))},
        {},
    ],
    ids=str,
)
def test_every_question_is_answered_alike_by_both(where: dict[str, object], prove: Prove) -> None:
    story = watched(2).call("AuthorizeSecurityGroupIngress", resources=(SG,)).wait(SECOND)
    story.call("StopInstances", user="bob", error="UnauthorizedOperation").wait(
        SECOND
    ).beat().close()
    assert prove(story, span(0, 5, **{"resource_name": (), **where})).holds


def test_a_question_with_patterns_is_judged_and_said_between_quotes(prove: Prove) -> None:
    story = watched(2).call("StopInstances", user="bob").call("StartInstances").wait(SECOND)
    where = span(
        0,
        5,
        resource_name=(),
        event_name=(Pattern("ec2:st*"), Pattern("reboot*"), 'x"; y'),
    )
    report = prove(story.beat().close(), where)
    assert facts(report, "answer") == ["2 calls of 4 in the range, and none but these"]
    assert facts(report, "question") == ['event-name like "ec2:st*" or like "reboot*" or "x\\"; y"']
    said = [line.strip() for line in report.statement]
    assert 'no entry of the range names any like "reboot*"' in said
    assert not [line for line in said if 'any like "ec2' in line]


def test_labels_of_different_keys_are_said_as_a_conjunction(prove: Prove) -> None:
    where = span(0, 5, resource_name=(), label=(("a=1", "a=2"), ("b",)))
    report = prove(watched(2).beat().close(), where)
    assert facts(report, "question") == ['label ("a=1" or "a=2") and ("b")']


def test_a_bundle_that_hides_a_match_of_a_pattern_is_found_out(
    prove: Prove, tmp_path: Path, standalone: Standalone
) -> None:
    story = watched(2).call("StopInstances").wait(SECOND).beat().close()
    where = span(0, 5, resource_name=(), event_name=(Pattern("nothing*"),))
    assert prove(story, where).holds
    content = files((tmp_path / "bundle.zip").read_bytes())
    manifest = json.loads(content["manifest.json"])
    manifest["filter"]["event_name"] = [{"like": "*instances"}]
    content["manifest.json"] = json.dumps(manifest).encode()
    path = tmp_path / "hidden.zip"
    path.write_bytes(evidence.zipped(content))
    key = evidence.Keys.of(tmp_path / "trail").signer().verifier
    report = judges.by_package(path, key)
    assert "it matches the question and is not shown" in str(report)
    assert standalone(path, key) == (1, str(report) + "\n")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("event_name", [{"like": 1}]),
        ("event_name", [{"like": "x", "other": 1}]),
        ("event_name", [{}]),
        ("access_key_id", [{"like": "x"}]),
        ("event_name", {"like": "x"}),
        ("label", [["a"], "b"]),
        ("label", [[]]),
        ("label", [[1]]),
        ("label", [{"like": "a"}]),
    ],
)
def test_a_malformed_pattern_or_group_is_refused_by_both(
    name: str, value: object, prove: Prove, tmp_path: Path, standalone: Standalone
) -> None:
    assert prove(watched(1).beat().close(), span(0, 5)).holds
    content = files((tmp_path / "bundle.zip").read_bytes())
    manifest = json.loads(content["manifest.json"])
    manifest["filter"] = {name: value}
    content["manifest.json"] = json.dumps(manifest).encode()
    path = tmp_path / "malformed.zip"
    path.write_bytes(evidence.zipped(content))
    key = evidence.Keys.of(tmp_path / "trail").signer().verifier
    report = judges.by_package(path, key)
    assert f"malformed filter in manifest.json: {name!r}" in str(report)
    assert standalone(path, key) == (1, str(report) + "\n")


def test_a_range_over_several_tiles_is_proven_by_its_two_ends(prove: Prove, tmp_path: Path) -> None:
    story = Story().open()
    for number in range(620):
        story.call(resources=(SG,) if number % 200 == 7 else ()).wait(SECOND)
        if number % 50 == 49:
            story.beat()
    report = prove(story.wait(SECOND).beat(), span(4.8, 9.5))
    names = files((tmp_path / "bundle.zip").read_bytes())
    tiles = [name for name in names if name.startswith("tile/")]
    assert tiles[0] == "tile/entries/001"
    assert tiles[1].startswith("tile/entries/002.p/")
    assert report.message.startswith("1 call in entries 293 to ")


def test_a_call_in_flight_at_the_end_is_waited_for(prove: Prove) -> None:
    story = watched(3).beat(in_flight=1).wait(20 * SECOND)
    # Answered before the end of the span, in the log only after it.
    story.call("StopInstances", resources=(SG,), lag=21 * SECOND).wait(10 * SECOND)
    report = prove(story.beat().wait(MINUTE).beat(), span(1, 3))
    assert facts(report, "answer")[0].startswith("1 call of ")
    assert "which says that no call was in flight" in facts(report, "ends")[0]


def test_a_busy_recorder_ends_a_range_by_the_slack(prove: Prove) -> None:
    story = watched(2)
    for _ in range(12):
        story.call().wait(30 * SECOND).beat(in_flight=3).wait(30 * SECOND)
    [ending] = facts(prove(story, span(0, 2)), "ends")
    assert ending.endswith(f"{time_range.SLACK // 1000} s after the time")


def test_calls_that_a_crash_left_are_looked_for_after_the_next_start(prove: Prove) -> None:
    story = watched(2).wait(10 * MINUTE).open()
    story.call("StopInstances", resources=(SG,), kind="unknown", lag=11 * MINUTE)
    report = prove(story.wait(SECOND).beat().wait(MINUTE).beat(), span(0, 2))
    assert facts(report, "answer")[0].startswith("1 call of ")


def test_what_was_erased_is_said_and_cannot_be_judged(
    tmp_path: Path, standalone: Standalone
) -> None:
    trail = tmp_path / "trail"
    watched(3).close().write(trail)
    assert maintenance.erase(trail, [Target(1, ("what",))], "asked for") == (1, False)
    report = judged(trail, tmp_path, standalone, span(0, 2))
    assert str(report).startswith("OK with 1 erasure: 0 calls in entries 0 to ")
    assert facts(report, "erased") == ["1 call that can no longer be judged: 1"]


def test_an_erasure_whose_entry_is_withheld_is_tampering(
    tmp_path: Path, standalone: Standalone
) -> None:
    trail, path = tmp_path / "trail", tmp_path / "bundle.zip"
    watched(6).close().write(trail)
    maintenance.erase(trail, [Target(1, ("what",))], None)
    judged(trail, tmp_path, standalone, span(0, 2))
    erased = json.loads(files(path.read_bytes())["manifest.json"])["size"] - 1

    def withhold(content: dict[str, bytes]) -> None:
        del content[f"events/{erased}/salts.json"], content[f"events/{erased}/facets/what"]

    path.write_bytes(changed(path.read_bytes(), withhold))
    key = evidence.Keys.of(trail).signer().verifier
    expected = "entry 1: facet 'what' is not opened, nor erased"
    assert judges.by_package(path, key).message == expected
    assert standalone(path, key) == (1, f"TAMPERED: {expected}\n")


def test_a_search_index_that_lies_cannot_hide_a_match(
    tmp_path: Path, standalone: Standalone
) -> None:
    trail = tmp_path / "trail"
    watched(2).call("StopInstances", resources=(SG,)).wait(SECOND).beat().close().write(trail)
    with closing(sqlite3.connect(trail / "trail.db")) as database:
        database.execute("DELETE FROM resource")
        database.commit()
    report = judged(trail, tmp_path, standalone, span(0, 9))
    assert report.message == "entry 5: it matches the question and is not shown"


def test_nothing_is_erased_ahead_of_time(prove: Prove) -> None:
    story = watched(2).add("erase", {"erased": [{"index": 7, "facets": ["what"]}]}).call().beat()
    report = prove(story.wait(SECOND).close(), span(0, 9))
    assert report.message == "entry 5: it erases what came after it"


def test_trust_goes_along_the_changes_of_key(tmp_path: Path, standalone: Standalone) -> None:
    trail, path = tmp_path / "trail", tmp_path / "bundle.zip"
    old = watched(3).write(trail).verifier
    maintenance.rotate(trail)
    watched(2, calls=100).write(trail)
    new = evidence.Keys.of(trail).signer().verifier
    path.write_bytes(evidence.bundle_of(trail, evidence.job(trail, Filter(read_only=True))))
    assert old != new
    for key in (old, new):
        report = judges.by_package(path, key)
        assert (report.holds, report.rotations, report.key) == (True, 1, str(new))
        assert standalone(path, key)[1].splitlines() == str(report).splitlines()
    assert str(old) in files(path.read_bytes())["keys"].decode()


@pytest.mark.parametrize("victim", ["what", "checkpoint"])
def test_a_change_of_key_cannot_be_forged(
    victim: str, tmp_path: Path, standalone: Standalone
) -> None:
    trail, path = tmp_path / "trail", tmp_path / "bundle.zip"
    old = watched(3).write(trail).verifier
    index, _ = maintenance.rotate(trail)
    watched(1, calls=100).write(trail)
    data = evidence.bundle_of(trail, evidence.job(trail, Filter(read_only=True)))

    def forge(content: dict[str, bytes]) -> None:
        if victim == "what":
            name = f"events/{index}/facets/what"
            content[name] = content[name].replace(b'"old"', b'"odd"')
        else:
            del content[f"checkpoints/{index + 1}"]

    path.write_bytes(changed(data, forge))
    verdict = str(judges.by_package(path, old).verdict)
    assert verdict == {"what": "TAMPERED", "checkpoint": "UNTRUSTED-KEY"}[victim]
    assert judges.verdict(standalone(path, old)[1]) == verdict


def signed_anew(
    content: dict[str, bytes], signer: Signer, entries: list[bytes], tree: list[bytes]
) -> dict[str, bytes]:
    """What the owner of the key can make of a bundle: other entries, and a tree over others yet."""
    hashes = [merkle.leaf_hash(data) for data in tree]

    def read(level: int, index: int) -> bytes:
        return merkle.root_of(hashes[index << level : (index + 1) << level])

    head = sign(str(Checkpoint(signer.name, len(hashes), merkle.root_of(hashes))), signer)
    made = {n: d for n, d in content.items() if not n.startswith(("checkpoints/", "consistency/"))}
    made["checkpoint"] = head.encode()
    for name, data in made.items():
        if name.endswith(".tlog-proof"):
            index = Proof.parse(data).index
            path = tuple(merkle.prove_inclusion(index, len(hashes), read))
            made[name] = str(Proof(index, path, head)).encode()
        elif name.endswith("leaf.json"):
            made[name] = entries[int(name.split("/")[1])]
        elif name.startswith("tile/"):
            made[name] = pack_entries(
                entries[: json.loads(content["manifest.json"])["range"]["last"] + 1]
            )
    return made


def rechained(entries: list[bytes], **changes: int) -> list[bytes]:
    """The same entries, one of them at another time, each after the one before."""
    made: list[Entry] = []
    for link in map(Entry.parse, entries):
        time = changes["time"] if link.index == changes["index"] else link.time
        previous = made[-1].hash if made else START
        made.append(
            Entry.following(
                index=link.index, time=time, previous=previous, kind=link.kind,
                commitments=link.commitments,
            )
        )  # fmt: skip
    return [link.data for link in made]


@pytest.mark.parametrize(
    ("forge", "expected"),
    [
        (lambda entries: (entries, [*entries[:5], b"another", *entries[6:]]), "the entries of the range are not those"),
        (lambda entries: (rechained(entries, index=5, time=NOON),) * 2, "entry 5: it is older than the entry before it"),
        (lambda entries: (rechained(entries, index=5, time=10**15),) * 2, "entry 5 is of no time"),
    ],
    ids=["a chain that is not the tree", "a time that steps back", "a time beyond time"],
)  # fmt: skip
def test_not_even_the_owner_of_the_key_can(
    forge: Callable[[list[bytes]], tuple[list[bytes], list[bytes]]],
    expected: str, tmp_path: Path, standalone: Standalone,
) -> None:  # fmt: skip
    trail, path = tmp_path / "trail", tmp_path / "bundle.zip"
    signer = watched(4).close().write(trail)
    content = files(evidence.bundle_of(trail, evidence.job(trail, span(0, 9), complete=True)))
    with Reader(trail) as source:
        entries = list(source.entries())
    path.write_bytes(evidence.zipped(signed_anew(content, signer, entries, entries)))
    assert judges.by_package(path, signer.verifier).holds
    path.write_bytes(evidence.zipped(signed_anew(content, signer, *forge(entries))))
    report = judges.by_package(path, signer.verifier)
    assert expected in report.message
    status, said = standalone(path, signer.verifier)
    assert (status, judges.verdict(said)) == (1, "TAMPERED")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"index": 9, "size": 10, "time": 5, "kind": "api", "says": None, "until": None}, True),
        ({"index": 8, "size": 10, "time": 5, "kind": "close", "says": Close(), "until": None}, False),
        ({"index": 8, "size": 10, "time": 99, "kind": "close", "says": Close(), "until": 100}, False),
        ({"index": 8, "size": 10, "time": 5_099, "kind": "close", "says": Close(), "until": 100}, False),
        ({"index": 8, "size": 10, "time": 5_100, "kind": "close", "says": Close(), "until": 100}, True),
        ({"index": 8, "size": 10, "time": 5_100, "kind": "heartbeat", "says": Heartbeat(in_flight=0), "until": 100}, True),
        ({"index": 8, "size": 10, "time": 5_100, "kind": "heartbeat", "says": Heartbeat(in_flight=2), "until": 100}, False),
        ({"index": 8, "size": 10, "time": 5_100, "kind": "heartbeat", "says": None, "until": 100}, False),
        ({"index": 8, "size": 10, "time": 300_100, "kind": "api", "says": None, "until": 100}, True),
        ({"index": 8, "size": 10, "time": 300_100, "kind": "unknown", "says": None, "until": 100}, False),
        ({"index": 8, "size": 10, "time": 300_100, "kind": "open", "says": None, "until": 100}, False),
    ],
)  # fmt: skip
def test_where_a_range_may_end(fields: dict[str, object], expected: bool) -> None:
    assert time_range.ends(**fields) is expected  # type: ignore[arg-type]


def test_a_heartbeat_after_a_step_of_the_clock_does_not_end_an_earlier_range(
    prove: Prove, tmp_path: Path, standalone: Standalone
) -> None:
    story = watched(3).wait(30 * MINUTE)
    story.add("clock", {"from": NOON + 3 * MINUTE, "to": NOON + 33 * MINUTE}).beat().wait(SECOND)
    # The clock is right again; the log's own time does not go back.
    story.add("clock", {"from": NOON + 33 * MINUTE, "to": NOON + 4 * MINUTE})
    story.call("StopInstances", resources=(SG,), lag=29 * MINUTE).wait(SECOND).beat()
    report = prove(story.wait(MINUTE).beat().wait(MINUTE).beat(), span(1, 10))
    assert facts(report, "answer")[0].startswith("1 call of ")
    assert "newest entry of the log" in facts(report, "ends")[0]
    assert [line.partition(":")[0] for line in facts(report, "clock")] == ["entry 7", "entry 9"]
    assert "from 2026-11-22T12:33:00.000Z to 2026-11-22T12:04:00.000Z" in facts(report, "clock")[1]


def test_steps_of_the_clock_around_a_range_are_named(prove: Prove) -> None:
    story = watched(8).add("clock", {"from": NOON + 8 * MINUTE, "to": NOON + 5 * MINUTE})
    report = prove(story.wait(SECOND).beat().wait(MINUTE).beat(), span(1, 3))
    [line] = facts(report, "clock")
    assert line.endswith("from 2026-11-22T12:08:00.000Z to 2026-11-22T12:05:00.000Z")


def test_a_range_says_that_it_ends_before_the_log(
    prove: Prove, tmp_path: Path, standalone: Standalone
) -> None:
    """A clock set back after the range dates a call into its time. Whoever exports can leave the
    step out, but not the line that says where the range ends."""
    story = watched(8).wait(MINUTE).beat().wait(SECOND)
    story.add("clock", {"from": NOON + 9 * MINUTE, "to": NOON + 2 * MINUTE})
    story.call("StopInstances", resources=(SG,), lag=7 * MINUTE).wait(SECOND).beat()
    report = prove(story, span(1, 3, resource_name=("sg-other",)))
    [step] = facts(report, "clock")
    folder = f"events/{step.removeprefix('entry ').partition(':')[0]}/"
    content = files((tmp_path / "bundle.zip").read_bytes())
    path = tmp_path / "withheld.zip"
    path.write_bytes(
        evidence.zipped({n: d for n, d in content.items() if not n.startswith(folder)})
    )
    key = evidence.Keys.of(tmp_path / "trail").signer().verifier
    withheld = judges.by_package(path, key)
    assert standalone(path, key)[1].splitlines() == str(withheld).splitlines()
    assert withheld.holds
    assert facts(withheld, "clock") == []
    assert "a clock set back among them" in facts(withheld, "limits")[-1]


def test_a_range_up_to_the_newest_entry_shows_every_step(prove: Prove) -> None:
    story = watched(8).wait(MINUTE).beat().wait(SECOND)
    story.add("clock", {"from": NOON + 9 * MINUTE, "to": NOON + 2 * MINUTE})
    story.call("StopInstances", resources=(SG,), lag=7 * MINUTE).wait(SECOND).beat()
    report = prove(story, Filter(since=int(NOON + MINUTE), resource_name=(SG,)))
    assert not any("before the log" in line for line in facts(report, "limits"))
    assert len(facts(report, "clock")) == len(facts(report, "match")) == 1


def test_calls_that_could_not_be_recorded_are_named(prove: Prove) -> None:
    refused = {"from": NOON, "to": NOON + SECOND, "calls": 3, "reason": "disk full; none"}
    story = watched(2).add("refused", refused).beat().wait(MINUTE).beat()
    [line] = facts(prove(story, span(0, 2)), "refused")
    assert "3 calls from 2026-11-22T12:00:00.000Z" in line
    assert line.endswith('which could not be recorded: "disk full; none"')


def told(kind: str, number: int, *why: str) -> dict[str, object]:
    """What an insight's entry says."""
    return {
        "record": {"eventID": f"{number}"}, "kind": kind, "name": "SecurityGroup sg-1", "time": NOON,
        "caller": "", "why": list(why), "evidence": [number, number + 1], "from": 0, "to": 2,
        "detector": 1, "thresholds": {},
    }  # fmt: skip


def test_changes_that_no_recorded_call_can_have_made_are_part_of_it(prove: Prove) -> None:
    story = watched(2).add(
        "insight", told("drift", 1, "changed by \x1b something", "SecurityGroup sg-1")
    )
    story.add("insight", told("rate", 1, "more calls")).wait(SECOND).beat().wait(MINUTE).beat()
    [line] = facts(prove(story, span(0, 2)), "drift")
    assert line.endswith(r', of entries 1, 2: "changed by \x1b something; SecurityGroup sg-1"')


def test_of_very_many_changes_the_number_is_said(prove: Prove) -> None:
    story = watched(2)
    for number in range(102):
        story.add("insight", told("drift", number, "changed"))
    lines = facts(prove(story.wait(SECOND).beat().wait(MINUTE).beat(), span(0, 2)), "drift")
    assert (len(lines), lines[-1]) == (101, "2 entries more that tell it")


@pytest.mark.parametrize("asked", ["mydb", Pattern("mydb*")])
def test_a_name_in_another_case_is_not_ruled_out_where_case_does_not_count(
    prove: Prove, asked: str | Pattern
) -> None:
    """Whoever exports may have asked for one spelling alone."""
    story = Story().open().call("DeleteDBInstance", resources=("MyDB",), of="AWS::RDS::DBInstance")
    story.call("DeleteTable", resources=("MyDB",), of="AWS::DynamoDB::Table").beat().close()
    report = prove(story, Filter(resource_name=(asked,)))
    assert report.holds
    assert facts(report, "answer") == ["0 calls of 2 in the range, and none but these"]
    assert facts(report, "undetermined") == [
        "1 call with such a name in another letter case, which does not count there: 1"
    ]


def test_a_name_in_another_case_is_judged_by_the_rest_of_the_question(prove: Prove) -> None:
    story = Story().open().call("DeleteDBInstance", resources=("MyDB",), of="AWS::RDS::DBInstance")
    report = prove(story.beat().close(), Filter(resource_name=("mydb",), event_name=("X",)))
    assert facts(report, "undetermined") == []


def test_both_spellings_asked_for_are_matches(prove: Prove) -> None:
    story = Story().open().call("DeleteDBInstance", resources=("MyDB",), of="AWS::RDS::DBInstance")
    report = prove(story.beat().close(), Filter(resource_name=("mydb", "MyDB")))
    assert facts(report, "answer") == ["1 call of 1 in the range, and none but these"]
    assert facts(report, "undetermined") == []
