"""The main job in one minute: real aws-cli and boto3 calls, recorded, shown, explained, verified.

Everything happens on this machine: an AWS stand-in (moto) answers, and is stopped at the end.
With KEEP=1 the trail stays, and the console goes on showing it.
"""

from __future__ import annotations

import logging
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from moto.server import ThreadedMotoServer

BIN = Path(sys.executable).parent
TABLE = (
    "--table-name", "orders", "--attribute-definitions", "AttributeName=id,AttributeType=S",
    "--key-schema", "AttributeName=id,KeyType=HASH", "--billing-mode", "PAY_PER_REQUEST",
)  # fmt: skip
S3 = """
import boto3
s3 = boto3.client("s3")
s3.create_bucket(
    Bucket="invoices", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
)
s3.put_object(Bucket="invoices", Key="2026/11.txt", Body=b"paid")
print(s3.get_object(Bucket="invoices", Key="2026/11.txt")["Body"].read().decode())
"""


class Stage:
    """A trail, a stand-in, and a shell on which commands are shown and run."""

    def __init__(self, directory: Path, endpoint: str) -> None:
        self.trail = directory / "trail"
        self.endpoint = endpoint
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("AWS_")},
            "HOME": str(directory),
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_PAGER": "",
            "APITRAIL_TRAIL": str(self.trail),
            "APITRAIL_CONFIG": str(directory / "config"),
            "COLUMNS": "118",
        }
        self.be("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")

    def be(self, key: str, secret: str) -> None:
        """Act with this access key from now on."""
        self.environment |= {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret}

    def record(self, *more: str) -> subprocess.Popen[str]:
        """Start the recorder, with `more` options; returns once it listens."""
        command = ["apitrail", "record", "--upstream", self.endpoint, "--mode", "regular@0", *more]
        self.show(command)
        recorder = subprocess.Popen(
            command, env=self.environment, stderr=subprocess.PIPE, text=True
        )
        assert recorder.stderr is not None
        for line in recorder.stderr:
            if "env)" in line:
                return recorder
            print(line, end="")
        raise SystemExit("the recorder did not start")

    def shell(self, *command: str, shown: str | None = None, quiet: bool = False) -> str:
        """Run one command through the recorder, as its user would; what it prints."""
        self.show(command, shown)
        done = subprocess.run(
            ["apitrail", "exec", "--", *command],
            env=self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        said = [line for line in done.stderr.splitlines() if not line.startswith("apitrail: rec")]
        if not quiet:
            print(done.stdout + "\n".join(filter(None, said)), end="\n" if said else "")
        return done.stdout.strip()

    def ask(self, *command: str) -> None:
        """Ask the trail."""
        self.show(["apitrail", *command])
        done = subprocess.run(["apitrail", *command], env=self.environment, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"apitrail {command[0]} ended with {done.returncode}")
        print()

    @staticmethod
    def show(command: object, shown: str | None = None) -> None:
        """Print a command as it was typed."""
        text = shown or shlex.join(command)  # type: ignore[arg-type]
        print(f"\033[1m$ {text}\033[0m" if sys.stdout.isatty() else f"$ {text}", flush=True)


def story(stage: Stage) -> None:
    """What happens in the account."""
    print("# The administrator makes a user for John, and a key.")
    stage.shell(
        "aws",
        "iam",
        "create-user",
        "--user-name",
        "John",
        "--query",
        "User.Arn",
        "--output",
        "text",
    )
    key = stage.shell(
        "aws", "iam", "create-access-key", "--user-name", "John",
        "--query", "AccessKey.[AccessKeyId,SecretAccessKey]", "--output", "text",
        shown="aws iam create-access-key --user-name John > key", quiet=True,
    )  # fmt: skip
    stage.be(*key.split())
    print("# John creates Mary, and tries it twice.")
    for _ in range(2):
        stage.shell(
            "aws",
            "iam",
            "create-user",
            "--user-name",
            "Mary",
            "--query",
            "User.Arn",
            "--output",
            "text",
        )
    print("# He opens a security group to the world, and closes it again.")
    group = stage.shell(
        "aws", "ec2", "create-security-group", "--group-name", "web", "--description", "web",
        "--query", "GroupId", "--output", "text",
    )  # fmt: skip
    rule = ("--group-id", group, "--protocol", "tcp", "--port", "22", "--cidr", "0.0.0.0/0")
    for action in ("authorize", "revoke"):
        stage.shell("aws", "ec2", f"{action}-security-group-ingress", *rule, "--query", "Return")
    print("# He puts an order into DynamoDB, and an invoice into S3 with boto3.")
    stage.shell(
        "aws", "dynamodb", "create-table", *TABLE, "--query", "TableDescription.TableStatus"
    )
    stage.shell(
        "aws", "dynamodb", "put-item", "--table-name", "orders", "--item", '{"id": {"S": "42"}}'
    )
    stage.shell(sys.executable, "-c", S3, shown="python invoices.py")


def console(stage: Stage) -> tuple[str, subprocess.Popen[bytes]]:
    """Serve the trail; gives the address and the process, which goes on when this one ends."""
    command = ["apitrail", "serve", str(stage.trail), "--listen", "127.0.0.1:0"]
    said = stage.trail.parent / "console.log"
    with said.open("wb") as log:
        process = subprocess.Popen(
            command, env=stage.environment, stderr=log, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
    # The server says where it is once it takes connections.
    while not (found := re.search(r" on (http://\S+)", said.read_text("utf-8"))):
        if process.poll() is not None:
            raise SystemExit(f"the console did not start: {said.read_text('utf-8')}")
        time.sleep(0.05)
    return found[1], process


def keep(stage: Stage) -> str:
    """Leave the console running on the trail; gives words on where it is and how it ends."""
    url, process = console(stage)
    return f"the console is at {url} (`kill {process.pid}` ends it, the trail is {stage.trail})"


def main() -> None:
    """Play it."""
    begun = time.monotonic()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    stand_in = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    stand_in.start()
    host, port = stand_in.get_host_and_port()
    kept = bool(os.environ.get("KEEP"))
    with tempfile.TemporaryDirectory(prefix="apitrail-demo-", delete=not kept) as directory:
        stage = Stage(Path(directory), f"http://{host}:{port}")
        recorder = stage.record()
        try:
            story(stage)
            print("\n# Every call is in the trail the moment its response arrives.")
            stage.ask("events")
            print("# Who created Mary, when, from where, how?")
            stage.ask(
                "events", "--event-name", "CreateUser", "--resource-name", "Mary", "--query",
                "[].{who: userIdentity.arn, when: eventTime, from: sourceIPAddress, how: userAgent, error: errorCode}",
                "--output", "json",
            )  # fmt: skip
        finally:
            recorder.send_signal(signal.SIGTERM)
            recorder.wait()
            stand_in.stop()
        print("# Is all of it there, and as it was written?")
        stage.ask("verify")
        left = keep(stage) if kept else "nothing is left running"
    print(f"done in {time.monotonic() - begun:.0f} s; {left}", file=sys.stderr)


if __name__ == "__main__":
    main()
