"""Scripts of curl commands."""

from apitrail.replay.scripts import curl
from apitrail.replay.scripts.steps import tell
from studio import REGION, recorded


def script(**fields):
    story = tell([recorded(region=REGION, **fields)], linked=False)
    return "\n".join(curl.lines(story))


def test_a_call_is_complete_in_itself():
    text = script(service="iam", operation="GetUser", parameters={"UserName": "mary"})
    [command] = [line for line in text.splitlines() if line.startswith("call iam")]
    assert "-X POST" in command
    assert "Action=GetUser" in command
    assert "UserName=mary" in command
    assert "--aws-sigv4" in text


def test_a_protocol_without_text_is_said():
    text = script(service="dynamodb", operation="ListTables", parameters={}, error="X")
    assert "was refused with X" in text


def test_dots_in_a_path_are_sent_as_they_are():
    text = script(
        service="s3", operation="DeleteObject", parameters={"Bucket": "b", "Key": "a/../c"}
    )
    assert "--path-as-is" in text
    assert "/b/a/../c" in text
