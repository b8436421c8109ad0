"""A bundle of many entries shows them in packs: it states the same, and all judges hold it alike."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from apitrail.delivery import export
from apitrail.errors import UsageError
from apitrail.evidence.bundle import Bundle, archive, pack_writer
from apitrail.trail.reader import Reader
from evidence.bundle import evidence, judges
from evidence.bundle.edits import SPAN, TOUCHED, Case, Judge
from evidence.bundle.evidence import changed, files
from evidence.bundle.judges import Standalone

type Change = Callable[[dict[str, bytes]], None]


def packs(content: dict[str, bytes]) -> list[str]:
    """The folders of a bundle's packs, in order."""
    found = {int(name.split("/")[1]) for name in content if name.startswith("packed/")}
    return [f"packed/{first}" for first in sorted(found)]


@pytest.mark.parametrize("which", ["plain", "complete"])
def test_it_states_what_a_file_for_each_part_states(
    which: str, case: Case, packed: Case, standalone: Standalone, tmp_path: Path
) -> None:
    path, lines = tmp_path / "bundle.zip", []
    for each in (case, packed):
        path.write_bytes(getattr(each, which))
        report = judges.agreed(path, standalone, case.signer.verifier)
        assert report.holds, report.message
        lines.append(str(report).splitlines())
    assert lines[0] == lines[1]
    content = files(getattr(packed, which))
    assert len(packs(content)) > 1
    assert not any(name.startswith("events/") for name in content)


def test_it_is_read_as_evidence_and_handed_on(
    case: Case, packed: Case, standalone: Standalone, tmp_path: Path
) -> None:
    one, other = tmp_path / "one.zip", tmp_path / "other.zip"
    one.write_bytes(case.plain)
    other.write_bytes(packed.plain)
    with Bundle.open(one) as plain, Bundle.open(other) as read:
        assert list(read.indexes()) == list(plain.indexes())
        for index in read.indexes():
            assert read.opened(index) == plain.opened(index)
            assert read.leaf(index) == plain.leaf(index)
            assert read.inclusion(index) == plain.inclusion(index)
        again = io.BytesIO()
        export.FORMATS["bundle"][0](read, export.Job(where=TOUCHED), again)
    assert files(again.getvalue()).keys() - {"log.vkey"} == files(case.plain).keys() - {"log.vkey"}
    one.write_bytes(again.getvalue())
    assert judges.agreed(one, standalone, case.signer.verifier).holds


def test_a_bundle_is_packed_into_packs(
    case: Case, standalone: Standalone, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Also out of a bundle, whose proofs are those of single entries."""
    path = tmp_path / "bundle.zip"
    path.write_bytes(case.plain)
    monkeypatch.setattr(pack_writer, "FROM", 0)
    out = io.BytesIO()
    with Bundle.open(path) as source:
        export.FORMATS["bundle"][0](source, export.Job(where=TOUCHED), out)
    assert packs(files(out.getvalue()))
    path.write_bytes(out.getvalue())
    assert judges.agreed(path, standalone, case.signer.verifier).holds


def in_first(file: str, change: Callable[[bytes], bytes | None]) -> Change:
    """Change a file of the first pack that shows a call, or remove it."""

    def edit(content: dict[str, bytes]) -> None:
        name = f"{packs(content)[-2]}/{file}"
        value = change(content.pop(name))
        if value is not None:
            content[name] = value

    return edit


def lines(change: Callable[[list[bytes]], list[bytes]]) -> Callable[[bytes], bytes]:
    return lambda data: b"\n".join(change(data[:-1].split(b"\n"))) + b"\n"


def of_another_pack(file: str) -> Change:
    def edit(content: dict[str, bytes]) -> None:
        one, other = packs(content)[-2:]
        content[f"{one}/{file}"] = content[f"{other}/{file}"]

    return edit


def manifest(**said: object) -> Change:
    def edit(content: dict[str, bytes]) -> None:
        content["manifest.json"] = json.dumps(json.loads(content["manifest.json"]) | said).encode()

    return edit


def add(name: str, value: bytes) -> Change:
    return lambda content: content.update({name: value})


FLAWS: dict[str, tuple[Change, str]] = {
    "a pack without its proof": (in_first("proof", lambda _: None), "is not whole"),
    "a pack without its entries": (in_first("entries", lambda _: None), "is not whole"),
    "a pack that opens nothing": (in_first("opened.jsonl", lambda _: None), ""),
    "the proof of another": (of_another_pack("proof"), "out of order"),
    "the entries of another": (of_another_pack("entries"), ""),
    "what another opens": (of_another_pack("opened.jsonl"), "does not belong here"),
    "a hash too few": (in_first("proof", lines(lambda x: x[:-1])), "too short"),
    "a hash too many": (in_first("proof", lines(lambda x: [*x, x[-1]])), "too long"),
    "another hash": (in_first("proof", lines(lambda x: [*x[:-1], b"A" * 43 + b"="])), "fails"),
    "an entry too many": (in_first("proof", lines(lambda x: [x[0], x[1] + b" 9999", *x[2:]])), "the log has not"),
    "entries twice": (in_first("entries", lambda data: data + data), "does not hold the entries"),
    "a bit of an entry": (in_first("entries", lambda data: data[:60] + b"7" + data[61:]), ""),
    "a line twice": (in_first("opened.jsonl", lines(lambda x: [*x, x[0]])), "does not belong here"),
    "a content": (in_first("opened.jsonl", lambda data: data.replace(b"alice", b"malia", 1)), "was altered"),
    "an older format": (manifest(format="apitrail.bundle@v1"), "does not belong in a bundle"),
    "a later format": (manifest(format="apitrail.bundle@v3"), "one of a newer apitrail"),
    "an entry of its own": (add("events/3/leaf.json", b"{}"), "does not belong in a bundle"),
    "a call that is not there": (manifest(selected=[1]), "it is said to be shown and is not there"),
}  # fmt: skip


@pytest.mark.parametrize("name", FLAWS)
def test_what_does_not_hold_is_named(name: str, packed: Case, judge: Judge) -> None:
    change, expected = FLAWS[name]
    verdict, message = judge(changed(packed.plain, change))
    if name == "a pack that opens nothing":
        assert verdict == "OK", message
    else:
        assert verdict == "TAMPERED"
        assert expected in message


def test_an_entry_must_be_that_of_the_range(packed: Case, judge: Judge) -> None:
    def edit(content: dict[str, bytes]) -> None:
        [name] = [name for name in content if name.startswith("tile/")]
        content[name] = content[name].replace(b'"k":"api"', b'"k":"mpi"', 1)

    assert judge(changed(packed.complete, edit))[0] == "TAMPERED"


@pytest.mark.parametrize(
    ("limit", "most", "said"),
    [
        ("MOST_FILES", 100, "would have up to"),
        ("LARGEST_FILE", 1_000, "README.txt would have"),
        ("LARGEST_TOTAL", 50_000, "would hold more than"),
        ("LARGEST_TOTAL", 100, "calls would hold about"),
    ],
)
def test_what_no_verifier_would_read_is_not_written(
    limit: str, most: int, said: str, case: Case, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    job = evidence.job(case.trail, SPAN, complete=True)
    monkeypatch.setattr(archive, limit, most)
    path = tmp_path / "bundle.zip"
    with Reader(case.trail) as source, pytest.raises(UsageError, match=said) as caught:
        export.to_file(source, job, form="bundle", path=path)
    assert caught.value.hint
    assert not path.exists()


def test_a_page_that_no_browser_opens_is_not_written(
    case: Case, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    job = evidence.job(case.trail, SPAN)
    monkeypatch.setattr(export, "LARGEST_PAGE", 10_000)
    path = tmp_path / "page.html"
    with Reader(case.trail) as source, pytest.raises(UsageError, match="browsers do not open"):
        export.to_file(source, job, form="html", path=path)
    assert not path.exists()
