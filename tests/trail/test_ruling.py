import pytest

from apitrail.errors import FormatError
from apitrail.trail import statements
from apitrail.trail.ruling import Ruling


def test_a_ruling_is_read_as_it_was_written():
    whole = Ruling(
        ticket="3f9a2c1b", step="approved", guard="careful", event="e", policy="ab",
        statement="First", action="s3:PutObject", caller="arn", same="cd", until=5, by="mary",
        name="Mary", road="console", reason="planned", stated="for notes",
    )  # fmt: skip
    for said in (whole, Ruling(ticket="t", step="asked", guard="g")):
        assert statements.read("decision", said.what()) == said
        assert statements.draft(said).kind == "decision"


@pytest.mark.parametrize("what", [{}, {"ticket": "t", "step": "asked"}, {"ticket": 1, "step": "asked", "guard": "g"}, {"ticket": "t", "step": "asked", "guard": "g", "until": True}, {"ticket": "t", "step": "asked", "guard": "g", "reason": 5}])  # fmt: skip
def test_what_no_recorder_writes_is_refused(what):
    with pytest.raises(FormatError, match="malformed decision"):
        statements.read("decision", what)
