"""The shell blocks of the docs are found, read and compared as they are meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from shapes import Shown
from shellblocks import LOOKS_LIKE_SHELL, MISNAMED, SHELL, blocks, pages

ROOT = Path(__file__).parents[2]
PAGE = """# A

<!-- prepare:
touch a
-->
<!-- exits 1 254 -->
```console
$ apitrail events \\
    --run last
TIME  ID
…
$ cat <<'X'
> one
> X
one
```

<!-- not run: needs an account -->
```sh
aws s3 ls
```

```sh
# only words
for i in 1 2
do echo $i
done
echo "a
b"
```
"""


def test_commands_are_read_with_what_they_are_said_to_print():
    console, aws, sh = blocks(PAGE)
    first, second = console.commands()
    assert (first.text, first.said) == ("apitrail events \\\n    --run last", "TIME  ID\n…")
    assert (second.text, second.said) == ("cat <<'X'\none\nX", "one")
    assert console.statuses == {0, 1, 254}
    assert console.prepare == "touch a"
    assert aws.not_run == "needs an account"
    assert [command.text for command in sh.commands()] == [
        "for i in 1 2\ndo echo $i\ndone",
        'echo "a\nb"',
    ]
    assert next(iter(sh.commands())).line == PAGE[: PAGE.index("for i")].count("\n") + 1


SAME = {
    "ids, times and widths": (
        "TIME      ID\n17:01:07  b6dec507",
        "TIME                 ID\n2026-11-27 08:00:00  0123abcd\n",
    ),
    "numbers and plurals": ("OK: 9 entries, 1 call in 486 ms", "OK: 1 entry, 5 calls in 1.2 s"),
    "wrapped lines": ("not authorized\nto perform", "not authorized to perform\n"),
    "what is left out": ("a\n  …\nz", "a\nb\nc\nz"),
    "part of a word": ("secret 4Wq…", "secret ZZtop"),
    "logs and paths": (
        "laptop/apitrail/b87a9084fc38abd4 in ~/.apitrail",
        "ci-7/apitrail/0123456789abcdef in /tmp/x/.apitrail",
    ),
}


@pytest.mark.parametrize(("said", "printed"), SAME.values(), ids=SAME)
def test_what_differs_from_run_to_run_does_not_count(said, printed):
    # "a time" alone is no moment with a date: the page shows what is printed to a pipe.
    printed = printed.replace("2026-11-27 08:00:00", "08:00:00")
    assert Shown().matches(said, printed)


@pytest.mark.parametrize(
    ("said", "printed"),
    [
        ("OK: 9 entries", "TAMPERED: 9 entries"),
        ("TIME  EVENT  ID", "TIME  ID"),
        ("a", "a\nb"),
        ("iam:CreateUser  ok", "iam:CreateUser  AccessDenied"),
        ("entry b6dec507", "entry none"),
    ],
)
def test_other_words_are_another_shape(said, printed):
    assert not Shown().matches(said, printed)


def test_ids_of_the_page_stand_for_those_that_were_printed():
    shown = Shown()
    assert shown.matches("ok  Mary  b6dec507", "ok  Mary  0123abcd")
    shown.prepared("made\nname sg-1a2b sg-99\n")
    assert shown.renamed("apitrail show b6dec507 sg-1a2b") == "apitrail show 0123abcd sg-99"


@pytest.mark.parametrize("page", pages(ROOT), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_shell_blocks_are_named_so_that_they_are_run(page):
    for block in blocks(page.read_text("utf-8")):
        where = f"{page.relative_to(ROOT)}:{block.line}"
        assert block.language not in MISNAMED, f"{where}: name it sh or console"
        if not block.language:
            assert not LOOKS_LIKE_SHELL.search(block.body), f"{where}: name it sh, console or text"
        if block.language in SHELL:
            assert block.not_run is None or len(block.not_run) > 10, (
                f"{where}: say why it is not run"
            )
