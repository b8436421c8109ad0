"""Programs nobody here wrote accept what a bundle holds, and no tampered copy of it."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

import pytest

from apitrail.evidence.bundle import layout
from apitrail.query import Filter
from apitrail.tlog.note import Signer
from apitrail.tlog.proof import Proof
from evidence.bundle import evidence
from evidence.bundle.evidence import SG, files

INTEROP = Path(__file__).parents[2] / "tlog/interop"
GOPATH = Path("/usr/share/gocode")
# RFC 8410: what stands before the 32 bytes of an Ed25519 public key in its DER form.
SPKI_PREFIX = bytes.fromhex("302a300506032b6570032100")


@dataclass(frozen=True)
class Handed:
    """An unpacked bundle, the key from elsewhere, and one of the entries shown."""

    folder: Path
    signer: Signer
    index: int

    def event(self, file: str) -> Path:
        return self.folder / layout.event(self.index, file)


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Handed:
    base = tmp_path_factory.mktemp("handed")
    signer = evidence.morning().write(base / "trail")
    where = Filter(resource_name=(SG,))
    data = evidence.bundle_of(base / "trail", evidence.job(base / "trail", where))
    for name, content in files(data).items():
        path = base / "bundle" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    claims = json.loads((base / "bundle/manifest.json").read_text())
    return Handed(base / "bundle", signer, claims["selected"][0])


@pytest.fixture
def handed(pristine: Handed, tmp_path: Path) -> Handed:
    shutil.copytree(pristine.folder, tmp_path / "bundle")
    return Handed(tmp_path / "bundle", pristine.signer, pristine.index)


# -- Go's checksum database ------------------------------------------------------------------

needs_go = pytest.mark.skipif(
    shutil.which("go") is None or not (GOPATH / "src/golang.org/x/mod/sumdb").is_dir(),
    reason="needs go and golang.org/x/mod (golang-go, golang-golang-x-mod-dev)",
)


@pytest.fixture(scope="module")
def go(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("go")
    environment = {
        **os.environ, "GO111MODULE": "off", "GOPATH": str(GOPATH), "GOFLAGS": "",
        "GOCACHE": str(folder / "cache"), "CGO_ENABLED": "0", "GOPROXY": "off",
    }  # fmt: skip
    command = ["go", "build", "-o", str(folder / "check"), str(INTEROP / "golang/check.go")]
    subprocess.run(command, env=environment, check=True, timeout=110)
    return folder / "check"


def run_go(go: Path, *arguments: object) -> str:
    done = subprocess.run(
        [str(go), *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert (done.returncode == 0) == (done.stdout == "holds\n"), done
    return done.stdout.strip()


@needs_go
def test_go_finds_the_entry_in_the_log(handed: Handed, go: Path) -> None:
    arguments = (
        handed.signer.verifier,
        handed.event("event.tlog-proof"),
        handed.event("leaf.json"),
    )
    assert run_go(go, "inclusion", *arguments) == "holds"
    leaf = handed.event("leaf.json")
    leaf.write_bytes(leaf.read_bytes().replace(b'"k":"api"', b'"k":"run"'))
    assert run_go(go, "inclusion", *arguments) == "invalid transparency proof"


@needs_go
def test_go_finds_each_older_checkpoint_continued(handed: Handed, go: Path, tmp_path: Path) -> None:
    names = frozenset(
        path.relative_to(handed.folder).as_posix() for path in handed.folder.rglob("*")
    )
    steps = layout.steps(names)
    assert len(steps) > 5
    for old, new in steps:
        heads = [handed.folder / layout.kept(old), handed.folder / layout.kept(new)]
        heads[1] = heads[1] if heads[1].exists() else handed.folder / "checkpoint"
        lines = (handed.folder / layout.step(old, new)).read_text().splitlines()[3:]
        (tmp_path / "hashes").write_text("\n".join(lines))
        arguments = (handed.signer.verifier, *heads, tmp_path / "hashes")
        assert run_go(go, "consistency", *arguments) == "holds"


# -- the recipe in README.txt, with a shell --------------------------------------------------

needs_shell = pytest.mark.skipif(
    any(shutil.which(tool) is None for tool in ("openssl", "sha256sum", "xxd", "base64")),
    reason="needs openssl, sha256sum, xxd and base64",
)


def recipe(folder: Path, step: int) -> str:
    """The commands of one of the README's numbered steps."""
    text = (folder / "README.txt").read_text("utf-8")
    part = text.split(f"\n{step}. ", 1)[1].split(f"\n{step + 1}. ", 1)[0]
    part = part.split("\nOther programs", 1)[0]
    return "\n".join(line[4:] for line in part.split("\n") if line.startswith("    "))


def follow(handed: Handed, step: int) -> str:
    """Follow the README; gives what is printed."""
    script = recipe(handed.folder, step).replace("VKEY", str(handed.signer.verifier))
    script = script.replace("events/N/", f"events/{handed.index}/").replace(
        "at=N", f"at={handed.index}"
    )
    done = subprocess.run(
        ["sh", "-c", script], cwd=handed.folder, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


@needs_shell
def test_the_readme_leads_to_the_signature(handed: Handed) -> None:
    assert "Verified Successfully" in follow(handed, 1)
    checkpoint = handed.folder / "checkpoint"
    checkpoint.write_text(checkpoint.read_text().replace("\n34\n", "\n35\n"))
    assert "Verification Failure" in follow(handed, 1)


@needs_shell
def test_the_readme_leads_from_the_entry_to_the_root(handed: Handed) -> None:
    follow(handed, 1)
    assert follow(handed, 2) == "the entry is in the log\n"
    leaf = handed.event("leaf.json")
    leaf.write_bytes(leaf.read_bytes().replace(b'"k":"api"', b'"k":"run"'))
    assert follow(handed, 2) == ""


@needs_shell
def test_the_readme_leads_to_the_newest_and_the_first_entry_too(handed: Handed) -> None:
    follow(handed, 1)
    for index in (0, json.loads((handed.folder / "manifest.json").read_text())["size"] - 1):
        assert follow(Handed(handed.folder, handed.signer, index), 2) == "the entry is in the log\n"


@needs_shell
def test_the_readme_leads_from_the_content_to_the_entry(handed: Handed) -> None:
    committed = json.loads(handed.event("leaf.json").read_bytes())["c"]["what"]
    assert follow(handed, 3) == f"{committed}\n"
    handed.event("facets/what").write_bytes(b"{}")
    assert follow(handed, 3) != f"{committed}\n"


# -- sigstore --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def javascript(tmp_path_factory: pytest.TempPathFactory) -> Path:
    package = "@sigstore/verify@4.1.3"
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("needs node and npm")
    folder = tmp_path_factory.mktemp("npm")
    command = ["npm", "install", "--prefix", str(folder), "--ignore-scripts", "--no-audit",
               "--no-fund", "--prefer-offline", "--fetch-retries=0", package]  # fmt: skip
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=False, timeout=60
        )
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm could not fetch {package} in a minute")
    if done.returncode:
        pytest.skip(f"npm could not install {package}: {done.stderr[:200]}")
    return folder


def test_sigstore_in_javascript_accepts_the_proof_and_no_edited_entry(
    handed: Handed, javascript: Path
) -> None:
    verifier = handed.signer.verifier
    given = {
        "proof": handed.event("event.tlog-proof").read_text("utf-8"),
        "name": verifier.name,
        "keyId": base64.b64encode(verifier.key_id).decode(),
        "publicKey": base64.b64encode(SPKI_PREFIX + verifier.public_key).decode(),
    }
    leaf = handed.event("leaf.json").read_bytes()
    edited = leaf.replace(b'"k":"api"', b'"k":"run"')
    for entry, expected in (
        (leaf, "holds"),
        (edited, "calculated root hash does not match inclusion proof"),
    ):
        done = subprocess.run(
            ["node", str(INTEROP / "sigstore/check.js"), str(javascript)],
            input=json.dumps(given | {"entry": base64.b64encode(entry).decode()}),
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.stdout.strip() == expected, done


# Its Merkle and checkpoint code, which its `verify_artifact` runs behind certificates that our
# log has none of.
SIGSTORE = """
import base64, json, sys
from sigstore._internal import merkle
from sigstore._internal.rekor import checkpoint
given = json.load(sys.stdin)
signed = checkpoint.SignedCheckpoint.from_text(given["note"])
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
key = Ed25519PublicKey.from_public_bytes(base64.b64decode(given["key"]))
key.verify(base64.b64decode(given["signature"]), given["text"].encode())
assert signed.checkpoint.log_size == given["size"], signed.checkpoint
leaf = base64.b64decode(given["entry"])
inner, border = merkle._decomp_inclusion_proof(given["index"], given["size"])
hashes = [base64.b64decode(text) for text in given["hashes"]]
assert len(hashes) == inner + border
result = merkle._hash_leaf(leaf)
result = merkle._chain_inner(result, hashes[:inner], given["index"])
result = merkle._chain_border_right(result, hashes[inner:])
print("holds" if result.hex() == signed.checkpoint.log_hash else "another root")
"""


@pytest.fixture(scope="module")
def python_sigstore(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A throw-away environment: its dependencies are not ours."""
    folder = tmp_path_factory.mktemp("sigstore")
    venv.create(folder, with_pip=False)
    python = folder / "bin/python"
    command = [sys.executable, "-m", "uv", "pip", "install", "--python", str(python), "--quiet",
               "sigstore==4.5.1"]  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    except subprocess.TimeoutExpired:
        pytest.skip("sigstore could not be fetched in time")
    if done.returncode:
        pytest.skip(f"sigstore could not be installed: {done.stderr[:200]}")
    return python


def test_sigstore_in_python_accepts_the_proof_and_no_edited_entry(
    handed: Handed, python_sigstore: Path
) -> None:
    proof = Proof.parse(handed.event("event.tlog-proof").read_text("utf-8"))
    text, _, signatures = proof.checkpoint_note.partition("\n\n")
    signature = base64.b64decode(signatures.split()[2])[4:]
    leaf = handed.event("leaf.json").read_bytes()
    given = {
        "note": proof.checkpoint_note, "text": f"{text}\n", "index": proof.index,
        "size": int(text.split("\n")[1]),
        "hashes": [base64.b64encode(value).decode() for value in proof.hashes],
        "key": base64.b64encode(handed.signer.verifier.public_key).decode(),
        "signature": base64.b64encode(signature).decode(),
    }  # fmt: skip
    edited = leaf.replace(b'"k":"api"', b'"k":"run"')
    for entry, expected in ((leaf, "holds"), (edited, "another root")):
        done = subprocess.run(
            [str(python_sigstore), "-c", SIGSTORE],
            input=json.dumps(given | {"entry": base64.b64encode(entry).decode()}),
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.stdout.strip() == expected, done.stderr
