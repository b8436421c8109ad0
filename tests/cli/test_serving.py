"""`apitrail serve`, `sql` and `reconcile`."""

import re
import signal
import subprocess
import sys

import boto3

import cloudtrails
from apitrail.delivery import export
from apitrail.trail.reader import Reader


def test_a_question_in_sql(cli):
    status, out, _ = cli("sql", "SELECT count(*) AS n FROM events", "--output", "csv")
    assert status == 0
    assert out.split() == ["n", "12"]


def test_a_place_that_is_none_is_refused(cli):
    status, _, err = cli("serve", "--listen", "nowhere")
    assert status == 2
    assert "nowhere" in err


def test_a_bundle_that_is_named_is_served_and_nothing_is_written_beside_it(tmp_path):
    calls = [cloudtrails.draft(cloudtrails.record(number)) for number in range(12)]
    with Reader(cloudtrails.make(tmp_path / "trail", calls)) as reader:
        export.to_file(reader, export.Job(), form="bundle", path=tmp_path / "evidence.zip")
    before = sorted(tmp_path.rglob("*"))
    content = (tmp_path / "evidence.zip").read_bytes()
    with subprocess.Popen(
        [sys.executable, "-m", "apitrail", "serve", str(tmp_path / "evidence.zip"), "--listen", "127.0.0.1:0"],
        stderr=subprocess.PIPE, text=True,
    ) as server:  # fmt: skip
        url = re.search(r"http://\S+", server.stderr.readline())[0]
        client = boto3.client(
            "cloudtrail", endpoint_url=url, region_name="us-east-1",
            aws_access_key_id="x", aws_secret_access_key="x",
        )  # fmt: skip
        found = client.lookup_events(MaxResults=50)["Events"]
        server.send_signal(signal.SIGTERM)
        assert server.wait() == 0
    assert len(found) == 12
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "evidence.zip").read_bytes() == content
