"""Results written as JSON and XML, by the model's shapes."""

from datetime import UTC, datetime

from apitrail.aws import models
from apitrail.replay.playback import result_writer

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


def shape(service, operation):
    return models.operation(service, operation).output_shape


def test_json_has_bytes_as_base64_and_times_as_numbers():
    keys = shape("kms", "DescribeKey").members["KeyMetadata"]
    assert result_writer.json_tree(keys, {"CreationDate": NOON}) == {
        "CreationDate": result_writer.seconds(NOON)
    }
    data = shape("kms", "Encrypt").members["CiphertextBlob"]
    assert result_writer.json_tree(data, b"abc") == "YWJj"


def test_xml_has_members_and_escapes():
    users = shape("iam", "ListUsers")
    text = result_writer.xml_members(users, {"Users": [{"UserName": "a<b"}], "IsTruncated": False})
    assert "<Users><member><UserName>a&lt;b</UserName></member></Users>" in text
    assert "<IsTruncated>false</IsTruncated>" in text


def test_times_have_the_form_that_is_asked_for():
    assert result_writer.time_text(NOON, "iso8601").startswith("2026-11-26T12:00:00")
    assert result_writer.time_text(NOON, "rfc822") == "Thu, 26 Nov 2026 12:00:00 GMT"
