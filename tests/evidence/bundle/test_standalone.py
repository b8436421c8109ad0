"""The verifier that goes with a bundle needs nothing but an old Python."""

from __future__ import annotations

import ast
import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from hypothesis import given
from hypothesis import strategies as st

import vectors
from apitrail.evidence.bundle import bundle_writer
from apitrail.tlog.note import Signer
from evidence.bundle import judges
from evidence.bundle.edits import Case

KEY = Signer.generate("log", bytes(32)).verifier
SOURCE = bundle_writer.program().decode()

# Methods and functions that came after 3.8.
NEWER = {"removeprefix", "removesuffix", "bit_count", "pairwise", "batched", "file_digest", "UTC"}


@pytest.fixture(scope="module")
def program() -> ModuleType:
    module = ModuleType("verify")
    exec(compile(SOURCE, "verify.py", "exec"), vars(module))
    return module


def test_it_is_written_in_python_3_8() -> None:
    tree = ast.parse(SOURCE, feature_version=(3, 8))
    used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not used & NEWER
    assert not any(
        isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr)
        and (isinstance(node.left, ast.Dict) or isinstance(node.right, ast.Dict))
        for node in ast.walk(tree)
    )  # fmt: skip


@pytest.mark.parametrize("real", vectors.read("tlog")["mldsa"])
def test_it_knows_mldsa_44_as_torchwood_does(program: ModuleType, real: dict[str, str]) -> None:
    key = program.Key(real["key"], (6,))
    head = program.Head(real["note"].encode(), "x")
    [(_, _, signature)] = head.lines
    assert program.cosigned(key, head, 0, signature[8:])
    assert not program.cosigned(key, head, 1, signature[8:])


@pytest.mark.parametrize("number", range(4))
def test_it_judges_mldsa_44_as_cryptography_does(program: ModuleType, number: int) -> None:
    private = MLDSA44PrivateKey.from_seed_bytes(bytes([number]) * 32)
    key, message = private.public_key().public_bytes_raw(), b"m" * number * 50
    signature = private.sign(message)
    assert program.verify_mldsa44(key, message, signature)
    assert not program.verify_mldsa44(key, message + b"x", signature)
    for at in range(number, 2420, 300):
        flipped = signature[:at] + bytes([signature[at] ^ 1]) + signature[at + 1 :]
        assert not program.verify_mldsa44(key, message, flipped)
    for other in (b"", signature[1:], signature + b"x", bytes(2420), b"\xff" * 2420):
        assert not program.verify_mldsa44(key, message, other)


def test_it_imports_only_the_standard_library() -> None:
    imports = [
        node
        for node in ast.walk(ast.parse(SOURCE))
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    names = {name.name for node in imports if isinstance(node, ast.Import) for name in node.names}
    names |= {node.module or "" for node in imports if isinstance(node, ast.ImportFrom)}
    assert names <= sys.stdlib_module_names
    assert "ssl" not in names


@given(seed=st.binary(min_size=32, max_size=32), message=st.binary(max_size=200), data=st.data())
def test_its_ed25519_is_that_of_openssl(
    program: ModuleType, seed: bytes, message: bytes, data: st.DataObject
) -> None:
    signer = Signer.generate("x", seed)
    signature = bytearray(signer.sign(message))
    assert program.verify_ed25519(signer.verifier.public_key, message, bytes(signature))
    at = data.draw(st.integers(0, 511))
    signature[at // 8] ^= 1 << at % 8
    assert not program.verify_ed25519(signer.verifier.public_key, message, bytes(signature))
    assert not signer.verifier.verify(message, bytes(signature))


@pytest.mark.parametrize(
    "key",
    [b"\xff" * 32, b"\x01" + bytes(30) + b"\x80", (2).to_bytes(32, "little")],
    ids=["beyond the field", "minus zero", "not on the curve"],
)
def test_its_ed25519_refuses_what_is_no_key(program: ModuleType, key: bytes) -> None:
    assert not program.verify_ed25519(key, b"", bytes(64))


@pytest.mark.parametrize("length", [0, 63, 65])
def test_its_ed25519_refuses_what_is_no_signature(program: ModuleType, length: int) -> None:
    key = Signer.generate("x", hashlib.sha256(b"x").digest()).verifier.public_key
    assert not program.verify_ed25519(key, b"", bytes(length))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["none.zip"], "there is no 'none.zip'"),
        ([".", "--key", "x"], "not a verifier key"),
        ([".", "--key", "log+00000000+AQ=="], "canonical base64"),
        (
            [".", "--key", str(KEY).replace(f"+{KEY.key_id.hex()}+", "+00000000+")],
            "its id is wrong",
        ),
        (["--unknown"], "unrecognized arguments"),
    ],
)
def test_wrong_use_exits_2(arguments: list[str], said: str, tmp_path: Path) -> None:
    (tmp_path / "verify.py").write_text(SOURCE)
    done = subprocess.run(
        [judges.PYTHON, "-I", "verify.py", *arguments],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2, json.dumps(done.stderr)
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def started(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    (tmp_path / "verify.py").write_text(SOURCE)
    return subprocess.run(
        [judges.PYTHON, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("name", ["argparse", "base64", "zipfile", "__future__", "datetime"])
def test_nothing_beside_it_is_ever_imported(name: str, tmp_path: Path) -> None:
    (tmp_path / f"{name}.py").write_text("open('owned', 'w')\nprint('OK: all is well')\n")
    refused = started(tmp_path, "verify.py", ".")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "python3 -I verify.py" in refused.stderr
    assert started(tmp_path, "-I", "verify.py", ".").stdout.startswith("TAMPERED")
    assert not (tmp_path / "owned").exists()


def test_an_old_python_could_parse_it_and_is_told(tmp_path: Path) -> None:
    tree = ast.parse(SOURCE, feature_version=(3, 4))
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr | ast.AnnAssign)]
    # Python 2 knows none of these.
    assert "print(" not in SOURCE
    assert not re.search(r"[(=, ][rR][bB][\"']", SOURCE)
    assert not re.search(r"\) from \w+$", SOURCE, re.MULTILINE)
    assert "(3, 8)" in SOURCE.partition("import argparse")[0]


def test_it_speaks_to_programs_as_apitrail_does(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "bundle.zip"
    path.write_bytes(case.complete)
    key = case.signer.verifier
    done = started(tmp_path, "-I", "verify.py", str(path), "--key", str(key), "--output", "json")
    said = json.loads(done.stdout)
    known = judges.by_package(path, key).to_json()
    assert {name: known[name] for name in said} == said
    refused = json.loads(started(tmp_path, "-I", "verify.py", str(path), "--output", "json").stdout)
    assert (refused["verdict"], refused["holds"]) == ("UNTRUSTED-KEY", False)
    assert "must come from elsewhere" in refused["hint"]
