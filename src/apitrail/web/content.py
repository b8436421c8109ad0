"""What is served: one trail or bundle, and what CloudTrail would know of it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from apitrail import durable
from apitrail.cloudtrail import selectors
from apitrail.cloudtrail.selectors import Selectors
from apitrail.delivery.logfiles import tree
from apitrail.delivery.logfiles.place import Place
from apitrail.delivery.logfiles.store import BUCKET, EVERY, Store
from apitrail.delivery.logfiles.tree_manifest import Manifest
from apitrail.errors import FormatError, UsageError
from apitrail.event import record_of
from apitrail.evidence.bundle import Bundle, is_archive
from apitrail.evidence.opening import open_source
from apitrail.query import Filter
from apitrail.reading.insight_list import BookIndexes
from apitrail.reading.mutes import Mutes
from apitrail.source import Source
from apitrail.trail import control
from apitrail.trail.muting import Muting
from apitrail.trail.reader import Reader
from apitrail.trail.statements import Insight
from apitrail.web.members import Document


@dataclass(frozen=True, slots=True)
class Served:
    """The log at `path`; `clock` is Unix milliseconds."""

    path: Path
    clock: Callable[[], int]
    lock: threading.Lock = field(default_factory=threading.Lock)
    books: BookIndexes = field(default_factory=lambda: BookIndexes(Insight.KIND, Muting.KIND))

    @property
    def is_bundle(self) -> bool:
        """A bundle is at rest: it has no settings, and no files to be validated."""
        return is_archive(self.path)

    @contextmanager
    def source(self) -> Iterator[Reader | Bundle]:
        """The log, opened for one request."""
        with open_source(self.path) as source:
            yield source

    def selectors(self) -> Selectors:
        """What is handed on of it."""
        return selectors.EVERYTHING if self.is_bundle else selectors.load(self.path)

    def state(self) -> Document:
        """The settings beside the trail."""
        return {} if self.is_bundle else selectors.state_of(self.path)

    def change(self, **members: Any) -> None:
        """Change settings beside the trail; None takes one away.

        Raises:
            UsageError: a bundle has none.
        """
        if self.is_bundle:
            raise UsageError("a bundle cannot be changed", hint="serve the trail it is of")
        with self.lock:
            state = selectors.state_of(self.path) | members
            kept = {name: value for name, value in state.items() if value is not None}
            durable.write(self.path / selectors.FILE, json.dumps(kept, indent=2).encode())

    def mutes(self, source: Source) -> Mutes:
        """The mutes that the log tells of."""
        return Mutes.at(source, self.books.of(source, Muting.KIND))

    def is_recording(self) -> bool:
        """Does a recorder run?"""
        if self.is_bundle:
            return False
        try:
            return control.ask(self.path, "ping") is not None
        except UsageError:
            return True  # an older recorder does not know this question, but it runs

    def store(self) -> Store | None:
        """Where the trail's log files and digests are; a bundle has none."""
        return None if self.is_bundle else Store.local(self.path)

    def deliver(self) -> None:
        """Have log files and digests cover every call up to now.

        Raises:
            UsageError: they cannot be made here.
        """
        if (store := self.store()) is not None:
            with store.locked():
                store.close_up(self.clock())

    def manifest(self) -> Manifest:
        """The manifest of what was delivered so far; empty if it is malformed."""
        store = self.store()
        known = None
        # `deliver` tells a person about it, and `apitrail verify` explains it.
        with suppress(FormatError):
            known = store.known() if store is not None else None
        return known or Manifest(origin="", bucket=BUCKET, prefix="", every=EVERY)

    def trails(self) -> list[Document]:
        """The trails as DescribeTrails tells them: one for each account and region."""
        state = self.state()
        custom = {
            "HasCustomEventSelectors": "EventSelectors" in state
            or "AdvancedEventSelectors" in state,
            "HasInsightSelectors": bool(state.get("InsightSelectors")),
        }
        manifest = self.manifest()
        found = tree.trails(manifest)
        if not manifest.logs:
            place = self._newest_place()
            found = [found[0] | {"HomeRegion": place.region, "TrailARN": place.arn}]
        return [about | custom for about in found]

    def _newest_place(self) -> Place:
        """Whose trail it would be if nothing was delivered: the newest call's."""
        with self.source() as source:
            for index in source.select(Filter(), limit=1):
                return Place.of(record_of(source.facets(index, ("what",))))
        return Place.of({})
