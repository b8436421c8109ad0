import pytest

from apitrail.errors import UsageError
from apitrail.recording.ask_settings import Asking


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
