"""A server says when it takes connections, and ends in peace when asked."""

import os
import signal
import threading
import urllib.request

import pytest
from starlette.responses import PlainTextResponse

from apitrail.address import Address, listen
from apitrail.web import listener


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_answers_from_when_it_is_ready_until_a_signal_which_does_not_end_the_process(number):
    answers = []
    bound = listen(Address("127.0.0.1", 0))

    def ask():
        try:
            with urllib.request.urlopen(f"http://{Address.of(bound)}/", timeout=20) as answer:
                answers.append(answer.read())
        finally:
            os.kill(os.getpid(), number)

    client = threading.Thread(target=ask)
    ended = []
    listener.run(
        PlainTextResponse("here"), bound, ready=client.start, ending=lambda: ended.append(number)
    )
    client.join()
    assert (answers, ended) == ([b"here"], [number])
