"""The reference of all commands."""

from pathlib import Path

from apitrail.cli import COMMANDS, reference

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"


def test_the_page_is_what_the_commands_say():
    assert PAGE.read_text("utf-8") == reference.markdown(), "`make docs` writes it again"


def test_it_has_every_command():
    page = reference.markdown()
    for name in COMMANDS:
        assert f"## apitrail {name}\n" in page


def test_it_names_no_path_of_this_machine():
    assert str(Path.home()) not in reference.markdown()
