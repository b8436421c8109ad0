"""The console's own style and modules: small files that every page loads, and nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file."""

    content: bytes
    kind: str


def load() -> Mapping[str, Asset]:
    """All of them, by name."""
    directory = resources.files("apitrail.web.console").joinpath("static")
    return {
        each.name: Asset(each.read_bytes(), TYPES[each.name.rpartition(".")[2]])
        for each in directory.iterdir()
        if each.name.rpartition(".")[2] in TYPES
    }


def version(assets: Mapping[str, Asset]) -> str:
    """Changes whenever one of them does, so that browsers may keep them."""
    digest = hashlib.sha256()
    for name in sorted(assets):
        digest.update(assets[name].content)
    return digest.hexdigest()[:12]
