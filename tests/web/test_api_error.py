"""Errors as CloudTrail's API tells them."""

from apitrail.web.api_error import Fault


def test_an_error_has_the_exception_s_name_and_a_message():
    fault = Fault("TrailNotFoundException", "No such trail.")
    assert fault.to_json() == {"__type": "TrailNotFoundException", "message": "No such trail."}
    assert (fault.code, fault.status) == ("TrailNotFoundException", 400)
    assert Fault("RequestEntityTooLargeException", "", status=413).status == 413
