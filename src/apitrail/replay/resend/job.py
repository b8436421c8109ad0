"""A replay set up: which calls, to where, as whom, with which secrets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from apitrail.errors import UsageError
from apitrail.replay.recorded import Recorded, read, redactions
from apitrail.replay.resend import repetition, secrets
from apitrail.replay.resend.endpoint import Destination, origin
from apitrail.replay.resend.identifiers import Identifiers
from apitrail.replay.resend.outcome import Outcome
from apitrail.replay.resend.pace import Pace
from apitrail.replay.resend.plan import Plan
from apitrail.replay.resend.sender import Sender
from apitrail.source import Source

type Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """`redactions` is a file of secrets, `really` consents to changing things at AWS.

    `say` is given what a person must know before anything is sent.
    """

    destination: Destination
    say: Say
    profile: str | None = None
    region: str | None = None
    redactions: Path | None = None
    dry_run: bool = False
    really: bool = False
    stop_on_diff: bool = False
    pace: Pace = field(default_factory=Pace)

    def outcomes(self, source: Source, indexes: list[int]) -> Iterator[Outcome]:
        """Send the calls at these indexes again; what became of each.

        Raises:
            UsageError: the endpoint is AWS's and nobody consented, or credentials are missing.
        """
        region = self.region or self.destination.region
        identifiers = Identifiers()
        plan = Plan(
            identifiers=identifiers, region=region, given=self._given(read(source, indexes))
        )
        if self.dry_run:
            return repetition.rehearse(read(source, indexes), plan)
        sender = Sender(self.destination.url, profile=self.profile, region=region)
        self._warn(read(source, indexes))
        if self.destination.is_aws:
            self._introduce(sender, identifiers, read(source, indexes))
        else:
            self._move(identifiers, read(source, indexes))
        return repetition.repeat(
            read(source, indexes), plan, sender, pace=self.pace, stop_on_diff=self.stop_on_diff
        )

    def _given(self, calls: Iterable[Recorded]) -> secrets.Given:
        if self.redactions is None:
            return {}
        given = secrets.load(self.redactions)
        return secrets.resolved(
            given, {text for call in calls for text in redactions(call.parameters)}
        )

    def _warn(self, calls: Iterable[Recorded]) -> None:
        if number := self.destination.recorded_here(calls):
            calls_of = "1 call was" if number == 1 else f"{number} calls were"
            self.say(f"warning: {calls_of} recorded from this very endpoint")

    def _introduce(
        self, sender: Sender, identifiers: Identifiers, calls: Iterable[Recorded]
    ) -> None:
        caller = sender.caller()
        self.say(f"this is AWS itself: account {caller.account}, as {caller.arn}")
        if not self.really:
            raise UsageError(
                "will not send recorded calls to AWS unasked",
                hint="--yes-i-mean-it says that you mean that account",
            )
        for account in {call.account for call in calls if call.account}:
            identifiers.learn(account, caller.account)

    def _move(self, identifiers: Identifiers, calls: Iterable[Recorded]) -> None:
        """URLs that the old endpoint made up (queues') are the new one's."""
        for upstream in {call.upstream for call in calls if call.upstream}:
            identifiers.learn(origin(upstream), origin(str(self.destination.url)))
