"""The process that matches regular expressions, so that it can be killed: a line in, a line out.

It is run as a file, not imported: nothing but the standard library may be named here.
"""

import json
import re
import sys


def answer(line: bytes) -> bytes:
    """`[pattern, text]` → `true`, `false`, or a string that says why there is no answer."""
    pattern, text = json.loads(line)
    try:
        found: bool | str = re.search(pattern, text) is not None
    except (re.error, RecursionError, OverflowError, MemoryError) as error:
        found = str(error) or type(error).__name__
    return json.dumps(found).encode() + b"\n"


if __name__ == "__main__":
    for question in sys.stdin.buffer:
        sys.stdout.buffer.write(answer(question))
        sys.stdout.buffer.flush()
