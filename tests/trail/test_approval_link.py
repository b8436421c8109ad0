import pytest

from apitrail.errors import UsageError
from apitrail.trail import approval_link

SECRET = bytes(32)
LINK = approval_link.make(SECRET, "3f9a2c1b", 1_000)


def test_a_link_names_its_ticket_until_it_is_over():
    assert approval_link.read(SECRET, LINK, 999) == "3f9a2c1b"
    with pytest.raises(UsageError, match="this link is over"):
        approval_link.read(SECRET, LINK, 1_000)


@pytest.mark.parametrize(
    "text",
    ["", "3f9a2c1b", LINK[:-1], LINK.replace("3f", "3e"), LINK.replace(".1000.", ".2000."),
     LINK.replace(".1000.", ".x."), LINK + "é", "ü." + LINK],
)  # fmt: skip
def test_no_other_text_is_a_link(text):
    with pytest.raises(UsageError, match="no approval link"):
        approval_link.read(SECRET, text, 0)


def test_another_log_does_not_take_it():
    with pytest.raises(UsageError, match="no approval link"):
        approval_link.read(bytes(31) + b"x", LINK, 0)
