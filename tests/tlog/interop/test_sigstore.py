"""Sigstore's JavaScript verifier (npm @sigstore/verify) accepts our evidence and no forgery."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from apitrail.tlog.note import Signer
from apitrail.tlog.proof import Proof
from tlog import logs

PACKAGE = "@sigstore/verify@4.1.3"
PROGRAM = Path(__file__).parent / "sigstore/check.js"

# RFC 8410: what stands before the 32 bytes of an Ed25519 public key in its DER form.
SPKI_PREFIX = bytes.fromhex("302a300506032b6570032100")

INDEX, SIZE = 300, 700

pytestmark = pytest.mark.skipif(
    shutil.which("node") is None or shutil.which("npm") is None, reason="needs node and npm"
)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("npm")
    command = ["npm", "install", "--prefix", str(folder), "--ignore-scripts", "--no-audit",
               "--no-fund", "--prefer-offline", "--fetch-retries=0", PACKAGE]  # fmt: skip
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=False, timeout=60
        )
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm could not fetch {PACKAGE} in a minute")
    if done.returncode:
        pytest.skip(f"npm could not install {PACKAGE}: {done.stderr[:200]}")
    return folder


def check(package: Path, proof: Proof, entry: bytes, signer: Signer = logs.SIGNER) -> str:
    given = {
        "proof": str(proof),
        "entry": base64.b64encode(entry).decode(),
        "name": signer.name,
        "keyId": base64.b64encode(signer.verifier.key_id).decode(),
        "publicKey": base64.b64encode(SPKI_PREFIX + signer.verifier.public_key).decode(),
    }
    command = ["node", str(PROGRAM), str(package)]
    done = subprocess.run(
        command, input=json.dumps(given), capture_output=True, text=True, check=False
    )
    assert (done.returncode == 0) == (done.stdout == "holds\n"), done
    return done.stdout.strip() or done.stderr


def test_sigstore_accepts_an_honest_proof(package: Path) -> None:
    for index, size in ((0, 1), (5, 13), (INDEX, SIZE), (SIZE - 1, SIZE)):
        assert check(package, logs.proof_of(index, size), b"entry %d" % index) == "holds"


def test_sigstore_refuses_an_edited_entry_and_a_moved_one(package: Path) -> None:
    proof = logs.proof_of(INDEX, SIZE)
    problem = "calculated root hash does not match inclusion proof"
    assert check(package, proof, b"entry 301") == problem
    assert check(package, replace(proof, index=INDEX + 1), b"entry 300") == problem


def test_sigstore_refuses_an_edited_checkpoint_and_another_key(package: Path) -> None:
    proof = logs.proof_of(INDEX, SIZE)
    edited = proof.checkpoint_note.replace(f"\n{SIZE}\n", f"\n{SIZE + 1}\n")
    problem = "invalid checkpoint signature"
    assert check(package, replace(proof, checkpoint_note=edited), b"entry 300") == problem
    assert check(package, proof, b"entry 300", logs.OTHER) == problem
