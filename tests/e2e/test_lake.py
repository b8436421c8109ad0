"""A lake in a bucket: asked in SQL, and committed to an Iceberg table that is beside it."""

from __future__ import annotations

import subprocess
import sys

import boto3
import pytest
from botocore.config import Config

import delivering
import investigated
from apitrail.__main__ import run
from apitrail.delivery.lake import iceberg_table, lake_files
from machine import free_port


@pytest.fixture
def place(moto, tmp_path, monkeypatch):
    """A lake of one log in a bucket of a stand-in."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "y",
        "AWS_REGION": "us-east-1",
        "APITRAIL_CONFIG": str(tmp_path),
    }.items():
        monkeypatch.setenv(name, value)
    client = boto3.client(
        "s3", endpoint_url=moto, region_name="us-east-1", config=Config(proxies={})
    )
    bucket = f"lake-{free_port()}"
    client.create_bucket(Bucket=bucket)
    lake = investigated.lake(tmp_path, logs=1)
    for path in filter(lambda path: path.is_file(), lake.rglob("*")):
        client.put_object(
            Bucket=bucket, Key=f"audit/{path.relative_to(lake)}", Body=path.read_bytes()
        )
    return f"s3://{bucket}/audit"


def test_a_bucket_is_asked_and_committed_as_a_directory_is(place, moto, tmp_path, capsys):
    about = ["--endpoint-url", moto]
    question = ["--question", "key-used", "--set", "key=AKIANEW", "--output", "csv"]
    answers = []
    for where in (place, str(tmp_path / "lake")):
        assert run(["lake", "sql", where, *question, "--since", "2026-11-26", *about]) == 0
        answers.append(capsys.readouterr().out)
    assert answers[0] == answers[1]
    assert len(answers[0].splitlines()) == 5

    catalog = f"sqlite:///{tmp_path}/catalog.db"
    key = str(delivering.signer(tmp_path / "trail0").verifier)
    for said in (
        "7 files added with 241 rows; 0 were there",
        "0 files added with 0 rows; 7 were there",
    ):
        assert run(["lake", "commit", place, "--catalog", catalog, "--key", key, *about]) == 0
        assert said in capsys.readouterr().out
    settings = lake_files.s3_settings(moto, None)
    table = iceberg_table.open_table(catalog, location=place, properties=settings).table
    assert table.scan(row_filter="useridentity_accesskeyid = 'AKIANEW'").to_arrow().num_rows == 4


def test_a_catalog_of_pyiceberg_s_configuration_has_the_table(place, moto, tmp_path, monkeypatch):
    bucket = place.split("/")[2]
    settings = {
        "TYPE": "glue",
        "GLUE__ENDPOINT": moto,
        "GLUE__REGION": "us-east-1",
        "WAREHOUSE": f"s3://{bucket}/tables",
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"PYICEBERG_CATALOG__GLUED__{name}", value)
    key = str(delivering.signer(tmp_path / "trail0").verifier)
    command = ["lake", "commit", place, "--catalog", "glued", "--key", key, "--endpoint-url", moto]
    for said in (
        "7 files added with 241 rows; 0 were there",
        "0 files added with 0 rows; 7 were there",
    ):
        # A process of its own: pyiceberg reads its configuration once.
        done = subprocess.run(
            [sys.executable, "-m", "apitrail", *command],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert said in done.stdout


def test_a_bucket_that_is_not_there_is_said_in_one_line(place, moto, capsys):
    assert run(["lake", "sql", "s3://no-such-bucket/x", "SELECT 1", "--endpoint-url", moto]) == 2
    err = capsys.readouterr().err
    assert "no-such-bucket" in err
    assert len(err.splitlines()) == 2
