"""The proxy that is preset: what of it can be used, and what is said where it cannot."""

from __future__ import annotations

import pytest

from apitrail.errors import UsageError
from apitrail.recording.clients.corporate_proxy import Corporate


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://proxy:3128", Corporate("http://proxy:3128")),
        ("proxy", Corporate("http://proxy:80")),
        ("https://proxy", Corporate("https://proxy:443")),
        ("http://a:b%20c@[::1]:1", Corporate("http://[::1]:1", "a:b c")),
    ],
)
def test_a_proxy_is_its_url_and_its_credentials(text: str, expected: Corporate) -> None:
    assert Corporate.parse(text) == expected


def test_the_lower_case_name_wins() -> None:
    found = Corporate.of({"https_proxy": "http://lower:1", "HTTPS_PROXY": "http://upper:1"})
    assert found == Corporate("http://lower:1")


def test_a_socks_proxy_is_told_by_the_variable_that_names_it() -> None:
    with pytest.raises(UsageError, match="socks5://proxy cannot be used") as told:
        Corporate.of({"ALL_PROXY": "socks5://user:secret@proxy:1080"})
    assert "the socks proxy of ALL_PROXY" in str(told.value.hint)
    assert "secret" not in f"{told.value} {told.value.hint}"
