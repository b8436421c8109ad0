"""One step of the action, by its name."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

if __name__ == "__main__":
    # Python runs isolated (-I), so it does not look beside this file by itself.
    sys.path.insert(0, str(Path(__file__).parent))
    sys.exit(import_module(sys.argv[1]).main())
