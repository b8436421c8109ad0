"""How much a call draws on budgets: as it asks before it leaves, and as its answer tells."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from apitrail.aws.call import Blob, Call, Value

type Amounts = Mapping[str, int | None]
"""By measure; None where nobody can tell yet."""

# Where a request says how many tokens the answer may have, by the families of models that Bedrock has
# ("Inference request parameters and response fields for foundation models", Bedrock user guide).
_MOST = (
    ("max_tokens",), ("maxTokens",), ("max_gen_len",), ("max_tokens_to_sample",),
    ("max_new_tokens",), ("inferenceConfig", "maxTokens"), ("inferenceConfig", "max_new_tokens"),
    ("textGenerationConfig", "maxTokenCount"),
)  # fmt: skip
# InvokeModel's answer ("x-amzn-bedrock-…", Bedrock API reference).
_COUNTS = ("x-amzn-bedrock-input-token-count", "x-amzn-bedrock-output-token-count")
_BEDROCK = "bedrock-runtime"


@dataclass(frozen=True, slots=True)
class Drawn:
    """One call: the actions that it asks for, for whom it counts, and how much it draws."""

    actions: tuple[str, ...]
    scopes: Mapping[str, str]
    amounts: Amounts

    def answered(self, call: Call, headers: Mapping[str, str], length: int) -> Drawn:
        """With what its answer tells. What that leaves open stays as it was asked for."""
        told = dict(self.amounts) | {"bytes": length}
        if call.error is not None:
            told |= {"instances": 0, "tokens": 0}
        elif call.result is not None:
            instances = call.result.get("Instances")
            if call.operation == "RunInstances" and isinstance(instances, list):
                told["instances"] = len(instances)
        tokens = _tokens(call, headers)
        return replace(self, amounts=told if tokens is None else told | {"tokens": tokens})


def asked(call: Call, length: int | None, body: bytes = b"") -> dict[str, int | None]:
    """What a call draws as far as its request tells; `length` and `body` are of its body."""
    return {
        "calls": 1, "bytes": length, "instances": _instances(call),
        "tokens": _most_tokens(call, body) if call.service == _BEDROCK else 0,
    }  # fmt: skip


def _instances(call: Call) -> int | None:
    if (call.service, call.operation) != ("ec2", "RunInstances"):
        return 0
    most = (call.parameters or {}).get("MaxCount")
    return most if isinstance(most, int) else None


def _most_tokens(call: Call, body: bytes) -> int:
    """The most that an answer may have; 0 where the request does not limit it."""
    for each in _documents(call, body):
        for path in _MOST:
            value: Value = each
            for name in path:
                value = value.get(name) if isinstance(value, Mapping) else None
            if isinstance(value, int):
                return value
    return 0


def _documents(call: Call, body: bytes) -> Iterator[Value]:
    yield call.parameters or {}
    given = (call.parameters or {}).get("body", body)
    text = body if isinstance(given, Blob) or given is None else given
    try:
        yield json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return


def _tokens(call: Call, headers: Mapping[str, str]) -> int | None:
    """The tokens that an answer tells of."""
    usage = (call.result or {}).get("usage")
    if isinstance(usage, Mapping):
        total = usage.get("totalTokens")
        if isinstance(total, int):
            return total
    counts = [headers.get(name, "") for name in _COUNTS]
    known = [int(each) for each in counts if each.isascii() and each.isdigit()]
    return sum(known) if known else None
