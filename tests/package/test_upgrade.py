"""An installation reads, proves and continues trails of earlier versions, and leaves nothing behind."""

from __future__ import annotations

import sys

import pytest

import old_trails
from package.roots import BIN, CLIENT, Root, events, pythons

pytestmark = [pytest.mark.package, pytest.mark.timeout(600)]
KEYS = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_trail_of_an_earlier_version_is_read_proved_and_continued(plain, endpoint, version):
    home = plain.root.home
    old = old_trails.unpack(home, version)
    run = [plain.apitrail, "--trail", old / "trail"]
    key = (old / "vkey").read_text().strip()
    before = events(plain.root, run)
    assert plain.root.run(*run, "verify", "--key", key).startswith("OK")
    (home / "client.py").write_text(CLIENT)
    plain.root.run(*run, "exec", "--upstream", endpoint, "--", sys.executable, home / "client.py", f"after-{version}", **KEYS)  # fmt: skip
    after = events(plain.root, run)
    assert [after[0]["eventName"], *after[1:]] == ["CreateUser", *before]
    assert plain.root.run(*run, "verify", "--key", key).startswith("OK")


def test_an_upgrade_leaves_the_trail_and_its_proof_alone(root: Root, release, endpoint):
    """The same version again, since there is no other: all files of it are replaced."""
    root.put(BIN / "uv")
    python = next(iter(pythons().values()))
    root.install("uv", "tool", "install", "-q", "--python", python, release.wheel)
    (root.home / "client.py").write_text(CLIENT)
    root.run("apitrail", "exec", "--upstream", endpoint, "--", sys.executable, "client.py", "before-upgrade", **KEYS)  # fmt: skip
    kept = (root.home / ".apitrail/checkpoint").read_bytes()
    root.install("uv", "tool", "install", "-q", "--reinstall", "--python", python, release.wheel)
    assert (root.home / ".apitrail/checkpoint").read_bytes() == kept
    assert root.run("apitrail", "verify").startswith("OK")


def test_leaving_takes_what_the_docs_name_and_nothing_is_left(root: Root, release, endpoint):
    """As docs/install.md says it, in that order."""
    root.put(BIN / "uv")
    root.install("uv", "tool", "install", "-q", "--python", next(iter(pythons().values())), release.wheel)  # fmt: skip
    (root.home / "client.py").write_text(CLIENT)
    root.run("apitrail", "exec", "--upstream", endpoint, "--", sys.executable, "client.py", "leaving", **KEYS)  # fmt: skip
    (root.home / "client.py").unlink()
    root.run("apitrail", "ca", "remove")
    root.install("uv", "tool", "uninstall", "-q", "apitrail")
    places = (
        ".apitrail",
        ".config/apitrail",
        ".cache/apitrail",
        ".local/share/uv",
        ".local/bin/env",
    )
    left = {name for name in root.files() if not name.startswith(places)}
    assert left == set()
