"""What AWS's models know is known in CloudTrail's words."""

from apitrail.reading import vocabulary


def test_operations_have_cloudtrail_s_names():
    known = vocabulary.operations()
    assert ("lambda", "CreateFunction20150331") in known
    assert ("lambda", "CreateFunction") not in known
    assert ("monitoring", "PutMetricData") in known
    assert vocabulary.renamed()["listobjectsv2"] == "ListObjects"


def test_services_are_event_sources():
    assert {"iam.amazonaws.com", "monitoring.amazonaws.com"} <= vocabulary.event_sources()


def test_types_of_resources_are_those_of_the_service_that_is_named():
    assert "AWS::IAM::User" in vocabulary.known("resource_type", "AWS::iam::Usr")
    assert "AWS::SNS::Topic" in vocabulary.known("resource_type", "anything")


def test_nobody_knows_every_user():
    assert vocabulary.known("username", "alice") == frozenset()
