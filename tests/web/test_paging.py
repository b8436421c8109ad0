from __future__ import annotations

import pytest

from apitrail.web.api_error import Fault
from apitrail.web.paging import before, digest, most, token


def test_a_token_is_of_its_question_alone():
    asked = digest({"a": 1, "MaxResults": 5})
    assert asked == digest({"a": 1, "NextToken": "x"})
    assert before(token(77, asked), asked) == 77
    for wrong, question in ((token(77, asked), digest({"a": 2})), ("no token", asked)):
        with pytest.raises(Fault) as caught:
            before(wrong, question)
        assert caught.value.code == "InvalidNextTokenException"


def test_pages_are_as_long_as_asked_within_bounds():
    assert (most({}, 50), most({"MaxResults": 3}, 50)) == (50, 3)
    with pytest.raises(Fault, match="from 1 to 50"):
        most({"MaxResults": 51}, 50)
