"""Bundles carry what witnesses have signed; the three verifiers judge it alike."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from apitrail.evidence.verify import Verdict
from apitrail.tlog.cosignature import Cosigner
from apitrail.tlog.mldsa_cosignature import MldsaCosigner
from apitrail.tlog.note import Note
from apitrail.trail.anchor import COSIGNATURE, Anchor
from apitrail.trail.keys import Keys
from apitrail.trail.reader import Reader
from apitrail.trail.writer import Trail
from evidence.bundle import evidence, judges
from evidence.bundle.evidence import changed, files
from evidence.bundle.judges import Standalone

A, B, C = (Cosigner(f"{name}.example", name.encode() * 32) for name in "abc")
PQ = MldsaCosigner("a.example", b"a" * 32)
WITNESSES = {"a": A, "b": B, "c": C, "q": PQ}
NOON = evidence.NOON // 1000


def anchored(trail: Path, names: str, *, time: int = NOON) -> int:
    """Have the newest head cosigned by these; gives its size."""

    async def work() -> int:
        signer = Keys.of(trail).signer()
        async with await Trail.open(trail, signer=signer, clock=evidence.Clock()) as opened:
            assert opened.newest is not None
            text = Note.parse(opened.newest).text
            lines = [WITNESSES[name].cosign(text, time=time) for name in names]
            found = [
                Anchor(opened.size, COSIGNATURE, f"{x.name}+{x.key_id.hex()}", str(x).encode())
                for x in lines
            ]
            await opened.anchor(opened.size, opened.newest, found)
            return opened.size

    return asyncio.run(work())


def more(trail: Path) -> None:
    """What a recorder writes after the last anchor: the entry that dates an export."""

    async def work() -> None:
        signer = Keys.of(trail).signer()
        clock = evidence.Clock(evidence.NOON + 11 * evidence.MINUTE)
        async with await Trail.open(trail, signer=signer, clock=clock) as opened:
            story = evidence.Story().beat()
            await opened.append(story.drafts[0][1])

    asyncio.run(work())


@pytest.fixture(scope="module")
def trail(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A morning, its head seen by a, b and a's other key; one entry more."""
    found = tmp_path_factory.mktemp("witnessed") / "trail"
    evidence.morning().write(found)
    anchored(found, "abq")
    more(found)
    return found


@pytest.fixture(scope="module")
def bundle(trail: Path) -> bytes:
    return evidence.bundle_of(trail, evidence.job(trail))


type Judge = Callable[..., tuple[Verdict, str]]


@pytest.fixture
def judge(trail: Path, bundle: bytes, standalone: Standalone, tmp_path: Path) -> Judge:
    """All three on a bundle, by a policy: the verdict and the first line."""
    log = Keys.of(trail).signer().verifier

    def call(quorum: str, data: bytes = bundle) -> tuple[Verdict, str]:
        lines = [f"log {log}", *(f"witness {n} {key.verifier}" for n, key in WITNESSES.items())]
        (tmp_path / "policy").write_text("\n".join([*lines, quorum, ""]))
        path = tmp_path / "bundle.zip"
        path.write_bytes(data)
        report = judges.agreed(path, standalone, policy=tmp_path / "policy")
        return report.verdict, str(report).split("\n", maxsplit=1)[0]

    return call


def test_a_bundle_carries_the_cosignatures_of_the_newest_head(trail: Path, bundle: bytes) -> None:
    with Reader(trail) as reader:
        size = reader.size - 1
    note = Note.parse(files(bundle)[f"checkpoints/{size}"])
    names = [(line.name, line.key_id) for line in note.signatures[1:]]
    assert sorted(names) == sorted((x.verifier.name, x.verifier.key_id) for x in (A, B, PQ))


@pytest.mark.parametrize(
    ("quorum", "said"),
    [
        (
            "group g 2 a b c\nquorum g",
            "unless 2 of 3 witnesses lie (c has not seen it, and would count as lying)",
        ),
        ("group g all a b\nquorum g", "unless 2 of 2 witnesses lie"),
        (
            "group g any c b\nquorum g",
            "unless 1 of 2 witnesses lies (c has not seen it, and would count as lying)",
        ),
        ("quorum a", "unless the witness a lies"),
        ("quorum q", "unless the witness q lies"),
        ("group g 2 c q\ngroup h any g b\nquorum h", "unless 1 of 3 witnesses lies (c has"),
        ("group g 1 b c\ngroup h all a g\nquorum h", "unless 2 of 3 witnesses lie (c has"),
    ],
)
def test_what_a_quorum_has_seen_cannot_be_rewritten(judge: Judge, quorum: str, said: str) -> None:
    verdict, line = judge(quorum)
    assert verdict is Verdict.OK
    assert "; nothing shown can be rewritten " + said in line


@pytest.mark.parametrize(
    ("quorum", "said"),
    [
        ("quorum c", "only a, b, q have"),
        ("group g all a b c\nquorum g", "only a, b, q have"),
        ("group g 2 a c\nquorum g", "only"),
    ],
)
def test_without_the_quorum_it_is_unwitnessed(judge: Judge, quorum: str, said: str) -> None:
    verdict, line = judge(quorum)
    assert verdict is Verdict.UNWITNESSED
    assert line.startswith("UNWITNESSED: the quorum of the policy has seen no head of this log, ")
    assert said in line


def test_a_policy_without_witnesses_asks_for_none(judge: Judge) -> None:
    verdict, line = judge("quorum none")
    assert verdict is Verdict.OK
    assert "rewritten" not in line


def test_what_came_after_the_quorum_s_head_is_unwitnessed(trail: Path, judge: Judge) -> None:
    with Reader(trail) as reader:
        newest = reader.size - 1
    ranged = evidence.bundle_of(trail, evidence.job(trail, complete=True))
    assert json.loads(files(ranged)["manifest.json"])["range"]["last"] == newest
    verdict, line = judge("quorum a", ranged)
    assert verdict is Verdict.UNWITNESSED
    assert line == (
        f"UNWITNESSED: entry {newest}: the quorum of the policy has only seen the entries before {newest}"
    )


def kept(change: Callable[[str], str]) -> Callable[[dict[str, bytes]], None]:
    """Change the checkpoint that witnesses have signed."""

    def edit(content: dict[str, bytes]) -> None:
        name = max((n for n in content if n.startswith("checkpoints/")), key=lambda n: int(n[12:]))
        content[name] = change(content[name].decode()).encode()

    return edit


def line_of(cosigner: Cosigner, text: str, time: int = NOON) -> str:
    return f"{cosigner.cosign(text, time=time)}\n"


@pytest.mark.parametrize(
    "change",
    [
        lambda note: note.replace("— a.example ", "— x.example "),
        lambda note: "".join(x for x in note.splitlines(keepends=True) if "a.example" not in x),
        lambda note: note.partition("— a.example")[0] + line_of(A, "o\n1\n" + "A" * 43 + "=\n"),
        lambda note: note.partition("— a.example")[0] + line_of(A, Note.parse(note).text, 0),
    ],
)
def test_a_cosignature_that_does_not_hold_counts_for_nothing(
    bundle: bytes, judge: Judge, change: Callable[[str], str]
) -> None:
    assert judge("quorum a")[0] is Verdict.OK
    assert judge("quorum a", changed(bundle, kept(change)))[0] is Verdict.UNWITNESSED


@pytest.mark.parametrize("at", [4, 12, 13, 50, 800, 2200, 2350, 2420, 2431])
def test_a_flipped_bit_in_an_mldsa_cosignature_counts_for_nothing(
    bundle: bytes, judge: Judge, at: int
) -> None:
    def flip(note: str) -> str:
        parsed = Note.parse(note)
        lines = list(parsed.signatures)
        [which] = [i for i, line in enumerate(lines) if line.key_id == PQ.verifier.key_id]
        data = bytearray(lines[which].data)
        data[at - 4] ^= 4
        lines[which] = replace(lines[which], data=bytes(data))
        return str(Note(parsed.text, tuple(lines)))

    assert judge("quorum q", changed(bundle, kept(flip)))[0] is Verdict.UNWITNESSED


def test_two_witnesses_under_two_heads_have_both_seen_the_older_one(
    tmp_path: Path,
) -> None:
    other = tmp_path / "other"
    evidence.morning().write(other)
    size = anchored(other, "a")
    more(other)
    anchored(other, "b")
    data = evidence.bundle_of(other, evidence.job(other))
    assert f"checkpoints/{size}" in files(data)
    log = Keys.of(other).signer().verifier
    policy = (
        f"log {log}\nwitness a {A.verifier}\nwitness b {B.verifier}\ngroup g all a b\nquorum g\n"
    )
    report = judges.by_package(_written(tmp_path, data), policy=policy.encode())
    assert report.verdict is Verdict.OK
    assert report.witnessed is not None
    assert report.witnessed["size"] == size


def _written(folder: Path, data: bytes) -> Path:
    path = folder / "b.zip"
    path.write_bytes(data)
    return path


BAD = [
    b"", b"quorum x\n", b"quorum none\nquorum none\n", b"log x\nquorum none\n", b"witness none k\nquorum none\n",
    b"quorum none # x\n", b"quorum none\r\n", b"quorum\x0bnone", b"Quorum none", b"group g 1 a\nquorum g\n",
]  # fmt: skip


@pytest.mark.parametrize("data", BAD)
def test_what_is_no_policy_is_refused_by_all(
    data: bytes, bundle: bytes, standalone: Standalone, tmp_path: Path
) -> None:
    path = _written(tmp_path, bundle)
    (tmp_path / "policy").write_bytes(data)
    script = judges.shared_script()
    if script is not None:
        assert script(path, policy=tmp_path / "policy")[0].startswith("UNCHECKED: ")
    done = judges.by_itself_with_policy(path, tmp_path / "policy", cwd=tmp_path)
    assert done[0] == 2
    assert "policy" in done[1]
