"""`apitrail key`, `erase`, `prune` and `recover`."""

from apitrail.trail.keys import Keys


def test_a_key_is_made_once_and_shown(cli, tmp_path):
    home = tmp_path / "new"
    home.mkdir(mode=0o700)
    status, made, _ = cli("key", "generate", on=home)
    assert status == 0
    status, shown, _ = cli("key", "show", on=home)
    assert (status, shown) == (0, made)
    assert shown.strip() == str(Keys.of(home).signer().verifier)
    assert cli("key", "generate", on=home)[0] == 2


def test_erasing_an_event_that_there_is_not_is_refused(cli):
    status, _, err = cli("erase", "ffff", "--yes")
    assert status == 2
    assert "no event 'ffff'" in err
