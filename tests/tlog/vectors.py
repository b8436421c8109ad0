"""Where the published test vectors are, beside the repository, and the skip for when they are not."""

from __future__ import annotations

from pathlib import Path

import pytest

VECTORS = (Path(__file__).parents[2] / "../shared/vectors/tlog").resolve()

needs_vectors = pytest.mark.skipif(
    not VECTORS.is_dir(), reason="needs the published vectors in ../shared/vectors/tlog"
)
