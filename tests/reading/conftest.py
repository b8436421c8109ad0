"""The same questions to a trail and to a bundle of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from apitrail.delivery import export
from apitrail.evidence.bundle import Bundle
from apitrail.source import Source
from apitrail.trail.reader import Reader


@pytest.fixture(scope="module", params=["trail", "bundle"])
def source(
    request: pytest.FixtureRequest, trail: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Source]:
    """The module's `trail`, open, and then all of it as a bundle."""
    with Reader(trail) as reader:
        if request.param == "trail":
            yield reader
            return
        path = tmp_path_factory.mktemp("sources") / "bundle.zip"
        export.to_file(reader, export.Job(), form="bundle", path=path)
    with Bundle.open(path) as bundle:
        yield bundle
