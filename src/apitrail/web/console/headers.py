"""What the console's answers tell a browser: load only ours, show in no frame, tell nobody."""

from __future__ import annotations

from collections.abc import Mapping

POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
EVERY: Mapping[str, str] = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
# A trail grows, and what it tells is nobody's but the reader's.
FRESH: Mapping[str, str] = {**EVERY, "Cache-Control": "no-store"}
KEPT: Mapping[str, str] = {**EVERY, "Cache-Control": "private, max-age=31536000, immutable"}
