"""`export --format ocsf`: a line for each call, chained, with the proof of its entry.

Each line is in the canonical form of RFC 8785, so that its fingerprint can be made again: the SHA-256
of the line without `fingerprint` and `signatures`. The members under `unmapped.record_integrity` are
those that OCSF 1.9 gives the profile of that name (objects `attestation`, `prev_event`, `fingerprint`,
`digital_signature`); 1.8, for which the line is valid, has no place for them. The signature is the log's
checkpoint: over the root that the entry's proof leads to, and not over the fingerprint.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import orjson
import rfc8785

from apitrail.errors import UsageError
from apitrail.event import RECORD_TAGS, Event
from apitrail.evidence.bundle.log_tree import tree_of
from apitrail.reading import ocsf
from apitrail.source import Source
from apitrail.tlog import encoding
from apitrail.tlog.checkpoint import Checkpoint
from apitrail.tlog.note import Note
from apitrail.tlog.proof import Proof

# RFC 8785 takes numbers that every JavaScript has: others are written as strings.
_LARGEST = (1 << 53) - 1
_SHA_256 = {"algorithm": "SHA-256", "algorithm_id": 3, "encoding": "Hex", "encoding_id": 1}

type Object = dict[str, Any]


def lines(source: Source, indexes: Iterable[int]) -> Iterator[bytes]:
    """The calls at these indexes, in their order.

    Raises:
        UsageError: the trail is empty.
    """
    if (note := source.tail()) is None:
        raise UsageError("the trail is empty", hint="record something first: apitrail exec -- CMD")
    head, tree = Checkpoint.unverified(note), tree_of(source, note)
    authority, signature = _signature(Note.parse(note), head.origin)
    before: Object | None = None
    for index in indexes:
        made = _event(source, index, head.origin)
        if is_proved := index < head.size and (link := source.entry(index)) is not None:
            proof = Proof(index, tuple(tree.inclusion(index)), note, link.data)
            made["unmapped"]["apitrail"]["proof"] = str(proof)
        attestation = {
            "uid": made["metadata"].get("uid", ""), "chain_uid": head.origin,
            "authority_uid": authority,
        }  # fmt: skip
        if before is not None:
            attestation["prev_event"] = before
        line, before = _sealed(made, attestation, [signature] if is_proved else [])
        yield line


def _signature(signed: Note, origin: str) -> tuple[str, Object]:
    """The log's key, by name and id, and its signature of the checkpoint as `digital_signature`."""
    line = next(each for each in reversed(signed.signatures) if each.name == origin)
    digest = hashlib.sha256(signed.text.encode()).hexdigest()
    return f"{origin}+{line.key_id.hex()}", {
        "algorithm": "Ed25519", "algorithm_id": 99,
        "serialization": "C2SP tlog-checkpoint", "serialization_id": 99,
        "digest": {**_SHA_256, "value": digest},
        "value": encoding.encode_base64(line.data),  # where ocsf-schema#1709 has it
    }  # fmt: skip


def _event(source: Source, index: int, origin: str) -> Object:
    made = ocsf.activity(Event.parse(source.facets(index, RECORD_TAGS)))
    link = source.entry(index)
    made["metadata"] |= {"log_name": origin, "log_provider": "apitrail", "sequence": index}
    if link is not None:
        made["metadata"]["logged_time"] = link.time
    unmapped = made.setdefault("unmapped", {})
    unmapped["apitrail"] = {**unmapped.get("apitrail", {}), "log": origin, "entry": index}
    return made


def _sealed(
    made: Object, attestation: Object, signatures: Sequence[Object]
) -> tuple[bytes, Object]:
    """The line with its place in the chain of this export and its fingerprint, and what the next line
    says of it."""
    made["unmapped"]["record_integrity"] = {"attestation_list": [attestation]}
    plain, write = _portable(made)
    found = {**_SHA_256, "value": hashlib.sha256(write(plain)).hexdigest()}
    [sealed] = plain["unmapped"]["record_integrity"]["attestation_list"]
    sealed["fingerprint"] = found
    if signatures:
        sealed["signatures"] = list(signatures)
    return write(plain), {
        "fingerprint": found, "uid": sealed["uid"], "type_uid": plain["type_uid"]
    }  # fmt: skip


def _portable(value: Object) -> tuple[Object, Callable[[Any], bytes]]:
    """The value as RFC 8785 can write it, and what writes it so: orjson, which is much quicker.

    orjson differs from RFC 8785 where numbers have an exponent, and in the order of some names.
    """
    odd = False

    def made(value: Any) -> Any:
        nonlocal odd
        match value:
            case str():
                return value if value.isascii() else value.encode("utf-8", "replace").decode()
            case dict():
                odd = odd or not all(map(str.isascii, value))
                return {made(name): made(each) for name, each in value.items()}
            case list() | tuple():
                return [made(each) for each in value]
            case float():
                odd = True
            case int() if not -_LARGEST <= value <= _LARGEST:
                return str(value)
        return value

    return made(value), rfc8785.dumps if odd else _sorted


def _sorted(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
