"""A recorder starts without what it does not use of mitmproxy, and loads it when it is used."""

from __future__ import annotations

import json
import subprocess
import sys

SCRIPT = """
import json, sys
import apitrail.recording.session
from mitmproxy import addons
heavy = ["flask", "ldap3", "jinja2"]
before = [name for name in heavy if name in sys.modules]
made = [type(each).__name__ for each in addons.default_addons()]
after = [name for name in heavy if name in sys.modules]
print(json.dumps([before, made, after]))
"""


def test_add_ons_are_loaded_when_they_are_used() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, check=True)
    before, made, after = json.loads(done.stdout)
    assert before == []
    assert {"Onboarding", "ProxyAuth", "NextLayer"} <= set(made)
    assert {"flask", "ldap3"} <= set(after)
