"""What an answer shows: whole things, parts, absence; and what it does not."""

from __future__ import annotations

from apitrail.state.observation import Answer, Observation, observations


def seen(service: str, operation: str, parameters: dict, result=None, **more) -> list[Observation]:
    return list(
        observations(
            Answer(
                service=service, operation=operation, parameters=parameters, result=result, **more
            )
        )
    )


def test_each_item_of_a_list_is_a_thing_of_its_own() -> None:
    instances = [{"InstanceId": "i-1"}, {"InstanceId": "i-2"}]
    result = {"Reservations": [{"Instances": instances[:1]}, {"Instances": instances[1:]}]}
    found = seen("ec2", "DescribeInstances", {"Filters": []}, result)
    assert [(x.names, x.value) for x in found] == [
        (("i-1",), instances[0]),
        (("i-2",), instances[1]),
    ]


def test_a_part_is_named_by_the_request() -> None:
    [found] = seen("s3", "GetBucketPolicy", {"Bucket": "b"}, {"Policy": "{}"})
    assert (found.aspect, found.names, found.value) == ("BucketPolicy", ("b",), {"Policy": "{}"})


def test_parts_of_one_sort_are_told_apart() -> None:
    parameters = {"RoleName": "app", "PolicyName": "inline"}
    [found] = seen("iam", "GetRolePolicy", parameters, {"PolicyDocument": "{}"})
    assert (found.aspect, found.key) == ("RolePolicy", "inline")


def test_not_found_is_absence() -> None:
    [found] = seen("s3", "GetBucketPolicy", {"Bucket": "b"}, error="NoSuchBucketPolicy")
    assert found.value is None
    [found] = seen(
        "ec2",
        "DescribeSecurityGroups",
        {"GroupIds": ["sg-1"]},
        error="Client.InvalidGroup.NotFound",
    )
    assert (found.names, found.value) == (("sg-1",), None)


def test_a_refusal_says_nothing() -> None:
    for code in ("AccessDenied", "Client.UnauthorizedOperation", "Throttling", "InternalError"):
        assert seen("s3", "GetBucketPolicy", {"Bucket": "b"}, error=code) == []


def test_of_two_that_were_asked_for_it_is_not_known_which_is_absent() -> None:
    parameters = {"GroupIds": ["sg-1", "sg-2"]}
    assert seen("ec2", "DescribeSecurityGroups", parameters, error="InvalidGroup.NotFound") == []


def test_what_a_listing_does_not_show_is_not_absent() -> None:
    assert seen("ec2", "DescribeSecurityGroups", {"Filters": []}, {"SecurityGroups": []}) == []


def test_a_page_of_a_list_is_not_the_list() -> None:
    names, more = {"RoleName": "app"}, {"IsTruncated": True, "Marker": "x"}
    assert seen("iam", "ListAttachedRolePolicies", names, {"AttachedPolicies": [], **more}) == []
    last = {"RoleName": "app", "Marker": "x"}
    assert seen("iam", "ListAttachedRolePolicies", last, {"AttachedPolicies": []}) == []


def test_lists_that_were_asked_for_otherwise_are_other_lists() -> None:
    result = {"AttachedPolicies": [], "IsTruncated": False}
    [whole] = seen("iam", "ListAttachedRolePolicies", {"RoleName": "app", "MaxItems": 5}, result)
    [some] = seen(
        "iam", "ListAttachedRolePolicies", {"RoleName": "app", "PathPrefix": "/x"}, result
    )
    assert whole.subject != some.subject


def test_what_a_projection_leaves_out_is_not_absent() -> None:
    every = {"QueueUrl": "https://sqs/1/jobs", "AttributeNames": ["All"]}
    one = {**every, "AttributeNames": ["Policy"]}
    [whole] = seen("sqs", "GetQueueAttributes", every, {"Attributes": {"Policy": "{}", "a": "b"}})
    [part] = seen("sqs", "GetQueueAttributes", one, {"Attributes": {"Policy": "{}"}})
    assert whole.subject == part.subject
    assert whole.source != part.source


def test_the_same_name_elsewhere_is_another_thing() -> None:
    result = {"Table": {"TableName": "orders"}}
    subjects = {
        seen("dynamodb", "DescribeTable", {}, result, **place)[0].subject
        for place in (
            {"region": "eu-central-1"}, {"region": "us-east-1"}, {"account": "123456789012"},
            {"upstream": "http://127.0.0.1:5000"},
        )
    }  # fmt: skip
    assert len(subjects) == 4


def test_hosts_of_aws_are_one_place_and_so_are_the_regions_of_a_bucket() -> None:
    hosts = ("https://s3.eu-central-1.amazonaws.com", "https://b.s3.amazonaws.com:443")
    subjects = {
        seen("s3", "GetBucketTagging", {"Bucket": "b"}, {"TagSet": []}, upstream=host, region=region)[0].subject
        for host, region in zip(hosts, ("eu-central-1", "us-east-1"), strict=True)
    }  # fmt: skip
    assert len(subjects) == 1


def test_versions_of_a_function_and_of_a_parameter_are_told_apart() -> None:
    arn = "arn:aws:lambda:eu-central-1:123456789012:function:fn"
    functions = [
        {"FunctionName": "fn", "FunctionArn": f"{arn}{end}"}
        for end in (":$LATEST", ":1", ":live", "")
    ]
    found = seen("lambda", "ListFunctions", {"FunctionVersion": "ALL"}, {"Functions": functions})
    assert [each.key for each in found] == ["", "1", "live", ""]
    [latest] = seen(
        "lambda", "GetFunction", {"FunctionName": "fn"}, {"Configuration": functions[3]}
    )
    assert latest.subject == found[0].subject
    old = {"Parameter": {"Name": "/p", "Version": 1, "Selector": ":1"}}
    [selected] = seen("ssm", "GetParameter", {"Name": "/p:1"}, old)
    assert selected.key == ":1"
