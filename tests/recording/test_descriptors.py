"""How many connections a recorder may have, whatever the shell allows."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import resource
from apitrail.recording.descriptors import raise_limit
_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
raised = raise_limit()
soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
assert soft == raised, (soft, raised)
print(soft > 64)
"""


def test_it_takes_what_the_system_allows() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], check=True, capture_output=True, text=True)
    assert done.stdout == "True\n"
