"""CPU of commands that are run often: `python -m benchmarks.starting` prints medians, in seconds."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

APITRAIL = Path(sys.executable).parent / "apitrail"
TURNS = int(os.environ.get("TURNS", "5"))
COMMANDS = {
    "exec -- true": ("exec", "--", "true"),
    "events -n 5": ("events", "-n", "5"),
    "--version": ("--version",),
}


def cpu(arguments: tuple[str, ...], env: Mapping[str, str]) -> float:
    """Seconds that one run of the command takes of all cores."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([APITRAIL, *arguments], env=env, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """The first run of `exec` makes the authority and compiles; it is told apart."""
    with tempfile.TemporaryDirectory() as home:
        env = os.environ | {
            "HOME": home, "APITRAIL_TRAIL": f"{home}/trail", "APITRAIL_CONFIG": f"{home}/none",
            "XDG_DATA_HOME": f"{home}/data", "XDG_STATE_HOME": f"{home}/state",
        }  # fmt: skip
        print(f"{'exec, first':14} {cpu(COMMANDS['exec -- true'], env):6.2f} s")
        taken: dict[str, list[float]] = {name: [] for name in COMMANDS}
        for _ in range(TURNS):
            for name, arguments in COMMANDS.items():
                taken[name].append(cpu(arguments, env))
        for name, each in taken.items():
            print(f"{name:14} {statistics.median(each):6.2f} s, best {min(each):.2f}")


if __name__ == "__main__":
    main()
