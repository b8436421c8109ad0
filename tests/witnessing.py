"""Heads of small logs as they are sent to a witness, and a witness on a real port."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from apitrail.address import Address, listen
from apitrail.evidence.witness.witness import Witness
from apitrail.tlog import merkle, note
from apitrail.tlog.add_checkpoint import AddCheckpoint
from apitrail.tlog.checkpoint import Checkpoint
from apitrail.tlog.cosignature import Cosigner
from apitrail.web import witness_app
from tlog import logs

NAME = "witness.example/w"


@dataclass
class Clock:
    """Seconds since the epoch, which stand where they are put."""

    now: int = field(default_factory=lambda: min(1_795_348_800, int(time.time())))

    def __call__(self) -> int:
        return self.now


def vkey(name: str) -> str:
    """The key of a witness that is nowhere."""
    return str(Cosigner(name, b"k" * 32).verifier)


def opened(directory: Path, clock: Callable[[], int] | None = None, *vkeys: str) -> Witness:
    keys = vkeys or (str(logs.SIGNER.verifier),)
    return Witness.open(directory, keys, name=NAME, clock=clock or Clock())


def request(old: int, size: int, *, signer: note.Signer = logs.SIGNER) -> bytes:
    """A request that an honest log makes."""
    proof = merkle.prove_consistency(old, size, logs.reader(size)) if old else []
    return str(AddCheckpoint(old, tuple(proof), logs.signed_head(size, signer))).encode()


def forged(old: int, size: int) -> bytes:
    """A request of a log that signs a tree with other entries: a rewritten past."""
    leaves = [hashlib.sha256(b"forged %d" % index).digest() for index in range(size)]
    tree = merkle.Frontier()
    tree.extend(leaves)
    head = Checkpoint(logs.ORIGIN, size, tree.root())
    proof = merkle.prove_consistency(old, size, _reading(leaves)) if old else []
    signed = note.sign(str(head), logs.SIGNER)
    return str(AddCheckpoint(old, tuple(proof), signed)).encode()


def _reading(leaves: list[bytes]) -> merkle.Read:
    def read(level: int, index: int) -> bytes:
        return merkle.root_of(leaves[index << level : (index + 1) << level])

    return read


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """An application on a port of this machine, as uvicorn serves it; its URL."""
    bound = listen(Address("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, log_level="critical"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
    thread.start()
    try:
        yield f"http://{Address.of(bound)}/"
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def witness(
    directory: Path, *vkeys: str, clock: Callable[[], int] | None = None
) -> Iterator[tuple[Witness, str]]:
    """A witness of ours on a real port, with its URL."""
    found = opened(directory, clock, *vkeys)
    try:
        with serving(witness_app.application(found, lambda _: None)) as url:
            yield found, url
    finally:
        found.close()


def killed_between_keeping_and_signing(directory: Path, body: bytes) -> None:
    """A witness that is killed after it has kept a head, and before it has signed it."""
    pid = os.fork()
    if pid == 0:
        found = opened(directory)
        found._cosign = lambda *_: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[assignment, method-assign]
        found.add(body)
        os._exit(1)
    _, status = os.waitpid(pid, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL


def mutants(body: bytes, seed: int, count: int) -> Iterator[bytes]:
    """Requests that differ from a good one in bytes, lines and numbers."""
    dice = random.Random(seed)
    numbers = (b"0", b"-1", b"01", b"9223372036854775808", b"1e3", b"\xd9\xa3", b"")
    for _ in range(count):
        data = bytearray(body)
        for _ in range(dice.randint(1, 3)):
            at = dice.randrange(len(data) + 1)
            match dice.randrange(7):
                case 0 if data:
                    data[at % len(data)] ^= 1 << dice.randrange(8)
                case 1:
                    data[at:at] = dice.randbytes(dice.randint(1, 40))
                case 2:
                    del data[at : at + dice.randint(1, 60)]
                case 3:
                    lines = bytes(data).split(b"\n")
                    dice.shuffle(lines)
                    data = bytearray(b"\n".join(lines))
                case 4:
                    lines = bytes(data).split(b"\n")
                    lines.insert(dice.randrange(len(lines) + 1), dice.choice(lines))
                    data = bytearray(b"\n".join(lines))
                case 5:
                    data = bytearray(b"old " + dice.choice(numbers) + bytes(data)[5:])
                case _:
                    data = bytearray(
                        bytes(data).replace(b"\n", dice.choice((b"\r\n", b"\n\n", b"\0")))
                    )
        yield bytes(data)


# A root certificate that nobody uses.
CERTIFICATE = """-----BEGIN CERTIFICATE-----
MIIBeDCCAR2gAwIBAgIUQurvXN5qaGq4WU/3w1DMbMSmZ3YwCgYIKoZIzj0EAwIw
ETEPMA0GA1UEAwwGTm9ib2R5MB4XDTI2MTEyNjAzNTE0MloXDTI2MTEyODAzNTE0
MlowETEPMA0GA1UEAwwGTm9ib2R5MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE
CPS6/YXUsj9oiRRoGBEmixGiF+9RGURRVx4fTINV2TrHydK6/WDlXOyqhxEXtLGx
Q9Nb7cYOzW0KazKt8KwDiqNTMFEwDwYDVR0TAQH/BAUwAwEB/zAdBgNVHQ4EFgQU
dOtOYxS6d9IvxrNE/YyLseIoGR8wHwYDVR0jBBgwFoAUdOtOYxS6d9IvxrNE/YyL
seIoGR8wCgYIKoZIzj0EAwIDSQAwRgIhAKJnbe1vtHAEm7s/gT1y1C9JhkBlFTsg
z7mb43Uh3xd2AiEApeZFnGV9oAm6RU8FBBJ5hL4U2/dI3Hwu7WLpPy6c8ik=
-----END CERTIFICATE-----
"""
