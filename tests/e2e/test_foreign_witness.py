"""A recorder and a witness that nobody here wrote: PyPI's aics-witness, in an environment of its own."""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

import apart
import witnessing
from apitrail.address import Address, listen
from apitrail.evidence.verify import Trust, Verdict
from apitrail.evidence.verify import trail_check as verification
from apitrail.tlog import merkle, note
from apitrail.tlog.add_checkpoint import AddCheckpoint, log_digest
from apitrail.tlog.cosignature import CosignatureVerifier, Cosigner
from apitrail.tlog.mldsa_cosignature import MldsaCosigner
from apitrail.trail.audit import Audit
from apitrail.trail.keys import Keys
from proxying import recording
from tlog import logs

PACKAGES = ("aics-witness==0.1.0", "aics-tlog==0.2.1")
ORIGIN = "example.com/foreign-test"


class Foreign:
    """The witness: its verifier key and its URL."""

    def __init__(self, vkey: str, url: str) -> None:
        self.vkey = vkey
        self.url = url


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """It wants a newer cryptography than mitmproxy allows."""
    return apart.install(tmp_path_factory, *PACKAGES) / "aics-witness"


@pytest.fixture(scope="module")
def key() -> note.Signer:
    return note.Signer(ORIGIN, bytes(range(32)))


@pytest.fixture(scope="module")
def foreign(
    program: Path, key: note.Signer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Foreign]:
    home = tmp_path_factory.mktemp("foreign")
    config = ["--config", str(home / "witness.json")]

    def run(*arguments: str) -> str:
        command = [str(program), *arguments, *config]
        return subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=60
        ).stdout.strip()

    vkey = run("init", "--name", "foreign.example/w")
    run("add-log", "--origin", ORIGIN, "--vkey", str(key.verifier))
    with listen(Address("127.0.0.1", 0)) as bound:
        address = Address.of(bound)
    command = [str(program), "serve", *config, "--listen", str(address)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if str(address) in line:
            break
    yield Foreign(vkey, f"http://{address}/")
    process.terminate()
    process.wait()
    process.stderr.close()


def record(directory: Path, key: note.Signer, policy: str) -> None:
    """A whole recorder, from its start to its end, with this policy."""
    Keys.of(directory)._write(directory / "keys" / "log.key", str(key))
    (directory / "witnesses").write_text(policy)
    config = directory / "config.toml"
    config.write_text('[anchors]\npolicy = "witnesses"\n')

    async def work() -> None:
        async with recording(directory, configuration=config):
            pass

    asyncio.run(work())


def test_it_cosigns_what_we_record_and_refuses_a_rewritten_log(
    foreign: Foreign, key: note.Signer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APITRAIL_CONFIG", str(tmp_path / "config"))
    with witnessing.witness(tmp_path / "ours", str(key.verifier)) as (ours, url):
        policy = (
            f"witness ours {ours.vkeys[1]} {url}\nwitness theirs {foreign.vkey} {foreign.url}\n"
            "group both all ours theirs\nquorum both\n"
        )
        for _ in range(2):  # the second start goes on where the witnesses are
            record(tmp_path / "trail", key, policy)
        with Audit(tmp_path / "trail") as reader:
            found = list(reader.anchors())
            assert {each.size for each in found} == {2, 4}
            assert len(found) == 4
            tail = str(reader.tail())
        # What it serves to monitors is the head that we recorded, cosigned by it.
        with urllib.request.urlopen(
            f"{foreign.url}{log_digest(ORIGIN)}/checkpoint", timeout=30
        ) as got:
            newest = note.open(got.read(), [CosignatureVerifier.parse(foreign.vkey)])
        assert newest.text == note.Note.parse(tail).text
        # Root on the recorder's host has the key, and can make the recorder forget.
        monkeypatch.setenv("APITRAIL_CONFIG", str(tmp_path / "forgotten"))
        for _ in range(3):
            record(tmp_path / "rewritten", key, policy)
        with Audit(tmp_path / "rewritten") as reader:
            assert list(reader.anchors()) == []
        trust = Trust((key.verifier,), "--key")
        report = verification.check(tmp_path / "trail", trust, now=0, processes=1)
        assert report.verdict is Verdict.OK


# What a log of theirs does: it submits heads, and prints what it was answered.
FEEDER = """
import json, sys
from aics_witness.feeder import WitnessClient, WitnessConflict, WitnessRejected
said = json.load(sys.stdin)
client = WitnessClient(said["url"], said["vkey"])
for note, proofs in said["heads"]:
    try:
        line = client.submit(note.encode(), lambda old, new: [bytes.fromhex(h) for h in proofs[str(old)]])
        print("cosigned", len(line.splitlines()))
    except WitnessConflict as error:
        print("conflict", error.known_size)
    except WitnessRejected as error:
        print("rejected", error.status)
"""


def test_their_log_gets_our_witness_s_cosignatures(program: Path, tmp_path: Path) -> None:
    def head(size: int) -> list[object]:
        older = [at for at in (4, 300) if at < size]
        found = {str(at): merkle.prove_consistency(at, size, logs.reader(size)) for at in older}
        hexed = {at: [each.hex() for each in proof] for at, proof in found.items()}
        return [logs.signed_head(size), hexed | {"0": []}]

    fork = AddCheckpoint.parse(witnessing.forged(0, 300)).checkpoint
    heads = [head(4), head(300), [fork, {"300": []}], head(4), head(300), head(700)]
    with witnessing.witness(tmp_path, clock=lambda: int(time.time())) as (ours, url):
        said = {"url": url, "vkey": ours.vkeys[0], "heads": heads}
        done = subprocess.run(
            [str(program.with_name("python")), "-c", FEEDER], input=json.dumps(said),
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert done.stdout.splitlines() == [
        "cosigned 1", "cosigned 1", "rejected 422", "conflict 300", "cosigned 1", "cosigned 1",
    ], done.stderr  # fmt: skip


def test_aics_tlog_judges_our_cosignatures_by_a_policy(program: Path, tmp_path: Path) -> None:
    witnesses = [Cosigner(f"{name}.example/w", name.encode() * 32) for name in ("a", "b", "c")]
    newest, signed = int(time.time()), logs.signed_head(700)
    text = note.Note.parse(signed).text
    lines = [str(each.cosign(text, time=newest)) for each in witnesses[:2]]
    lines.append(str(MldsaCosigner("pq.example/w", bytes(32)).cosign(text, time=newest)))
    policy = tmp_path / "policy.json"
    policy.write_text(json.dumps(
        {"quorum": 2, "witnesses": [str(each.verifier) for each in witnesses]}
    ))  # fmt: skip

    def judged(*notes: str) -> tuple[int, str]:
        path = tmp_path / "checkpoint"
        path.write_text("".join(notes))
        command = [str(program.with_name("aics-tlog")), "verify-checkpoint", "--note", str(path),
                   "--log-key", str(logs.SIGNER.verifier), "--policy-file", str(policy)]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout + done.stderr

    whole = [signed, *(f"{line}\n" for line in lines)]
    assert judged(*whole)[0] == 0
    status, said = judged(whole[0], whole[1], whole[3])
    assert (status != 0, "quorum not met: 1 valid fresh cosignatures < 2" in said) == (True, True)
    rewritten = AddCheckpoint.parse(witnessing.forged(0, 700)).checkpoint
    status, said = judged(rewritten, *whole[1:])
    assert (status != 0, "cosignature from a.example/w failed verification" in said) == (True, True)
