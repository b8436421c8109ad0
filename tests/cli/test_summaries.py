"""The list of commands says what each says of itself, and loads none of them."""

from __future__ import annotations

import inspect
import subprocess
import sys

import click
import pytest

from apitrail.cli import COMMANDS, apitrail
from apitrail.cli.summaries import SUMMARIES


def test_each_command_has_its_own_first_sentences():
    context = click.Context(apitrail)
    said = {name: apitrail.get_command(context, name).help for name in COMMANDS}
    first = {name: inspect.cleandoc(text).split("\n\n")[0] for name, text in said.items()}
    assert {name: " ".join(text.split()) for name, text in first.items()} == SUMMARIES
    assert [*SUMMARIES] == [*COMMANDS]


@pytest.mark.parametrize("asked", ["run(['--help'])", "run([])", "apitrail.shell_complete(c, 'e')"])
def test_commands_are_listed_without_being_loaded(asked):
    code = (
        "import sys, click\n"
        "from apitrail.__main__ import run\n"
        "from apitrail.cli import COMMANDS, apitrail\n"
        "c = click.Context(apitrail)\n"
        f"{asked}\n"
        "modules = {f'apitrail.cli.{at.partition(\":\")[0]}' for at in COMMANDS.values()}\n"
        "print(modules & {*sys.modules}, file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "set()\n"
