"""The systemd unit: what it exposes, and a recorder that is started as it says, without systemd.

The datagram socket is systemd's part of sd_notify; the seccomp filter is its MemoryDenyWriteExecute.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from apitrail.cores import cores
from apitrail.trail import control
from machine import BIN, KEY, SECRET, clean, free_port, until

pytestmark = [pytest.mark.service, pytest.mark.timeout(300)]

UNIT = Path(__file__).parents[2] / "examples" / "systemd" / "apitrail.service"
INSTALLED = "/opt/apitrail/bin"
MOST_EXPOSED = 2.0


def analyze(*arguments: str) -> str:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    done = subprocess.run(
        ["systemd-analyze", *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def directives(name: str) -> list[str]:
    """The values of a directive in the order they are written."""
    lines = UNIT.read_text("utf-8").splitlines()
    return [line.partition("=")[2] for line in lines if line.partition("=")[0] == name]


class Service:
    """The unit's command in the unit's environment, below a directory; `before` is put before it."""

    def __init__(self, home: Path, upstream: str, before: Sequence[str] = ()) -> None:
        self.trail = home / "state" / "apitrail"
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.listener.bind(str(home / "notify"))
        self.listener.settimeout(120)
        self.port = free_port()
        places = {"%S": "state", "%E": "etc", "%C": "cache"}
        environment = clean() | {
            "NOTIFY_SOCKET": str(home / "notify"),
            "WATCHDOG_USEC": "60000000",
            "OPTIONS": f"--mode regular@{self.port} --upstream {upstream}",
        }
        for pair in shlex.split(" ".join(directives("Environment"))):
            name, _, value = pair.partition("=")
            environment[name] = re.sub("%[SEC]", lambda at: str(home / places[at[0]]), value)
        environment["APITRAIL_HEALTH"] = f"127.0.0.1:{free_port()}"
        [command] = directives("ExecStart")
        words = command.replace(INSTALLED, str(BIN)).replace("$OPTIONS", environment["OPTIONS"])
        self.process = subprocess.Popen(
            [*before, *words.split()], env=environment, stderr=subprocess.PIPE, text=True
        )

    def told(self, what: str) -> str:
        """The first datagram that says this."""
        while what not in (said := self.listener.recv(4096).decode()):
            pass
        return said

    def stop(self) -> int:
        """The status with which the command ended, after the unit's signal."""
        [number] = directives("KillSignal")
        about = json.loads((self.trail / "recorder.json").read_text("utf-8"))
        # A queue holds few datagrams, and what finds no room is lost.
        self.listener.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while self.listener.recv(4096):
                pass
        self.listener.settimeout(120)
        os.kill(about["pid"], signal.Signals[number])
        return self.process.wait(60)


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        env=clean(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    until(lambda: reached(port), seconds=120)
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait()


def reached(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def call(service: Service) -> subprocess.CompletedProcess[str]:
    """A call of boto3 over TLS that the recorder opens."""
    environment = clean() | {
        "HTTPS_PROXY": f"http://127.0.0.1:{service.port}",
        "AWS_CA_BUNDLE": str(service.trail / "ca-cert.pem"),
        "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_MAX_ATTEMPTS": "1",
    }  # fmt: skip
    asks = "import boto3; print(boto3.client('sts', 'us-east-1').get_caller_identity()['Arn'])"
    return subprocess.run(
        [sys.executable, "-c", asks], env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_it_exposes_little():
    told = analyze("security", "--offline=true", "--no-pager", str(UNIT))
    found = re.search(r"Overall exposure level for apitrail\.service: ([\d.]+)", told)
    assert found is not None
    print(f"exposure: {found[1]}")
    assert float(found[1]) <= MOST_EXPOSED


def test_systemd_understands_every_line_of_it(tmp_path):
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text("utf-8").replace(INSTALLED, str(BIN)))
    assert analyze("verify", "--man=no", str(copy)) == ""


def test_it_is_ready_when_its_port_records_and_says_when_it_stops(tmp_path, moto):
    service = Service(tmp_path, moto)
    assert service.told("READY=1") == f"READY=1\nSTATUS=recording on 127.0.0.1:{service.port}"
    assert call(service).stdout.startswith("arn:aws:")
    status = control.ask(service.trail, "status")
    assert status is not None
    assert len(status["workers"]) == (1 if cores() > 1 else 0)
    assert service.told("WATCHDOG") == "WATCHDOG=1"
    assert service.stop() == 0
    assert "STOPPING=1" in service.told("STOPPING")


def test_what_it_cannot_use_is_not_ready_and_not_tried_again(tmp_path):
    service = Service(tmp_path, "no-url")
    assert str(service.process.wait(60)) in directives("RestartPreventExitStatus")
    service.listener.settimeout(0)
    with pytest.raises(BlockingIOError):
        service.listener.recv(4096)


def test_every_system_call_it_makes_passes_the_filter(tmp_path, moto):
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    service = Service(tmp_path, moto, ["strace", "-f", "-qq", "-o", str(tmp_path / "calls")])
    service.told("READY=1")
    assert call(service).stdout.startswith("arn:aws:")
    status = service.stop()
    made = set(re.findall(r"^\d+ +(\w+)\(", (tmp_path / "calls").read_text(), re.MULTILINE))
    assert "accept4" in made, (status, made)
    allowed, denied, again = directives("SystemCallFilter")
    refused = set[str]().union(*(members(each) for each in denied.removeprefix("~").split()))
    refused -= {again}
    assert not made - members(allowed) - ALWAYS
    assert not made & refused - OF_ROOT


# What systemd allows whatever the filter says, and what the kernel calls by another name.
ALWAYS = {"execve", "exit", "exit_group", "getrlimit", "rt_sigreturn", "sigreturn"}
# SQLite gives files to their owner where root runs it; the unit's user is not root.
OF_ROOT = {"fchown"}


def members(group: str) -> set[str]:
    """The system calls of a group, and of the groups in it."""
    lines = [line.strip() for line in analyze("syscall-filter", group).splitlines()[1:]]
    names = {line for line in lines if line and not line.startswith("#")}
    nested = {name for name in names if name.startswith("@")}
    return (names - nested).union(*(members(each) for each in nested))


UNFILTERED = 77
# mmap (9) with PROT_WRITE|PROT_EXEC and mprotect (10) with PROT_EXEC get EPERM, as systemd's filter says.
FILTER = """
import ctypes, os, struct, sys
steps = [
    (0x20, 0, 0, 0), (0x15, 2, 0, 9), (0x15, 4, 0, 10), (0x06, 0, 0, 0x7FFF0000),
    (0x20, 0, 0, 32), (0x54, 0, 0, 6), (0x15, 3, 4, 6),
    (0x20, 0, 0, 32), (0x54, 0, 0, 4), (0x15, 0, 1, 4),
    (0x06, 0, 0, 0x00050001), (0x06, 0, 0, 0x7FFF0000),
]
code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(steps), ctypes.addressof(code)))
libc = ctypes.CDLL(None, use_errno=True)
for arguments in ((38, 1, 0, 0, 0), (22, 2, ctypes.byref(program), 0, 0)):
    if libc.prctl(*arguments):
        sys.exit(77)
os.execv(sys.argv[1], sys.argv[1:])
"""


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the filter is x86_64's")
def test_without_executable_memory_there_is_no_tls(tmp_path, moto):
    """Why the unit has no MemoryDenyWriteExecute; once this fails, it can have it."""
    # A worker would say it to nobody but its own stderr.
    service = Service(tmp_path, moto, ["env", "APITRAIL_WORKERS=0", sys.executable, "-c", FILTER])
    said = service.process.communicate(timeout=120)[1]
    if service.process.returncode == UNFILTERED:
        pytest.skip("no seccomp filter can be set here")
    assert service.process.returncode == 2
    assert "this process may not make memory executable" in said
    assert "hint: take MemoryDenyWriteExecute=yes out" in said
