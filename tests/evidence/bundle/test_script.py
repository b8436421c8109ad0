"""The verifier in JavaScript, where it has nothing to be compared with."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from evidence.bundle import judges
from evidence.bundle.edits import Case
from evidence.bundle.judges import NODE, SCRIPTS, Script

pytestmark = pytest.mark.skipif(NODE is None, reason="there is no node here")

WITHOUT_ED25519 = """
const real = crypto.subtle;
Object.defineProperty(globalThis, "crypto", { value: { subtle: %s } });
const { check } = await import("./verifier.js");
const found = await check(new Uint8Array(), []);
console.log(JSON.stringify([found.verdict, found.holds, found.line]));
"""


@pytest.fixture
def bundle(case: Case, tmp_path: Path) -> Path:
    path = tmp_path / "bundle.zip"
    path.write_bytes(case.plain)
    return path


def test_it_judges_as_the_others_do(bundle: Path, case: Case, script: Script | None) -> None:
    assert script is not None
    report = judges.by_package(bundle, case.signer.verifier)
    assert script(bundle, case.signer.verifier) == str(report).splitlines()


@pytest.mark.parametrize(
    "subtle",
    [
        "undefined",
        "{ importKey: async () => { throw new DOMException('no', 'NotSupportedError') } }",
        "{ importKey: async () => 1, verify: async () => true }",
        (
            "{ importKey: real.importKey.bind(real), verify: real.verify.bind(real),"
            "  digest: async () => new ArrayBuffer(32) }"
        ),
    ],
    ids=["none", "no Ed25519", "says yes to all", "a wrong SHA-256"],
)
def test_where_signatures_cannot_be_checked_nothing_is_ok(subtle: str) -> None:
    done = subprocess.run(
        [str(NODE), "--no-warnings", "--input-type=module", "-e", WITHOUT_ED25519 % subtle],
        cwd=SCRIPTS, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    verdict, holds, line = json.loads(done.stdout)
    assert (verdict, holds) == ("UNCHECKED", False)
    assert "does not know Ed25519" in line


def test_a_key_that_is_none_is_no_verdict_on_the_bundle(
    bundle: Path, script: Script | None
) -> None:
    assert script is not None
    [line] = script(bundle, "apitrail/x+00000000+AQ==")  # type: ignore[arg-type]
    assert line.startswith("UNCHECKED: ")


def test_without_a_key_none_is_trusted(bundle: Path, script: Script | None) -> None:
    assert script is not None
    [line] = script(bundle)
    assert line.startswith("UNTRUSTED-KEY: it is signed by apitrail/")
