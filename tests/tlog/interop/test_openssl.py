"""What an auditor can do with openssl alone: check a checkpoint's signature, and an inclusion."""

from __future__ import annotations

import base64
import shutil
import subprocess
from pathlib import Path

import pytest

from apitrail.tlog.note import Note
from apitrail.tlog.proof import Proof
from tlog import logs

OPENSSL = shutil.which("openssl")

pytestmark = pytest.mark.skipif(OPENSSL is None, reason="needs the openssl command")

INDEX, SIZE = 5, 13

# RFC 8410: what stands before the 32 bytes of an Ed25519 public key in its DER form.
SPKI_PREFIX = bytes.fromhex("302a300506032b6570032100")


def verify(folder: Path, message: bytes, signature: bytes) -> bool:
    """`openssl pkeyutl -verify` over a message, with the log's key in PEM."""
    key = base64.encodebytes(SPKI_PREFIX + logs.SIGNER.verifier.public_key).decode()
    (folder / "log.pem").write_text(f"-----BEGIN PUBLIC KEY-----\n{key}-----END PUBLIC KEY-----\n")
    (folder / "message").write_bytes(message)
    (folder / "signature").write_bytes(signature)
    done = subprocess.run(
        ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "log.pem", "-rawin",
         "-in", "message", "-sigfile", "signature"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Verified Successfully" in done.stdout or "Verification Failure" in done.stdout, done
    return done.returncode == 0


def sha256(data: bytes) -> bytes:
    return subprocess.run(
        ["openssl", "dgst", "-sha256", "-binary"], input=data, capture_output=True, check=True
    ).stdout


def root_by_hand(leaf: bytes, path: tuple[bytes, ...]) -> bytes:
    """Leaf 5 of 13 goes up as a right, a left, a right and a left child."""
    node = sha256(b"\x00" + leaf)
    for sibling, side in zip(path, "rlrl", strict=True):
        node = sha256(b"\x01" + (sibling + node if side == "r" else node + sibling))
    return node


def test_openssl_accepts_a_signed_checkpoint_and_no_other(tmp_path: Path) -> None:
    head = Note.parse(logs.signed_head(SIZE))
    [line] = head.signatures
    text = head.text.encode()
    assert verify(tmp_path, text, line.data)
    assert not verify(tmp_path, text.replace(b"\n13\n", b"\n12\n"), line.data)
    assert not verify(tmp_path, text, line.data[:-1] + bytes([line.data[-1] ^ 1]))


def test_openssl_alone_leads_from_an_entry_to_the_root() -> None:
    proof = Proof.parse(str(logs.proof_of(INDEX, SIZE)))
    claimed = base64.b64decode(proof.checkpoint_note.split("\n")[2])
    assert root_by_hand(b"entry 5", proof.hashes) == claimed
    assert root_by_hand(b"entry 6", proof.hashes) != claimed
