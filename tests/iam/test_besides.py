from apitrail.aws.call import Call
from apitrail.cloudtrail.resources.resource import Place
from apitrail.iam.besides import besides

PLACE = Place(partition="aws", region="eu-west-1", account="111122223333")
ROLE = "arn:aws:iam::111122223333:role/worker"
KEY = "arn:aws:kms:eu-west-1:111122223333:key/1"


def beside(service, operation, prefix=None, result=None, **parameters):
    call = Call(service=service, operation=operation, parameters=parameters, result=result)
    return list(
        dict.fromkeys(
            besides(call, prefix or service, PLACE, reads=operation.startswith(("Get", "List")))
        )
    )


def test_a_role_in_a_member_for_roles_is_passed():
    assert beside("lambda", "CreateFunction", Role=ROLE) == [("iam:PassRole", ROLE)]
    assert beside("ecs", "RunTask", overrides={"taskRoleArn": ROLE}) == [("iam:PassRole", ROLE)]


def test_a_role_that_is_assumed_or_only_named_is_not():
    assert beside("sts", "AssumeRole", RoleArn=ROLE) == []
    assert beside("eks", "CreateAccessEntry", principalArn=ROLE) == []


def test_an_instance_profile_passes_a_role_nobody_here_can_name():
    profile = {"Name": "worker"}
    assert beside("ec2", "RunInstances", IamInstanceProfile=profile) == [("iam:PassRole", None)]


def test_a_key_of_kms_is_used():
    stored = beside("s3", "PutObject", Bucket="b", Key="k", SSEKMSKeyId=KEY)
    assert stored == [("kms:GenerateDataKey", KEY)]


def test_the_key_in_the_answer_was_used_too():
    read = beside("s3", "GetObject", Bucket="b", Key="k", result={"SSEKMSKeyId": KEY})
    assert read == [("kms:Decrypt", KEY)]


def test_tags_on_what_is_made():
    assert beside("iam", "CreateRole", Tags=[{"Key": "a"}]) == [("iam:TagRole", None)]
    assert beside("sqs", "CreateQueue", tags={"a": "b"}) == [("sqs:TagQueue", None)]
    tagged = [{"ResourceType": "volume", "Tags": [{"Key": "a"}]}]
    assert beside("ec2", "CreateVolume", TagSpecifications=tagged) == [
        ("ec2:CreateTags", "arn:aws:ec2:eu-west-1:111122223333:volume/*")
    ]


def test_what_is_stored_with_an_object():
    found = beside("s3", "PutObject", Bucket="b", Key="k", ACL="public-read", Tagging="a=b")
    assert found == [
        ("s3:PutObjectAcl", "arn:aws:s3:::b/k"), ("s3:PutObjectTagging", "arn:aws:s3:::b/k"),
    ]  # fmt: skip


def test_a_source_whose_bucket_depends_on_the_reader_is_not_known():
    assert beside("s3", "CopyObject", Bucket="b", Key="k", CopySource="//a/k") == [
        ("s3:GetObject", None)
    ]
    assert beside("s3", "CopyObject", Bucket="b", Key="k", CopySource="/a%2Fk") == [
        ("s3:GetObject", "arn:aws:s3:::a/k")
    ]
