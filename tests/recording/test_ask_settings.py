import pytest

from apitrail.errors import UsageError
from apitrail.recording.ask_settings import Approvals, Asking


@pytest.mark.parametrize(
    ("text", "waits", "seconds"),
    [("wait", True, 120), ("wait=30s", True, 30), ("ticket", False, 3600), ("ticket=8h", False, 28800)],
)  # fmt: skip
def test_how_to_ask(text, waits, seconds):
    found = Asking.parse(text)
    assert (found.waits, found.seconds) == (waits, seconds)
    assert Asking.parse(str(found)) == found


@pytest.mark.parametrize("text", ["", "always", "wait=", "wait=0s", "ticket=30d", "wait=soon"])
def test_another_way_to_ask_is_refused(text):
    with pytest.raises(UsageError) as refused:
        Asking.parse(text)
    assert refused.value.hint


def test_the_table_of_the_configuration(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("0123456789abcdef\n")
    secret.chmod(0o600)
    found = Approvals.parse(
        {"held": 5, "webhook": "https://example.com/x", "secret": "secret", "link": "http://h:1/"},
        tmp_path,
    )
    assert (found.held, found.link, found.key()) == (5, "http://h:1", b"0123456789abcdef")
    for bad in (
        [], {"held": 0}, {"held": True}, {"webhook": "ftp://x", "secret": "secret"}, {"link": 5},
        {"webhook": "https://x"}, {"colour": 1}, {"webhook": "https://x", "secret": 5},
        {"webhook": "https://u:p@x", "secret": "secret"}, {"webhook": "https://x", "secret": "no"},
    ):  # fmt: skip
        with pytest.raises(UsageError):
            Approvals.parse(bad, tmp_path)
    secret.write_text("short")
    with pytest.raises(UsageError, match="too short"):
        Approvals.parse({"webhook": "https://x", "secret": "secret"}, tmp_path)
