"""Live without scripts is a plain page of the newest calls."""

from __future__ import annotations


def test_it_has_the_newest_calls_of_a_filter_and_where_their_stream_goes_on(pages):
    page = pages.get("/live?event-name=GetUser")
    found = pages.get("/live.json?event-name=GetUser").json
    assert len(found["events"]) == 7
    assert found["command"] == "apitrail events --event-name GetUser --follow"
    assert f'data-stream="/live/events?event-name=GetUser&amp;after={found["last"]}"' in page.html
    assert "reload the page" in page.text


def test_words_are_added_and_taken_away_here(pages):
    assert (
        pages.get("/search?q=GetRole&page=/live").headers["location"] == "/live?event-name=GetRole"
    )
    assert (
        pages.get("/search?q=GetRole&page=//evil.example").headers["location"]
        == "/?event-name=GetRole"
    )
    assert "/live" in pages.get("/live?event-name=GetRole").links
