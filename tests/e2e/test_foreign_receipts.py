"""COSE Receipts of ours and PyPI's cwt, which knows COSE and nothing of logs."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import apart
import trails
from apitrail.delivery import cose_directory
from apitrail.trail.reader import Reader

# The root is made as RFC 9162, section 2.1.3.2, says; whether it is the log's, cwt decides.
PROGRAM = """
import hashlib, sys
from pathlib import Path
import cbor2
from cwt import COSE, COSEKey, VerifyError
def sha256(data):
    return hashlib.sha256(data).digest()
folder, index = Path(sys.argv[1]), sys.argv[2]
key = COSEKey.new(cbor2.loads((folder / "log.cosekey").read_bytes()))
receipt = (folder / f"{index}.cose").read_bytes()
size, node, path = cbor2.loads(cbor2.loads(receipt).value[1][396][-1][0])
last, root = size - 1, sha256(b"\\0" + (folder / f"{index}.leaf").read_bytes())
for sibling in path:
    if node & 1 or node == last:
        root = sha256(b"\\1" + sibling + root)
        while node and not node & 1:
            node, last = node >> 1, last >> 1
    else:
        root = sha256(b"\\1" + root + sibling)
    node, last = node >> 1, last >> 1
try:
    protected, _, payload = COSE.new().decode_with_headers(receipt, keys=[key], detached_payload=root)
    print(protected[395], protected[15][2], payload == root)
except VerifyError:
    print("refused")
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """It wants an older cbor2 than we do."""
    return apart.install(tmp_path_factory, "cwt==3.3.0") / "python"


def test_cwt_accepts_what_the_log_signed_and_no_edited_entry(python: Path, tmp_path: Path) -> None:
    trail, out = trails.make(tmp_path / "trail", 12), tmp_path / "out"
    with Reader(trail) as source:
        cose_directory.write(source, [0, 5, 11], out, signer=trails.SIGNER, issued=7)

    def said(index: int) -> str:
        command = [str(python), "-c", PROGRAM, str(out), str(index)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    assert [said(index) for index in (0, 5, 11)] == [
        f"1 {trails.ORIGIN}#{index} True" for index in (0, 5, 11)
    ]
    (out / "5.leaf").write_bytes((out / "11.leaf").read_bytes())
    assert said(5) == "refused"
