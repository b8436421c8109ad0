"""Go's checksum database code (sumdb/note and sumdb/tlog) accepts our evidence and no forgery."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from apitrail.tlog import encoding, merkle
from tlog import logs

SOURCE = Path(__file__).parent / "golang/check.go"

# Debian: golang-go and golang-golang-x-mod-dev, which installs below /usr/share/gocode.
GOPATH = Path("/usr/share/gocode")

pytestmark = [
    pytest.mark.skipif(shutil.which("go") is None, reason="needs go (golang-go)"),
    pytest.mark.skipif(
        not (GOPATH / "src/golang.org/x/mod/sumdb").is_dir(),
        reason="needs golang.org/x/mod (golang-golang-x-mod-dev)",
    ),
]

type Check = Callable[..., tuple[bool, str]]

VKEY = str(logs.SIGNER.verifier)
INDEX, OLD, SIZE = 300, 257, 700


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("go")
    environment = {
        **os.environ, "GO111MODULE": "off", "GOPATH": str(GOPATH), "GOFLAGS": "",
        "GOCACHE": str(folder / "cache"), "CGO_ENABLED": "0", "GOPROXY": "off",
    }  # fmt: skip
    program = folder / "check"
    command = ["go", "build", "-o", str(program), str(SOURCE)]
    subprocess.run(command, env=environment, check=True, timeout=110)
    return program


@pytest.fixture
def check(program: Path, tmp_path: Path) -> Check:
    def run(what: str, vkey: str, *texts: str) -> tuple[bool, str]:
        paths = [tmp_path / str(number) for number in range(len(texts))]
        for path, text in zip(paths, texts, strict=True):
            path.write_text(text, encoding="utf-8", newline="")
        command = [str(program), what, vkey, *map(str, paths)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.returncode == 0, done.stdout.strip()

    return run


def test_go_accepts_an_honest_inclusion_proof(check: Check) -> None:
    for index, size in ((0, 1), (5, 13), (INDEX, SIZE), (SIZE - 1, SIZE)):
        proof = str(logs.proof_of(index, size))
        assert check("inclusion", VKEY, proof, f"entry {index}") == (True, "holds")


def test_go_refuses_an_edited_entry_a_moved_one_and_another_key(check: Check) -> None:
    proof = logs.proof_of(INDEX, SIZE)
    assert check("inclusion", VKEY, str(proof), "entry 301")[1] == "invalid transparency proof"
    moved = str(replace(proof, index=INDEX + 1))
    assert check("inclusion", VKEY, moved, "entry 300")[1] == "invalid transparency proof"
    stranger = str(logs.OTHER.verifier)
    assert (
        check("inclusion", stranger, str(proof), "entry 300")[1]
        == "note has no verifiable signatures"
    )


def test_go_refuses_an_edited_checkpoint(check: Check) -> None:
    text = str(logs.proof_of(INDEX, SIZE)).replace(f"\n{SIZE}\n", f"\n{SIZE + 1}\n")
    holds, problem = check("inclusion", VKEY, text, "entry 300")
    assert (holds, problem) == (False, f"invalid signature for key {VKEY.rpartition('+')[0]}")


def test_go_accepts_an_honest_consistency_proof_and_no_fork(check: Check) -> None:
    path = merkle.prove_consistency(OLD, SIZE, logs.reader(SIZE))
    lines = "\n".join(map(encoding.encode_base64, path))
    heads = logs.signed_head(OLD), logs.signed_head(SIZE)
    assert check("consistency", VKEY, *heads, lines) == (True, "holds")
    shorter = logs.signed_head(OLD - 1), heads[1]
    assert check("consistency", VKEY, *shorter, lines)[1] == "invalid transparency proof"
    assert check("consistency", VKEY, *heads, lines[45:])[1] == "invalid transparency proof"
