"""Two honest bundles of one log, and both judges at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from evidence.bundle import evidence, judges
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
    return Case(signer, plain, complete, first, second)


@pytest.fixture(scope="session")
def standalone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standalone]:
    with Standalone(tmp_path_factory.mktemp("standalone")) as program:
        yield program


@pytest.fixture
def judge(case: Case, standalone: Standalone, tmp_path: Path) -> Callable[[bytes], tuple[str, str]]:
    """Both verdicts on a zip's bytes, which must be one; and the package's message."""

    def judged(data: bytes) -> tuple[str, str]:
        path = tmp_path / "bundle.zip"
        path.write_bytes(data)
        report = judges.by_package(path, case.signer.verifier)
        status, said = standalone(path, case.signer.verifier)
        assert judges.verdict(said) == str(report.verdict), (said, str(report))
        assert status == (0 if report.holds else 1)
        if report.holds:
            assert said.splitlines() == str(report).splitlines()
        return str(report.verdict), report.message

    return judged
