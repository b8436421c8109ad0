"""Random parameters for any botocore input shape, from a seed.

Values that a place on the wire cannot carry are not made for it.
"""

from __future__ import annotations

import random
import string
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.model import OperationModel, Shape

DEEPEST = 6
LONG = 300_000

# What breaks naive decoders: separators of every syntax, escapes, other alphabets.
AWKWARD = (
    "a b", "a+b", "100%", "%2F", "a&b=c", "a/b", "a//b", "é ü", "日本", "<x>&amp;", '"q"', "it's",
    "a,b", "a;b", "#frag?", "true", "0", "1.5", "null", "~-_.", "tab\there", "{x}", "𝄞", "a:b",
    "arn:aws:iam::123456789012:role/path/Name", "line\nbreak", "\\back", "member.1", "=", "&",
)  # fmt: skip
HEADER_SAFE = ("plain", "a b", "100%", "a/b", "x=y; z", "it's", "0", "true", "q*1")

# Parameters that endpoints are made from must be well formed, or nothing is sent.
ACCOUNT = "123456789012"
CONTEXT = {
    "AccountId": ACCOUNT,
    "AccessPointName": "my-point",
    "Bucket": "my-bucket",
    "OutpostId": "op-01ac5d28a6a232904",
    "SpaceId": "space0123456789",
    "EventBusArn": f"arn:aws:events:eu-west-1:{ACCOUNT}:event-bus/bus",
    "StreamARN": f"arn:aws:kinesis:eu-west-1:{ACCOUNT}:stream/my-stream",
    "StreamId": "my-stream-id",
    "QueueARN": f"arn:aws:kinesis:eu-west-1:{ACCOUNT}:queue/my-queue",
    "ChannelARN": f"arn:aws:kinesis:eu-west-1:{ACCOUNT}:channel/my-channel",
    "ResourceARN": f"arn:aws:kinesis:eu-west-1:{ACCOUNT}:stream/my-stream",
    "ConsumerARN": f"arn:aws:kinesis:eu-west-1:{ACCOUNT}:stream/my-stream/consumer/c:1",
    "KvsARN": f"arn:aws:cloudfront::{ACCOUNT}:key-value-store/a1b2c3",
}
# Those that need a library of signatures or checksums that is not here.
LEFT_OUT = {"EndpointId"}
SPECIAL = {
    "ChecksumAlgorithm": "CRC32",
    "DestinationRegion": "eu-west-1",
    "SourceRegion": "us-west-2",
    "PredictEndpoint": "https://realtime.machinelearning.us-east-1.amazonaws.com",
}

_HOLLOW: dict[str, Any] = {"structure": {}, "list": [], "map": {}, "string": ""}

LABEL_SAFE = string.ascii_lowercase + string.digits


class Generator:
    """Parameters for operations; the same seed gives the same parameters.

    `hollow` is the depth at which structures, lists, maps and strings of a body are empty. With
    `long`, one string or blob of the body is longer than what is kept of a body.
    """

    def __init__(self, seed: str, *, hollow: int | None = None, long: bool = False) -> None:
        self.random = random.Random(seed)
        self.hollow = hollow
        self.long = long

    def parameters(self, operation: OperationModel, *, everything: bool = True) -> dict[str, Any]:
        """Values for all members of the input, or for the required and some others."""
        shape = operation.input_shape
        if shape is None:
            return {}
        made: dict[str, Any] = {}
        for name, member in shape.members.items():
            if member.metadata.get("contextParam", {}).get("name") in LEFT_OUT:
                continue
            if everything or name in shape.required_members or self.random.random() < 0.3:
                place = self._place(shape, name, member)
                if place is not None:
                    made[name] = self._member(name, member, place)
        return made

    def _member(self, name: str, member: Any, place: str) -> Any:
        context = member.metadata.get("contextParam", {}).get("name")
        if context in CONTEXT:
            return CONTEXT[context]
        if name in SPECIAL and member.type_name == "string":
            return SPECIAL[name]
        return self.value(member, 0, place)

    def _place(self, shape: Any, name: str, member: Any) -> str | None:
        if member.serialization.get("hostLabel"):
            return "host"
        if member.serialization.get("eventstream"):
            return None
        place = member.serialization.get("location", "body")
        if name == shape.serialization.get("payload"):
            return "payload"
        return str(place)

    def value(self, shape: Shape, depth: int, place: str) -> Any:
        """One value of a shape for a place: body, payload, uri, querystring, header, host."""
        if depth == self.hollow and place in ("body", "payload") and shape.type_name in _HOLLOW:
            return type(_HOLLOW[shape.type_name])()
        if place == "header" and shape.serialization.get("jsonvalue"):
            return {"a": [1, "é", None], "b": {"c": 1.5}}
        return getattr(self, f"_{shape.type_name}")(shape, depth, place)

    def _structure(self, shape: Any, depth: int, place: str) -> Any:
        if shape.is_document_type:
            return self._document(depth)
        names = list(shape.members)
        if getattr(shape, "is_tagged_union", False) and names:
            names = [self.random.choice(names)]
        elif depth > 2 and len(names) > 4:
            names = self.random.sample(names, 4)
        made = {}
        for name in names:
            member = shape.members[name]
            if depth >= DEEPEST and member.type_name in ("structure", "list", "map"):
                continue
            # Events and headers of outputs do not occur here.
            made[name] = self.value(member, depth + 1, "body")
        return made

    def _document(self, depth: int) -> Any:
        return {"k": [1, "two", 2.5, None, True], "n": {"é": {"x": []}}, "d": depth}

    def _list(self, shape: Any, depth: int, place: str) -> Any:
        count = 0 if depth >= DEEPEST else self.random.choice((0, 1, 2, 3))
        if place in ("header", "querystring"):
            count = count or 1
        if depth == 0 and self.random.random() < 0.05:
            count = 12
        return [self.value(shape.member, depth + 1, place) for _ in range(count)]

    def _map(self, shape: Any, depth: int, place: str) -> Any:
        count = 0 if depth >= DEEPEST else self.random.choice((0, 1, 2))
        if place == "headers":
            return {f"Key-{i}": self.random.choice(HEADER_SAFE) for i in range(count)}
        if place == "querystring":
            return {f"own{i}": self.value(shape.value, depth + 1, place) for i in range(count)}
        return {
            self._text(shape.key) + str(i): self.value(shape.value, depth + 1, place)
            for i in range(count)
        }

    def _text(self, shape: Any) -> str:
        if getattr(shape, "enum", None):
            return str(self.random.choice(shape.enum))
        if "AccessPoint" not in shape.name and self.random.random() < 0.4:
            return self.random.choice(AWKWARD)
        return "".join(self.random.choices(string.ascii_letters + "0-9", k=9))

    def _is_long(self, place: str) -> bool:
        """Is it this value that is long? One is."""
        made, self.long = self.long and place == "body", self.long and place != "body"
        return made

    def _string(self, shape: Any, depth: int, place: str) -> str:
        if not shape.enum and self._is_long(place):
            return "é & <" * (LONG // 5)
        if place == "host":
            return "".join(self.random.choices(LABEL_SAFE, k=12))
        if place == "header":
            if shape.enum:
                return str(self.random.choice(shape.enum))
            return self.random.choice(HEADER_SAFE)
        return self._text(shape)

    def _character(self, shape: Any, depth: int, place: str) -> str:
        return "c"

    def _boolean(self, shape: Any, depth: int, place: str) -> bool:
        return self.random.random() < 0.5

    def _integer(self, shape: Any, depth: int, place: str) -> int:
        return self.random.choice((0, 1, 7, 25, 300, 70_000, -3, 2**31 - 1))

    def _long(self, shape: Any, depth: int, place: str) -> int:
        return self.random.choice((0, 1, 5_000_000_000, 2**53 + 1, -(2**40)))

    def _float(self, shape: Any, depth: int, place: str) -> float:
        return self.random.choice((0.0, 1.5, -0.25, 1024.0, float("inf"), float("nan")))

    def _double(self, shape: Any, depth: int, place: str) -> float:
        return self.random.choice((0.0, 0.1, -1e-9, 1e20, 3.141592653589793, float("-inf")))

    def _timestamp(self, shape: Any, depth: int, place: str) -> datetime:
        moment = datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC)
        moment += timedelta(seconds=self.random.randrange(1_500_000_000))
        exact = shape.serialization.get("timestampFormat") == "rfc822" or place == "header"
        return moment if exact else moment.replace(microsecond=self.random.choice((0, 0, 250_000)))

    def _blob(self, shape: Any, depth: int, place: str) -> bytes:
        if self._is_long(place):
            return self.random.randbytes(LONG)
        return self.random.randbytes(self.random.choice((1, 5, 40)))
