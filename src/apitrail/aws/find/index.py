"""The catalogue of service models in memory: which services a name, target or path may mean.

It is loaded once, from a cache on disk where there is one.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from apitrail import durable
from apitrail.aws.call import Structure, Value
from apitrail.aws.find import catalogue
from apitrail.aws.read.old_clients import FORMERLY_QUERY, HOSTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One REST operation's method, URI template and what else tells it from its neighbours."""

    operation: str
    method: str
    template: str
    literals: tuple[tuple[str, str | None], ...]
    query: tuple[str, ...]
    headers: tuple[str, ...]
    host_prefix: str | None
    deprecated: bool
    express: bool


@dataclass(eq=False, kw_only=True)
class Service:
    """What the index knows of one version of one service."""

    name: str
    version: str
    api_version: str
    current: bool
    service_id: str
    bearer: bool
    signing_name: str
    endpoint_prefix: str
    target_prefix: str | None
    protocols: tuple[str, ...]
    signing: tuple[str, ...]
    hosts: tuple[str, ...]
    operations: dict[str, str]
    unsigned: frozenset[str]
    rows: list[list[Value]]

    @classmethod
    def parse(cls, row: Structure) -> Service:
        """Read a row of `catalogue.build`; raises KeyError or TypeError if it is malformed."""
        return cls(
            name=row["name"],
            version=row["version"],
            api_version=row["api_version"],
            current=row["current"],
            service_id=row["service_id"],
            bearer=row["bearer"],
            signing_name=row["signing_name"],
            endpoint_prefix=row["endpoint_prefix"],
            target_prefix=row["target_prefix"],
            protocols=tuple(row["protocols"]),
            signing=tuple(row["signing"]),
            hosts=tuple(row["hosts"]),
            operations={name.lower(): name for name in row["operations"]},
            unsigned=frozenset(row["unsigned"]),
            rows=row["routes"],
        )

    @property
    def is_query(self) -> bool:
        """Does it take `Action=` forms, or did it once?"""
        own = "query" in self.protocols or "ec2" in self.protocols
        return own or self.name in FORMERLY_QUERY

    @cached_property
    def routes(self) -> Node:
        """All REST routes as a tree; built when first asked."""
        root = Node()
        for name, method, template, literals, query, headers, prefix, old, express in self.rows:
            route = Route(
                operation=name,
                method=method,
                template=template,
                literals=tuple((key, value) for key, value in literals),
                query=tuple(query),
                headers=tuple(headers),
                host_prefix=prefix,
                deprecated=old,
                express=express,
            )
            root.add(route)
        return root

    @cached_property
    def dates(self) -> list[str]:
        """The API dates that its paths begin with."""
        return [key for key in self.routes.children if key and key[:4].isdigit()]


class Node:
    """A tree of path segments; a label is the child None, a greedy one the child `+`."""

    __slots__ = ("children", "routes")

    def __init__(self) -> None:
        self.children: dict[str | None, Node] = {}
        self.routes: list[Route] = []

    def add(self, route: Route) -> None:
        """Hang one route into the tree."""
        node = self
        for segment in filter(None, route.template.split("/")):
            if segment.endswith("+}"):
                key: str | None = "+"
            elif segment.startswith("{") and segment.endswith("}"):
                key = None
            else:
                key = segment
            node = node.children.setdefault(key, Node())
        node.routes.append(route)


class Index:
    """All services, findable by each kind of evidence. Names of targets are lower case."""

    def __init__(self, rows: Iterable[Structure]) -> None:
        self.services = [Service.parse(row) for row in rows]
        self.signing: dict[str, list[Service]] = {}
        self.hosts: dict[str, list[Service]] = {}
        self.targets: dict[str, list[Service]] = {}
        self.actions: dict[str, list[Service]] = {}
        self.unsigned: list[Service] = []
        self.bearer: list[Service] = []
        self.versions: dict[str, list[Service]] = {}
        for service in self.services:
            self._file(service)
        for alias, name in HOSTS.items():
            self.hosts.setdefault(alias, []).extend(self.versions.get(name, ()))

    def _file(self, service: Service) -> None:
        self.versions.setdefault(service.name, []).append(service)
        for name in service.signing:
            self.signing.setdefault(name, []).append(service)
        for name in service.hosts:
            self.hosts.setdefault(name, []).append(service)
        if service.target_prefix:
            self.targets.setdefault(service.target_prefix.lower(), []).append(service)
        if service.is_query:
            for action in service.operations:
                self.actions.setdefault(action, []).append(service)
        if service.bearer:
            self.bearer.append(service)
        if service.unsigned:
            self.unsigned.append(service)


_lock = threading.Lock()
_loaded: Index | None = None


def is_loaded() -> bool:
    """Is the index in memory, so that `load` costs nothing?"""
    return _loaded is not None


def load() -> Index:
    """The index, from memory, else the disk cache, else built from botocore's data.

    Thread-safe. Takes a second or two the first time on a machine.
    """
    global _loaded  # noqa: PLW0603 - one per process, guarded by the lock
    if _loaded is None:
        with _lock:
            if _loaded is None:
                _loaded = _read() or _build()
    return _loaded


def cache() -> Path:
    """The file that keeps what is built once for a version of botocore."""
    import botocore
    import platformdirs

    directory = os.environ.get("APITRAIL_CACHE") or platformdirs.user_cache_dir("apitrail")
    return Path(directory) / f"catalogue-{catalogue.FORMAT}-botocore-{botocore.__version__}.json"


def _read() -> Index | None:
    try:
        return Index(json.loads(cache().read_bytes())["services"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None  # the cache is not there or damaged: it is built again


def _build() -> Index:
    import botocore

    content = catalogue.build(Path(botocore.__file__).parent / "data")
    _write(content)
    return Index(content["services"])


def _write(content: Structure) -> None:
    path = cache()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        durable.write(path, json.dumps(content, separators=(",", ":")).encode())
    except OSError:
        return  # a cache that cannot be written is built again next time
