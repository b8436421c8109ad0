"""botocore's service models, loaded one at a time and kept within bounds."""

from __future__ import annotations

import threading
from collections import OrderedDict
from functools import lru_cache
from pathlib import Path

from botocore.model import OperationModel, ServiceModel

from apitrail.aws.call import Structure, Value
from apitrail.aws.find import catalogue, index
from apitrail.aws.read.shapes import Compiler

MOST = 40_000
"""How large the models in memory may be together, those used last; see `Loaded.size`."""

_lock = threading.RLock()
_loaded: OrderedDict[tuple[str, str], Loaded] = OrderedDict()


class Loaded:
    """A model together with what was compiled from it, so that both leave memory together."""

    def __init__(self, raw: Structure, name: str) -> None:
        self.raw = raw
        self.model = ServiceModel(raw, name)
        self.compiled: dict[Value, Value] = {}
        # Operations, shapes and their members. Each takes some 450 bytes, and as much again once
        # it is used; the largest model, EC2's, has 16,000 of them, all 439 have 420,000.
        self.size = len(raw["operations"]) + sum(
            1 + len(shape.get("members", ())) for shape in raw["shapes"].values()
        )

    def operation(self, name: str) -> OperationModel:
        """The model of an operation; KeyError where there is none.

        Not the one that botocore's model remembers: each would point at the other.
        """
        found = self.compiled.get(("operation", name))
        if found is None:
            found = OperationModel(self.raw["operations"][name], self.model, name)
            self.compiled["operation", name] = found
        assert isinstance(found, OperationModel)
        return found

    def raw_operation(self, name: str) -> Structure:
        """The operation's own JSON, for traits that botocore does not hand on."""
        found: Structure = self.raw["operations"][name]
        return found

    def let_go(self) -> None:
        """Open the circles in it, so that it leaves memory now and not when they are looked for.

        Whoever still reads with it compiles anew.
        """
        for each in list(self.compiled.values()):
            if isinstance(each, Compiler):
                each.forget()
        self.compiled.clear()


def service(name: str, api_version: str | None = None) -> ServiceModel:
    """The model of a service; KeyError where botocore has none of that name and version."""
    return loaded(name, api_version).model


def operation(
    service_name: str, operation_name: str, api_version: str | None = None
) -> OperationModel:
    """The model of an operation; KeyError where there is none."""
    return loaded(service_name, api_version).operation(operation_name)


def loaded(name: str, api_version: str | None = None) -> Loaded:
    """The model with its compiled companions; see `service`."""
    key = (name, version_of(name, api_version))
    with _lock:
        found = _loaded.get(key)
        if found is not None:
            _loaded.move_to_end(key)
            return found
    # Read without the lock: a large model must not hold up calls to those in memory.
    fresh = Loaded(_read(*key), name)
    with _lock:
        found = _loaded.setdefault(key, fresh)
        # Whoever has a model already keeps it; the one that is asked for stays, however large.
        over = sum(each.size for each in _loaded.values()) - MOST
        while over > 0 and len(_loaded) > 1:
            _, evicted = _loaded.popitem(last=False)
            over -= evicted.size
            evicted.let_go()
        return found


def warm(name: str, api_version: str | None = None) -> None:
    """Load a model so that decoding with it is cheap; call it off the event loop."""
    loaded(name, api_version)


def is_loaded(name: str, api_version: str | None = None) -> bool:
    """Is the model in memory?"""
    return index.is_loaded() and (name, version_of(name, api_version)) in _loaded


@lru_cache(4096)
def version_of(name: str, api_version: str | None = None) -> str:
    """The directory of the model: of that API version, else the current; KeyError if unknown."""
    versions = index.load().versions[name]
    for entry in versions:
        if api_version in (entry.version, entry.api_version):
            return entry.version
    if api_version is not None:
        raise KeyError(f"{name} {api_version}")
    return next(entry.version for entry in versions if entry.current)


def _read(name: str, version: str) -> Structure:
    import botocore

    directory = Path(botocore.__file__).parent / "data" / name / version
    model = catalogue.read_model(directory, "service-2")
    if model is None:
        raise KeyError(name)
    return model
