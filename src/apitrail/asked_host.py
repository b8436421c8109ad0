"""Which requests a server on this machine refuses: those that a web page may have sent.

A page cannot choose its Host, so a name that is not ours is refused (DNS rebinding), and so is
whatever says that a page sent it. `serve` and `playback` share this rule.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping


def refusal(
    headers: Mapping[str, str], is_ours: Callable[[str], bool], *, own_pages: bool = False
) -> str | None:
    """Why a request with these headers (names in lower case) is refused; None where it is not.

    `own_pages` admits pages that this server itself sent, which it must then trust.
    """
    if not is_ours(headers.get("host", "")):
        return "This Host is not served; --host NAME admits it."
    if "origin" in headers and not (own_pages and _is_own(headers)):
        return "Web pages are not served."
    # A browser says of each request where the page is from that makes it; links may be followed.
    if (
        headers.get("sec-fetch-site") == "cross-site"
        and headers.get("sec-fetch-mode") != "navigate"
    ):
        return "Web pages are not served."
    return None


def _is_own(headers: Mapping[str, str]) -> bool:
    """The same host and port; its name is already known to be ours."""
    scheme, _, host = headers["origin"].partition("://")
    return scheme in ("http", "https") and host.lower() == headers["host"].lower()


def is_ours(host: str, names: frozenset[str]) -> bool:
    """An address cannot be rebound; a name must be known."""
    name = re.sub(r":\d+$", "", host).lower().rstrip(".")
    return name == "localhost" or name in names or _is_address(name.strip("[]"))


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
