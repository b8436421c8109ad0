"""A skip without leave fails the run on CI."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).parent / "conftest.py"


@pytest.mark.parametrize(
    ("reason", "status"), [("no moon tonight", 1), ("npm could not install it", 0)]
)
def test_only_listed_reasons_pass(tmp_path, reason, status):
    (tmp_path / "conftest.py").write_text(CONFTEST.read_text("utf-8"))
    (tmp_path / "test_it.py").write_text(
        f"import pytest\n\ndef test_it():\n    pytest.skip({reason!r})\n\ndef test_other():\n    pass\n"
    )
    skips = CONFTEST.parents[1] / ".ci" / "skips"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--allowed-skips={skips}", "."],
        cwd=tmp_path, env=os.environ | {"PYTEST_ADDOPTS": ""}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == status, done.stdout
    assert ("skipped without leave: no moon tonight" in done.stdout) == bool(status)
