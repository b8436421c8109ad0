"""What of a call IAM may look at: calls that are equal in it ask for the same actions.

Calls differ most in what IAM has no interest in: items, messages, times, tokens, pages.
`tests/policy/test_weighed.py` holds the members named here against every operation.
"""

from __future__ import annotations

import re

from apitrail.codec import Json, Object
from apitrail.iam.context_keys import MEMBERS as ASKED_FOR

# Members that hold a customer's data (API references of each service); a blob is none either,
# wherever it is.
_DATA = {
    "dynamodb": frozenset({
        "AttributeUpdates", "ExclusiveStartKey", "Expected", "ExpressionAttributeValues", "Item",
        "Key", "KeyConditions", "Keys", "QueryFilter", "ScanFilter",
    }),
    "s3": frozenset({"ContentLength", "ContentMD5", "Range"}),
    "sqs": frozenset({"MessageBody", "ReceiptHandle"}),
}  # fmt: skip
_NONE: frozenset[str] = frozenset()
_BLOB: Object = {}
# Services whose answers may name a key of KMS at their top (botocore's models; `conformance` compares).
KEYED = frozenset({
    "amp", "appconfig", "appflow", "appintegrations", "athena", "bedrock", "bedrock-agentcore",
    "bedrock-agentcore-control", "cleanroomsml", "cloudtrail", "cloudwatch", "cloudwatchomni",
    "codecommit", "connecthealth", "datasync", "datazone", "deadline", "devops-agent", "ebs",
    "ec2", "efs", "events", "frauddetector", "glue", "groundstation", "inspector2", "iot",
    "iot-managed-integrations", "iotfleetwise", "iotsitewise", "lambda", "lambda-web",
    "location", "logs", "lookoutequipment", "m2", "mailmanager", "neptune-graph", "opensearch",
    "pipes", "rds", "redshift", "rekognition", "repostspace", "s3", "s3files", "sagemaker",
    "sagemaker-geospatial", "scheduler", "secretsmanager", "securityagent", "securityhub",
    "simpledbv2", "textract", "timestream-influxdb", "workmail",
})  # fmt: skip
# Members that hold tags, whose values can be asked for, and those whose members are names of tables.
_TAGGED = frozenset({
    "CreateBucketConfiguration", "TagList", "TagSet", "TagSpecifications", "Tagging", "Tags", "tagList",
    "tagSet", "tags",
})  # fmt: skip
_NAMING = frozenset({"RequestItems"})

# Members that name nothing, in whatever service: pages, tokens that make a call count once, and what is
# sent on. What a text in them spells out, such as an ARN, counts all the same.
_SENT = frozenset({
    "ClientRequestToken", "ClientToken", "Cursor", "Detail", "IdempotencyToken", "Marker", "Message",
    "MessageBody", "MessageDeduplicationId", "NextToken", "PartitionKey", "SequenceNumber", "SequenceToken",
    "ShardIterator", "Subject", "clientRequestToken", "clientToken", "idempotencyToken", "input", "message",
    "nextToken", "sequenceToken",
})  # fmt: skip
# Times, as JSON has them, in members that are named for it.
_TIMED = re.compile(r"\w*([tT]ime|[dD]ate|[tT]imestamp)")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)")
# A text of these does not spell anything out: no ARN, URL, profile of an instance or id.
_SPELLED = re.compile(r"arn:|https?:|instance-profile/|[a-z]-[0-9a-f]+\Z")


def weighed(service: str | None, asked: Object) -> Object:
    """The parameters that matter; a text that does not is None."""
    return _members(asked, _DATA.get(service or "", _NONE))


def answered(result: Object | None) -> Object | None:
    """What of an answer matters: the keys of KMS that it names."""
    if not result:
        return None
    return {name: each for name, each in result.items() if "kms" in name.lower()} or None


def _members(asked: Object, data: frozenset[str]) -> Object:
    if len(asked) == 2 and "sha256" in asked and "length" in asked:
        return _BLOB
    return {
        name: _text(name, each) if type(each) is str else _value(name, each, data)
        for name, each in asked.items()
        if name not in data
    }


def _value(name: str, value: Json, data: frozenset[str]) -> Json:
    if isinstance(value, dict):
        if name in _NAMING:  # the names of its members are a customer's
            return {key: _value("", each, data) for key, each in value.items()}
        return value if name in _TAGGED else _members(value, data)
    if isinstance(value, list):
        if name in _TAGGED:
            return value
        return [each if type(each) is str else _value("", each, data) for each in value]
    # Numbers say how many or how long; only whether it is none may matter, unless they are asked for.
    return value if type(value) not in (int, float) or name in ASKED_FOR else value != 0


def _text(name: str, text: str) -> str | None:
    if name in _SENT:
        return text if _SPELLED.search(text) else None
    if text[:2] in ("19", "20") and _TIMED.fullmatch(name) and _TIME.fullmatch(text):
        return None
    return text
