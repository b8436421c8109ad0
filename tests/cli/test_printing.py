"""Lines on stdout until nobody reads them any more."""

from apitrail.cli.printing import emit


def test_lines_are_printed_and_counted(capsys):
    assert emit(letter for letter in "ab") == 2
    assert capsys.readouterr().out == "a\nb\n"
