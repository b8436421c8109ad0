"""The image that `make image` built, run by buildah in a chroot: who it runs as, what it may write, what it
records of boto3, how it ends.
"""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import tarfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest

from machine import KEY, SECRET, clean, free_port, until

pytestmark = [pytest.mark.image, pytest.mark.timeout(300)]

BUILT = Path(__file__).parents[2] / "build" / "image"
ARCHIVE = BUILT / "apitrail.tar"
# What the issue asks for, and the seconds of CPU that a start may take.
MOST_MB, MOST_SECONDS = 120, 2.0
NOBODY = 65532


def buildah(*arguments: str) -> list[str]:
    return ["buildah", "--root", str(BUILT / "store"), "--runroot", str(BUILT / "run"), *arguments]


def out(command: list[str], *, status: int = 0) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == status, done.stderr
    return done.stdout.strip()


class Container:
    """A container of the image with a host's directory as its /trail, and everything else read-only."""

    def __init__(self, trail: Path) -> None:
        self.trail = trail
        self.name = out(buildah("from", "--isolation", "chroot", "localhost/apitrail"))
        # buildah would hide ours below the image's own volume.
        out(buildah("config", "--volume", "/trail-", self.name))
        self.ports = {"proxy": free_port(), "health": free_port()}

    def command(self, *arguments: str) -> list[str]:
        health = f"APITRAIL_HEALTH=127.0.0.1:{self.ports['health']}"
        return buildah(
            "run", "--isolation", "chroot", "--volume", f"{self.trail}:/trail", "--env", health,
            self.name, "--", *arguments,
        )  # fmt: skip

    def remove(self) -> None:
        out(buildah("rm", self.name))


@pytest.fixture(scope="module")
def image() -> dict[str, Any]:
    """What the image says of itself."""
    if not ARCHIVE.exists():
        pytest.skip("no image was built here: `make image` says why")
    described = json.loads(out(buildah("inspect", "--type", "image", "localhost/apitrail")))
    found: dict[str, Any] = described["Docker"]["config"]
    return found


@pytest.fixture
def container(image: dict[str, Any], tmp_path: Path) -> Iterator[Container]:
    trail = tmp_path / "trail"
    trail.mkdir(mode=0o700)
    os.chown(trail, NOBODY, NOBODY)
    for each in (tmp_path, *tmp_path.parents[:2]):
        each.chmod(0o755)
    made = Container(trail)
    yield made
    made.remove()


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    """moto's server, in a process of its own."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        env=clean(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    until(lambda: answered(f"{url}/moto-api/data.json"), seconds=120)
    yield url
    process.terminate()
    process.wait()


def answered(url: str) -> str | None:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return str(answer.read().decode())
    except OSError:
        return None


def test_it_says_how_it_is_run(image):
    assert image["User"] == f"{NOBODY}:{NOBODY}"
    assert image["Volumes"] == {"/trail": {}}
    assert image["Healthcheck"]["Test"] == ["CMD", "python3", "-Im", "apitrail.recording.probe"]
    assert (image["Entrypoint"], image["Cmd"]) == (["apitrail"], ["record"])
    assert image["StopSignal"] == "SIGTERM"


@contextmanager
def layers() -> Iterator[list[IO[bytes]]]:
    """The image's layers, each a tar."""
    with tarfile.open(ARCHIVE) as archive:
        [manifest] = json.load(archive.extractfile("manifest.json"))
        yield [archive.extractfile(name) for name in manifest["Layers"]]


def test_it_weighs_less_than_was_promised(image):
    with layers() as found:
        weighed = sum(len(gzip.compress(layer.read(), 6)) for layer in found)
    print(f"compressed: {weighed / 1e6:.0f} MB")
    assert weighed < MOST_MB * 1e6


def test_no_secret_and_nothing_of_the_builder_is_in_it(image):
    assert str(BUILT.parents[1]) not in json.dumps(image)
    names: list[str] = []
    with layers() as found:
        for layer in found:
            with tarfile.open(fileobj=layer) as files:
                names += files.getnames()
    assert any(name.endswith("apitrail/trail/writer.py") for name in names)
    kept = (".lock", ".whl", ".pth", "pip.conf", "trail.db", "-ca.pem")
    assert not [name for name in names if name.startswith("opt/") and name.endswith(kept)]
    assert not [name for name in names if name.startswith(("src/", "tools/", "dist/", "trail/"))]


def test_nothing_but_the_trail_can_be_written(container):
    tried = "for d in / /opt/apitrail /opt/apitrail/cache /etc /trail; do touch $d/x 2>/dev/null && echo $d; done; id -u"
    assert out(container.command("sh", "-c", tried)).splitlines() == ["/trail", str(NOBODY)]


def test_manual_pages_and_completion_are_in_it(container):
    listed = out(container.command("sh", "-c", "ls -R /opt/apitrail/share"))
    assert "apitrail-events.1" in listed
    assert "_apitrail" in listed


def test_it_records_boto3_is_healthy_and_closes_its_log_at_the_end(container, moto):
    mode = f"reverse:{moto}@{container.ports['proxy']}"
    health = f"http://127.0.0.1:{container.ports['health']}"
    recorder = subprocess.Popen(container.command("apitrail", "record", "--mode", mode))
    try:
        assert until(lambda: answered(f"{health}/readyz"), seconds=120) == "ok\n"
        process = json.loads((container.trail / "recorder.json").read_text())["pid"]
        print(f"CPU until it was ready: {cpu(process):.1f} s")
        assert cpu(process) < MOST_SECONDS
        assert out(container.command("python3", "-Im", "apitrail.recording.probe")) == "ok"
        out([sys.executable, "-c", MADE_BUCKET, f"http://127.0.0.1:{container.ports['proxy']}"])
    finally:
        os.kill(process, signal.SIGTERM)
    assert recorder.wait(60) == 0
    out(container.command("python3", "-Im", "apitrail.recording.probe"), status=1)
    # A second container on the same directory: what the first one wrote stayed.
    events = out(container.command("apitrail", "events", "--output", "json"))
    assert "CreateBucket" in events
    assert SECRET not in events
    # Whoever checks it brings the key: a container has no list of known logs that outlives it.
    key = out(container.command("apitrail", "key", "show"))
    out(container.command("apitrail", "verify", "--key", key))


MADE_BUCKET = f"""
import boto3, sys
from botocore.config import Config
boto3.client(
    "s3", endpoint_url=sys.argv[1], region_name="us-east-1",
    aws_access_key_id="{KEY}", aws_secret_access_key="{SECRET}",
    config=Config(s3={{"addressing_style": "path"}}),
).create_bucket(Bucket="invoices")
"""


def cpu(process: int) -> float:
    """The seconds of CPU that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
