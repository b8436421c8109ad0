"""Each command has a manual page in the package, and each shell its file."""

from __future__ import annotations

from pathlib import Path

import pytest

from apitrail.cli import apitrail
from apitrail.cli.manual import pages
from release import shared_data_hook

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    found = shared_data_hook.write(ROOT, tmp_path_factory.mktemp("made"))
    return {place: Path(path).read_text("utf-8") for path, place in found.items()}


def test_there_is_a_page_for_every_command(made):
    wanted = {f"share/man/man1/{name.replace(' ', '-')}.1" for name, _ in pages(apitrail, "apitrail")}  # fmt: skip
    assert {place for place in made if place.startswith("share/man")} == wanted
    assert made["share/man/man1/apitrail-events.1"].startswith('.TH "APITRAIL-EVENTS"')


@pytest.mark.parametrize(
    ("place", "first"),
    [
        ("share/bash-completion/completions/apitrail", "_apitrail_completion() {"),
        ("share/zsh/site-functions/_apitrail", "#compdef apitrail"),
        ("share/fish/vendor_completions.d/apitrail.fish", "function _apitrail_completion;"),
    ],
)
def test_each_shell_finds_its_file_where_it_looks(made, place, first):
    assert made[place].startswith(first)


def test_nothing_in_them_is_of_the_machine_that_made_them(made):
    told = [place for place, text in made.items() if str(Path.home()) in text or str(ROOT) in text]
    assert told == []
