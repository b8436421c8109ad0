"""The search box: what words mean, by the log that is searched."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("typed", "state"),
    [
        ("service:iam -readonly CreateUser Mary*", "/?event-name=CreateUser&event-source=iam&resource-name=Mary*&read-only=false"),
        ("iam", "/?event-source=iam"),
        ("createuser", "/?event-name=CreateUser"),
        ("user1", "/?username=user1"),
        ("NoSuchEntity", "/?error=NoSuchEntity"),
        ("errors", "/?error=*"),
        ("target3", "/?resource-name=target3"),
        ("arget", "/?resource-name=*arget*"),
        ("build=1234", "/?label=build%3D1234"),
        ("10.0.0.3", "/?source-ip=10.0.0.3"),
        ("run:run-1 region:us-east-1", "/?region=us-east-1&run=run-1"),
        ("iam:Create*", "/?event-name=iam:Create*"),
        ("00000000-0000-0000-0000-000000000003", "/?event-id=00000000-0000-0000-0000-000000000003"),
        ("'Mary & co'", "/?resource-name=Mary%20%26%20co"),
        ("", "/"),
    ],
)  # fmt: skip
def test_words_become_a_filter_in_the_url(pages, typed, state):
    from urllib.parse import quote

    answer = pages.get(f"/search?q={quote(typed)}")
    assert (answer.status, answer.headers["location"]) == (303, state)


def test_they_are_added_to_what_is_shown(pages):
    answer = pages.get("/search?q=GetUser&event-name=GetRole&columns=time,event")
    assert (
        answer.headers["location"] == "/?event-name=GetRole&event-name=GetUser&columns=time,event"
    )
