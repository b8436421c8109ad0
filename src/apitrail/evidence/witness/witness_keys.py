"""A witness's two private keys, in a file of mode 0600 in its directory.

One line for each: PRIVATE+KEY+<name>+<hex key id>+base64(signature type ‖ seed).
"""

from __future__ import annotations

import secrets
from pathlib import Path

from apitrail import durable, places, private_file
from apitrail.errors import FormatError, UsageError
from apitrail.tlog import encoding, note
from apitrail.tlog.cosignature import COSIGNATURE_V1, Cosigner, WitnessSigner
from apitrail.tlog.mldsa_cosignature import MLDSA_44, MldsaCosigner

FILE = "witness.key"

# An ML-DSA-44 cosignature names its witness behind one byte of length.
_LONGEST = 255
_PREFIX = "PRIVATE+KEY+"
_HINT = (
    "bring it back from a backup, or give the witness a new name in a new directory with --state"
)

type Signers = tuple[WitnessSigner, ...]
"""One of Ed25519 and one of ML-DSA-44, under one name."""


def default_name() -> str:
    """What a witness is called that is given no name."""
    return places.public_name("witness")


def make(directory: Path, name: str) -> Signers:
    """Make both keys; raises UsageError where the name cannot be a key's."""
    try:
        if len(name.encode()) > _LONGEST:
            raise FormatError(f"too long a name: {name[:100]!r}")  # noqa: TRY301
        found: Signers = (
            Cosigner(name, secrets.token_bytes(32)),
            MldsaCosigner(name, secrets.token_bytes(32)),
        )
    except FormatError as error:
        raise UsageError(str(error), hint="such as --name example.com/witness") from error
    durable.write(directory / FILE, "".join(map(_line, found)).encode())
    return found


def read(directory: Path, name: str | None = None) -> Signers:
    """The keys that are there.

    Raises:
        UsageError: the file cannot be read, or holds keys of another name.
    """
    path = directory / FILE
    try:
        ed25519, mldsa = private_file.read(path).decode().splitlines()
        signers: Signers = (
            Cosigner(*_seed(ed25519, COSIGNATURE_V1)),
            MldsaCosigner(*_seed(mldsa, MLDSA_44)),
        )
    except (ValueError, FormatError) as error:
        raise UsageError(f"{str(path)!r} does not hold a witness's keys", hint=_HINT) from error
    found = signers[0].verifier.name
    if name is not None and name != found:
        raise UsageError(
            f"the witness in {str(directory)!r} is called {found!r}, not {name!r}",
            hint="a witness keeps its name; another one needs another directory with --state",
        )
    return signers


def _line(signer: WitnessSigner) -> str:
    match signer:
        case MldsaCosigner(name, seed):
            algorithm = MLDSA_44
        case Cosigner(name, seed):
            algorithm = COSIGNATURE_V1
        case _:
            raise TypeError(type(signer))
    key = note.format_key(name, signer.verifier.key_id, algorithm, seed)
    return f"{_PREFIX}{key}\n"


def _seed(line: str, algorithm: int) -> tuple[str, bytes]:
    """Name and seed of a line; raises FormatError or ValueError."""
    name, _, blob = line.removeprefix(_PREFIX).split("+", 2)
    material = encoding.decode_base64(blob, "key", length=33)
    if not line.startswith(_PREFIX) or material[0] != algorithm:
        raise FormatError("malformed key")
    return name, material[1:]
