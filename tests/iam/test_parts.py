from apitrail.aws.call import Call
from apitrail.iam.parts import parts


def named(service, operation, name, **parameters):
    call = Call(service=service, operation=operation, parameters=parameters)
    return [each for each, _ in parts(call, name)]


def test_versions_of_objects_have_actions_of_their_own():
    objects = {"Objects": [{"Key": "a"}, {"Key": "b", "VersionId": "1"}]}
    call = Call(service="s3", operation="DeleteObjects", parameters={"Delete": objects})
    found = dict(parts(call, "s3:DeleteObject"))
    assert found["s3:DeleteObject"].parameters == {"Delete": {"Objects": [{"Key": "a"}]}}
    assert found["s3:DeleteObjectVersion"].parameters["Delete"]["Objects"][0]["Key"] == "b"
    assert named("s3", "GetObject", "s3:GetObject", VersionId="1") == ["s3:GetObjectVersion"]
    assert named("s3", "GetObject", "s3:GetObject", Key="a") == ["s3:GetObject"]


def test_a_statement_of_partiql_asks_by_its_verb():
    statements = [{"Statement": "SELECT * FROM a"}, {"Statement": "delete from b"}]
    found = named("dynamodb", "BatchExecuteStatement", "x", Statements=statements)
    assert found == ["dynamodb:PartiQLSelect", "dynamodb:PartiQLDelete"]
    # What cannot be told writes.
    assert named("dynamodb", "ExecuteStatement", "x", Statement="?") == ["dynamodb:PartiQLUpdate"]


def test_a_timestream_query_may_unload():
    assert named("timestream-query", "Query", "x", QueryString="SELECT 1") == ["timestream:Select"]
    unload = named("timestream-query", "Query", "x", QueryString="UNLOAD (SELECT 1) TO 's3://b'")
    assert unload == ["timestream:Unload"]
