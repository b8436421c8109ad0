"""The reference of all commands."""

import subprocess
import sys
from pathlib import Path

import pytest

from apitrail.cli import COMMANDS

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"


def test_the_page_is_what_the_commands_say(tmp_path):
    made = tmp_path / "cli.md"
    # A process of its own: click remembers how help was asked for.
    subprocess.run([sys.executable, "-m", "apitrail.cli.reference", made], check=True)
    assert PAGE.read_text("utf-8") == made.read_text("utf-8"), "`make docs` writes it again"


@pytest.mark.parametrize("name", COMMANDS)
def test_it_has_every_command(name):
    assert f"## apitrail {name}\n" in PAGE.read_text("utf-8")


def test_it_names_no_path_of_a_machine():
    assert str(Path.home()) not in PAGE.read_text("utf-8")
