"""Many connections for a long time: `make soak SECONDS=3600 CONNECTIONS=500`.

boto3 and the JavaScript SDK call through a recorder over HTTPS, half of the connections each, without
retries. At the end every call must have succeeded and be in the log exactly once, and the log must
verify. The memory of the recorder is printed on the way.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))

from apitrail.event import Event  # noqa: E402
from apitrail.trail.reader import Reader  # noqa: E402
from machine import Machine, boto3, clean, free_port, until  # noqa: E402

SECONDS = float(os.environ.get("SOAK_SECONDS", "300"))
CONNECTIONS = int(os.environ.get("CONNECTIONS", "500"))
# Seconds between two calls of a connection.
PAUSE = float(os.environ.get("PAUSE", "5"))
PROCESSES = 5
JS = HERE.parent / "tests" / "e2e" / "js"


def moto(stack: ExitStack) -> str:
    """The stand-in's URL."""
    port = free_port()
    # Its server closes each connection, as AWS does not.
    code = (
        "import sys; from moto.server import main; from werkzeug.serving import WSGIRequestHandler\n"
        "WSGIRequestHandler.protocol_version = 'HTTP/1.1'; main(sys.argv[1:])"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, "-H", "127.0.0.1", "-p", str(port)],
        env=clean(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    stack.callback(process.wait)
    stack.callback(process.terminate)
    return f"http://127.0.0.1:{port}"


def sdk(directory: Path) -> Path:
    """The JavaScript SDK, as the lock file of the tests says, beside its clients."""
    directory.mkdir()
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(JS / name, directory)
    shutil.copy(HERE / "soak_clients.js", directory)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
    subprocess.run(command, cwd=directory, env=clean(), check=True, capture_output=True)
    return directory / "soak_clients.js"


def clients(script: Path) -> list[list[str]]:
    """The commands, half of the connections for each SDK."""
    half = CONNECTIONS // 2
    python = [
        [
            sys.executable, str(HERE / "soak_clients.py"), f"py{number}",
            str(half // PROCESSES), str(SECONDS), str(PAUSE),
        ]
        for number in range(PROCESSES)
    ]  # fmt: skip
    return [*python, ["node", str(script), "js", str(CONNECTIONS - half), str(SECONDS), str(PAUSE)]]


def memory(pid: int) -> int:
    """Megabytes that a process has."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) // 1024


def recorded(trail: Path) -> tuple[Counter[str], Counter[str]]:
    """How often each call is in the log, by its name, and how many entries of each kind there are."""
    names, kinds = Counter[str](), Counter[str]()
    with Reader(trail) as reader:
        for index in range(reader.size):
            link = reader.entry(index)
            kinds[link.kind if link else "none"] += 1
            if link is not None and link.kind in ("api", "unknown"):
                event = Event.parse(reader.facets(index))
                asked = event.request.parameters if event.request else None
                if isinstance(asked, dict):
                    names[str(asked.get("RoleSessionName") or asked.get("Key") or "")] += 1
    names.pop("", None)  # what was called before
    return names, kinds


def main() -> int:
    """The exit status says whether all held."""
    with ExitStack() as stack:
        home = Path(
            stack.enter_context(tempfile.TemporaryDirectory(dir=os.environ.get("SCALE_DIR")))
        )
        machine = Machine(home / "home", moto(stack))
        script = sdk(home / "js")
        until(lambda: _answers(machine), seconds=120)
        recording = machine.recording("--mode", "regular@0", "--upstream", machine.endpoint)
        recorder = stack.enter_context(recording)
        pid, outputs = recorder.process.pid, []
        machine.apitrail("exec", "--", *boto3("boto3.client('s3').create_bucket(Bucket='soak', CreateBucketConfiguration={'LocationConstraint': 'eu-central-1'})"))  # fmt: skip
        _tell(f"{CONNECTIONS} connections for {SECONDS:g} s; {memory(pid)} MB before")
        running = []
        for number, command in enumerate(clients(script)):
            outputs.append(home / f"said{number}")
            file = stack.enter_context(outputs[-1].open("w"))
            running.append(machine.start("apitrail", "exec", "--", *command, stdout=file, stderr=subprocess.DEVNULL))  # fmt: skip
        seen: list[int] = []
        began = time.monotonic()
        while any(process.poll() is None for process in running):
            time.sleep(10)
            seen.append(memory(pid))
            _tell(f"{time.monotonic() - began:5.0f} s  {seen[-1]} MB  {_open(pid)} descriptors")
        status, said = recorder.stop()
        lines = [line for path in outputs for line in path.read_text().splitlines()]
        return _judge(machine, lines, status, said)


def _judge(machine: Machine, lines: list[str], status: int, said: str) -> int:
    made = Counter(line.split()[1] for line in lines)
    errors = [line for line in lines if not line.startswith("ok ")]
    names, kinds = recorded(machine.trail)
    verified = machine.apitrail("verify", status=None)
    _tell(f"{len(made)} calls, {len(errors)} errors, {dict(kinds)}")
    _tell(f"in the log once: {sum(names[name] == 1 for name in made)}, more or never: {len(names - made) + len(made - names)}")  # fmt: skip
    _tell(verified.stdout.splitlines()[0])
    for line in (*errors[:5], *said.splitlines()[-3:]):
        _tell(line)
    return int(bool(errors) or made != names or verified.returncode != 0 or status != 0)


def _answers(machine: Machine) -> bool:
    code = f"import urllib.request; urllib.request.urlopen('{machine.endpoint}/moto-api/data.json')"
    return bool(machine.run(sys.executable, "-c", code, status=None).returncode == 0)


def _open(pid: int) -> int:
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


def _tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
