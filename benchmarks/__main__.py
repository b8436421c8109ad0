"""Every benchmark in turn: `make bench`. Each prints ratios that were measured within its own run."""

from __future__ import annotations

import runpy
import sys

from benchmarks import tools

BENCHMARKS = ("decode", "describe", "trail", "proxy", "workers", "starting")

if __name__ == "__main__":
    tools.ensure()
    for name in sys.argv[1:] or BENCHMARKS:
        print(f"\n== {name}", flush=True)
        sys.argv = [name]
        runpy.run_module(f"benchmarks.{name}", run_name="__main__")
