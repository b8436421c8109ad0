"""How many cores a process may run on."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from apitrail.cores import cores


def test_a_process_may_run_on_no_more_cores_than_the_machine_has():
    assert 1 <= cores() <= (os.cpu_count() or 1)


@pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity"),
    reason="the limits of another process: only Linux can set them",
)
def test_a_process_that_is_held_to_one_core_has_one():
    one = min(os.sched_getaffinity(0))
    code = f"import os; os.sched_setaffinity(0, {{{one}}}); from apitrail.cores import cores; print(cores())"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "1\n"
