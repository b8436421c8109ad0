"""The files that every page loads."""

from __future__ import annotations

import re
from importlib import resources

from apitrail.web.console import assets


def test_they_name_nothing_of_anybody_else():
    for name, asset in assets.load().items():
        hosts = set(re.findall(rb"https?://([^/\s\"']+)", asset.content))
        assert hosts <= {b"www.w3.org"}, name


def test_modules_import_only_modules_that_are_there():
    found = assets.load()
    for name, asset in found.items():
        if name.endswith(".js"):
            for other in re.findall(rb'from "\./([^"]+)"', asset.content):
                assert other.decode() in found


def test_a_change_of_one_is_another_version():
    found = dict(assets.load())
    before = assets.version(found)
    found["console.css"] = assets.Asset(b"", "text/css")
    assert assets.version(found) != before


def test_no_two_files_have_the_same_name():
    names = [
        each.name
        for package, folder in assets.FOLDERS
        for each in resources.files(package).joinpath(folder).iterdir()
        if each.name.endswith((".js", ".css", ".svg"))
    ]
    assert sorted(names) == sorted(assets.load())
    assert {"console.js", "verifier.js", "check.js"} <= {*names}
