"""boto3 reads the receipt of a call from its answer, and keeps its proof; JavaScript's SDK is in test_node."""

from __future__ import annotations

import shutil

from apitrail.evidence.receipt import verify_file
from apitrail.evidence.verify import Trust, Verdict
from machine import Machine, boto3
from receipts import proving

# Each call, its receipt, and the proof in a file.
BOTO3 = """
import sys, urllib.request
served = sys.argv[1]
for client, call, arguments in (
    (boto3.client("sts"), "get_caller_identity", {}),
    (boto3.client("dynamodb"), "list_tables", {"Limit": 3}),
):
    about = getattr(client, call)(**arguments)["ResponseMetadata"]["HTTPHeaders"]
    receipt = about["x-apitrail-receipt"]
    index = receipt.rpartition("#")[2]
    urllib.request.urlretrieve(f"{served}/proof/{index}", f"{index}.tlog-proof")
    print(receipt)
"""


def test_boto3_keeps_the_proof_of_its_calls(machine: Machine) -> None:
    with proving(machine) as (environment, url, key):
        said = machine.run(*boto3(BOTO3), url, env=environment).stdout.split()
        assert [receipt.rpartition("#")[0] for receipt in said] == [key.name] * 2
    # The proof outlives the log.
    shutil.rmtree(machine.trail)
    trust = Trust((key,), "--key")
    for receipt in said:
        index = receipt.rpartition("#")[2]
        path = machine.directory / f"{index}.tlog-proof"
        report = verify_file(path, trust, step=lambda _: None)
        assert report.message.startswith(f"entry {index}, api at ")
        assert report.verdict is Verdict.OK
        path.write_text(path.read_text().replace("\nindex ", "\nindex 1"))
        assert verify_file(path, trust, step=lambda _: None).verdict is Verdict.TAMPERED
