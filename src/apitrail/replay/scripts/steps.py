"""The steps of a recording: each call, what it takes from the answers before, what nobody kept."""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from apitrail.aws import models
from apitrail.aws.call import Structure, Value
from apitrail.errors import FormatError
from apitrail.replay.recorded import REDACTED, Recorded, places, renewal
from apitrail.replay.recorded.left_out import completed
from apitrail.replay.recorded.naming import SHORTEST, is_identifier
from apitrail.replay.recorded.native import native

if TYPE_CHECKING:
    from botocore.model import OperationModel, Shape

type Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Given:
    """A value that an earlier answer gave: a variable.

    `last` says that only what follows the last slash is meant (Route 53's `/hostedzone/ID`).
    """

    name: str
    path: Path
    last: bool = False


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that was redacted: `number` counts from 1 in order of appearance."""

    number: int

    @property
    def name(self) -> str:
        """The environment variable that has it."""
        return f"REDACTED_{self.number}"


@dataclass(frozen=True, slots=True)
class Text:
    """A text some parts of which are variables; `recorded` is as it was."""

    parts: tuple[str | Given | Secret, ...]
    recorded: str


@dataclass(slots=True, kw_only=True)
class Step:
    """One call to write down, or `obstacle`: why it cannot be.

    In `parameters`, which are native otherwise, a Text stands for each text with variables.
    `gives` are the variables that later calls take from its answer.
    """

    call: Recorded
    model: OperationModel | None = None
    parameters: Structure = field(default_factory=dict)
    gives: list[Given] = field(default_factory=list)
    obstacle: str | None = None


@dataclass(frozen=True, slots=True)
class Script:
    """All steps, and what is redacted in them: where each secret is first needed."""

    steps: tuple[Step, ...]
    secrets: dict[Secret, str]

    @property
    def region(self) -> str:
        """Where most calls were made."""
        counted = Counter(step.call.region for step in self.steps if step.call.region)
        return counted.most_common(1)[0][0] if counted else "us-east-1"

    def services(self) -> Iterator[tuple[str, str | None]]:
        """Each (service, region) once, in order of appearance."""
        seen = ((str(s.call.service), s.call.region) for s in self.steps if s.obstacle is None)
        return iter(dict.fromkeys(seen))


def tell(calls: Iterable[Recorded], *, linked: bool = True) -> Script:
    """The steps of these calls, oldest first.

    Args:
        linked: values that an answer gave become variables in later calls.
    """
    teller = _Teller(linked=linked)
    steps = tuple(teller.step(call) for call in calls)
    return Script(steps, teller.places)


# Names that the scripts use themselves.
_OWN = ("files", "raw", "code", "said", "service", "region", "answer", "refused")


class _Teller:
    def __init__(self, *, linked: bool) -> None:
        self._linked = linked
        self._asked: set[str] = set()
        # Text → the step whose answer gave it first, and where in that.
        self._given: dict[str, tuple[Step, Path, bool]] = {}
        self._named: dict[str, Given] = {}
        self._names: Counter[str] = Counter(_OWN)
        self._secrets: dict[str, Secret] = {}
        self.places: dict[Secret, str] = {}

    def step(self, call: Recorded) -> Step:
        step = Step(call=call)
        step.obstacle = self._read(step)
        asked = {text for _, text in places(call.parameters or {})}
        self._asked |= asked
        if self._linked and call.error is None and step.obstacle is None:
            self._learn(step)
        return step

    def _read(self, step: Step) -> str | None:
        """Take the parameters over; gives the reason where that cannot be."""
        call = step.call
        if call.service is None or call.operation is None:
            return "it could not be told which operation it is"
        if call.parameters is None:
            return "its parameters were not kept"
        if not call.was_answered:
            return "its outcome was never known"
        try:
            step.model = models.operation(call.service, call.operation)
            step.parameters = self._parameters(call, step.model)
        except KeyError:
            return "botocore has no such operation"
        except FormatError as error:
            return f"its parameters cannot be written: {error}"
        return None

    def _parameters(self, call: Recorded, model: OperationModel) -> Structure:
        shape = model.input_shape
        if shape is None:
            return {}
        fresh = renewal.anew(
            str(call.service), model.name, shape, completed(call, shape),
            region=None, renew=lambda _: "",
        )  # fmt: skip
        # An idempotency token that is left out is made anew by every client.
        kept = {name: item for name, item in fresh.items() if not _is_token(shape, name)}
        streams = (n for n in kept if n in shape.members and _is_stream(shape.members[n]))
        if name := next(streams, None):
            raise FormatError(f"{name} is a stream of events, which are not kept")
        found: Structure = self._texts(call, (), native(shape, kept, call.payload))
        return found

    def _texts(self, call: Recorded, path: Path, value: Value) -> Value:
        if isinstance(value, str):
            parts = tuple(self._parts(call, path, value))
            if not parts or all(isinstance(part, str) for part in parts):
                return "".join(map(str, parts))
            return Text(parts, value)
        if isinstance(value, dict):
            return {name: self._texts(call, (*path, name), item) for name, item in value.items()}
        if isinstance(value, list):
            return [self._texts(call, (*path, n), item) for n, item in enumerate(value)]
        if isinstance(value, bytes) and (text := base64.b64encode(value).decode()) in self._given:
            return Text((self._variable(text),), text)
        return value

    def _parts(self, call: Recorded, path: Path, text: str) -> Iterator[str | Given | Secret]:
        if text in self._given:
            yield self._variable(text)
            return
        known = [old for old in self._given if len(old) >= SHORTEST and old in text]
        found = "|".join(re.escape(old) for old in sorted(known, key=len, reverse=True))
        given = rf"(?<![A-Za-z0-9_])(?:{found})(?![A-Za-z0-9_])|" if known else ""
        at = 0
        for match in re.finditer(rf"{given}{REDACTED.pattern}", text):
            if match.start() > at:
                yield text[at : match.start()]
            # A secret of length zero has only one possible value.
            if not match[0].endswith(":0") or match[0] in self._given:
                yield self._part(call, path, match[0])
            at = match.end()
        if at < len(text):
            yield text[at:]

    def _part(self, call: Recorded, path: Path, text: str) -> Given | Secret:
        return self._variable(text) if text in self._given else self._secret(call, path, text)

    def _secret(self, call: Recorded, path: Path, redacted: str) -> Secret:
        if redacted not in self._secrets:
            secret = self._secrets[redacted] = Secret(len(self._secrets) + 1)
            where = ".".join(map(str, path))
            length = redacted.rpartition(":")[2]
            self.places[secret] = f"{call.name} {where}, {length} bytes"
        return self._secrets[redacted]

    def _variable(self, text: str) -> Given:
        if text not in self._named:
            step, path, last = self._given[text]
            base = _snake(next((p for p in reversed(path) if isinstance(p, str)), "value"))
            self._names[base] += 1
            number = self._names[base]
            name = base if number == 1 else f"{base}_{number}"
            self._named[text] = Given(name, path, last)
            step.gives.append(self._named[text])
        return self._named[text]

    def _learn(self, step: Step) -> None:
        for path, text in places(step.call.result or {}):
            member = next((str(p) for p in reversed(path) if isinstance(p, str)), "")
            self._learn_text(step, path, member, text, last=False)
            if text.startswith("/"):
                self._learn_text(step, path, "", text.rpartition("/")[2], last=True)

    def _learn_text(self, step: Step, path: Path, member: str, text: str, *, last: bool) -> None:
        if text in self._given or text in self._asked or not is_identifier(member, text):
            return
        # What the caller had put into a longer text is the caller's too.
        if not any(text in asked for asked in self._asked if len(text) >= SHORTEST):
            self._given[text] = (step, path, last)


def _is_token(shape: Shape, name: str) -> bool:
    return name in shape.members and bool(shape.members[name].metadata.get("idempotencyToken"))


def _is_stream(shape: Shape) -> bool:
    return bool(shape.serialization.get("eventstream"))


def _snake(name: str) -> str:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|\W+", "_", name).lower()
    return words if words.isidentifier() else f"value_{words}".rstrip("_")
