"""One log, two honest bundles of it, and those who judge them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from apitrail.evidence.bundle import pack_writer
from evidence.bundle import evidence
from evidence.bundle.edits import (
    SPAN,
    TOUCHED,
    Case,
)
from evidence.bundle.evidence import files
from evidence.bundle.judges import Standalone


@pytest.fixture(scope="session")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    trail = tmp_path_factory.mktemp("evidence") / "trail"
    signer = evidence.morning().write(trail)
    plain = evidence.bundle_of(trail, evidence.job(trail, TOUCHED))
    complete = evidence.bundle_of(trail, evidence.job(trail, SPAN, complete=True))
    first, second = json.loads(files(plain)["manifest.json"])["selected"]
    return Case(signer, plain, complete, first, second, trail)


@pytest.fixture(scope="session")
def packed(case: Case) -> Case:
    """The same with their entries in packs, of which the plain one has several."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pack_writer, "FROM", 0)
        patch.setattr(pack_writer, "_LARGEST", 1_450)
        plain = evidence.bundle_of(case.trail, evidence.job(case.trail, TOUCHED))
        complete = evidence.bundle_of(case.trail, evidence.job(case.trail, SPAN, complete=True))
    return replace(case, plain=plain, complete=complete)


@pytest.fixture(scope="session")
def standalone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standalone]:
    with Standalone(tmp_path_factory.mktemp("standalone")) as program:
        yield program
