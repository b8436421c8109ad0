"""The verifier in JavaScript, where it has nothing to be compared with."""

from __future__ import annotations

import base64
import json
import random
import subprocess
import zlib
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
def script() -> Script:
    found = judges.shared_script()
    assert found is not None
    return found


@pytest.fixture
def bundle(case: Case, tmp_path: Path) -> Path:
    path = tmp_path / "bundle.zip"
    path.write_bytes(case.plain)
    return path


def test_it_judges_as_the_others_do(bundle: Path, case: Case, script: Script) -> None:
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


def test_a_key_that_is_none_is_no_verdict_on_the_bundle(bundle: Path, script: Script) -> None:
    [line] = script(bundle, "apitrail/x+00000000+AQ==")  # type: ignore[arg-type]
    assert line.startswith("UNCHECKED: ")


def test_without_a_key_none_is_trusted(bundle: Path, script: Script) -> None:
    [line] = script(bundle)
    assert line.startswith("UNTRUSTED-KEY: it is signed by ")


INFLATE = """
import { createInterface } from "node:readline";
import { inflate } from "./inflate.js";
for await (const line of createInterface({ input: process.stdin })) {
  const [packed, limit] = JSON.parse(line);
  try {
    console.log(Buffer.from(inflate(new Uint8Array(Buffer.from(packed, "base64")), limit)).toString("base64"));
  } catch {
    console.log("refused");
  }
}
"""


def streams(dice: random.Random) -> list[tuple[bytes, int]]:
    """Deflated texts of all sorts, whole and with something wrong in them; and how much to unpack."""
    words = [b"entry", b"leaf", b"0123", b"\0" * 9, dice.randbytes(40)]
    found = []
    for number in range(400):
        text = b"".join(dice.choices(words, k=dice.randrange(2, 60)))
        text = dice.randbytes(dice.randrange(500)) if number % 5 == 0 else text
        packer = zlib.compressobj(number % 10, zlib.DEFLATED, -15, strategy=number % 5)
        packed = packer.compress(text) + packer.flush()
        if number % 2:
            at = dice.randrange(len(packed))
            packed = packed[:at] + bytes([packed[at] ^ 1 << dice.randrange(8)]) + packed[at + 1 :]
        found.append((packed, max(len(text) + 1, 4096)))
    return [*found, (zlib.compress(dice.randbytes(200_000), 0, -15), 300_000)]


def inflated(packed: bytes, limit: int) -> str:
    try:
        return base64.b64encode(zlib.decompressobj(-15).decompress(packed, limit)).decode()
    except zlib.error:
        return "refused"


def test_it_unpacks_and_refuses_what_zlib_does() -> None:
    cases = streams(random.Random(7))
    lines = [json.dumps([base64.b64encode(packed).decode(), limit]) for packed, limit in cases]
    done = subprocess.run(
        [str(NODE), "--no-warnings", "--input-type=module", "-e", INFLATE],
        cwd=SCRIPTS, input="\n".join(lines), capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    wanted = [inflated(packed, limit) for packed, limit in cases]
    assert done.stdout.splitlines() == wanted
    assert 20 < wanted.count("refused") < 300
