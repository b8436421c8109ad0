"""The form in which questions are compared."""

from apitrail.replay.playback.request_key import Question

SECRET = f"redacted:hmac-sha256:a5663de7:{'v' * 43}:6"


def question(parameters, *, keyed=True, service="ec2", operation="RunInstances"):
    return Question.of(service, operation, parameters, keyed=keyed)


def test_tokens_and_checksums_do_not_count():
    first = question({"ImageId": "ami-1", "ClientToken": "a"})
    assert first.exact == question({"ClientToken": "b", "ImageId": "ami-1"}).exact


def test_times_do_not_count_where_nothing_else_fits():
    options = {"service": "cloudtrail", "operation": "LookupEvents"}
    one = question({"StartTime": "2026-01-01T00:00:00Z"}, **options)
    other = question({"StartTime": "2026-01-02T00:00:00Z"}, **options)
    assert one.exact != other.exact
    assert one.timeless == other.timeless


def test_without_the_key_only_a_secret_s_length_counts():
    other = SECRET.replace("v", "w")
    assert question({"UserData": SECRET}).exact != question({"UserData": other}).exact
    one = question({"UserData": SECRET}, keyed=False)
    assert one.exact == question({"UserData": other}, keyed=False).exact


def test_what_differs_is_said_by_place():
    one, other = question({"ImageId": "ami-1"}), question({"ImageId": "ami-2", "MinCount": 1})
    assert list(one.differs(other)) == [
        'ImageId is "ami-1" and was "ami-2"', "MinCount is absent and was 1",
    ]  # fmt: skip
