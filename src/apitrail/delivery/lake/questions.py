"""Questions that investigators ask of a lake or of a trail, in SQL that every engine takes.

The SQL is that of `apitrail sql`: the table is `events`, columns are named as in CloudTrail, and a
path into a field is a column. `{word}` is a value that the question needs (`NEEDS`), or a piece that
engines write differently (`dialects.py`).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from apitrail.errors import UsageError

# What a question may need → what it is, as the list of questions prints it.
NEEDS = {
    "key": "an access key id",
    "network": "a network such as 10.20.0.0/16, or several with commas",
    "principal": "an ARN, a user's name, or an access key id",
    "resource": "a name, an id or an ARN",
    "run": "the id of a run of `apitrail exec`",
    "seconds": "how long a gap is long",
    "secret": "a secret's or a parameter's name or ARN, or a part of it",
}
DEFAULTS = {"seconds": "3600"}
# Those whose place a text can show before they are known.
SHOWN = frozenset(NEEDS) - {"network", "seconds"}

# The columns that lists of calls give.
_CALL = (
    "eventTime, {caller} AS caller, eventSource, eventName, awsRegion, sourceIPAddress, errorCode"
)
_IN_ORDER = "ORDER BY eventTime, eventID"

# AWS's codes for "you may not" (IAM user guide and EC2's list of client errors).
_DENIED = (
    "'AccessDenied', 'AccessDeniedException', 'UnauthorizedOperation', "
    "'Client.UnauthorizedOperation', 'AuthorizationError', 'AuthorizationErrorException'"
)
# CIS AWS Foundations Benchmark, "IAM policy changes", with boundaries and trust policies.
_POLICY_CHANGES = """
    'AttachGroupPolicy', 'AttachRolePolicy', 'AttachUserPolicy', 'CreatePolicy',
    'CreatePolicyVersion', 'DeleteGroupPolicy', 'DeletePolicy', 'DeletePolicyVersion',
    'DeleteRolePermissionsBoundary', 'DeleteRolePolicy', 'DeleteUserPermissionsBoundary',
    'DeleteUserPolicy', 'DetachGroupPolicy', 'DetachRolePolicy', 'DetachUserPolicy',
    'PutGroupPolicy', 'PutRolePermissionsBoundary', 'PutRolePolicy',
    'PutUserPermissionsBoundary', 'PutUserPolicy', 'SetDefaultPolicyVersion',
    'UpdateAssumeRolePolicy'"""
# Requests that may open a bucket or an object, and what is in them when they do. A policy is open
# where its principal is everybody.
_OPENING = """
    'CreateBucket', 'PutAccountPublicAccessBlock', 'PutBucketAcl', 'PutBucketPolicy',
    'PutBucketPublicAccessBlock', 'PutObject', 'PutObjectAcl'"""
_OPEN = (
    "AllUsers", "AuthenticatedUsers", "public-read", '"Principal":"*"', '"Principal":{"AWS":"*"',
    '"Principal":{"AWS":["*"',    '"RestrictPublicBuckets":false', '"BlockPublicAcls":false', '"BlockPublicPolicy":false',
    '"IgnorePublicAcls":false',
)  # fmt: skip
_HOLDS_OPEN = " OR ".join(f"instr(requestParameters, '{text}') > 0" for text in _OPEN)


@dataclass(frozen=True, slots=True)
class Question:
    """One question: its name, in words, in SQL, and the values that it needs."""

    name: str
    words: str
    sql: str
    needs: tuple[str, ...] = ()

    def values(self, given: Mapping[str, str]) -> dict[str, str]:
        """The values it needs.

        Raises:
            UsageError: one is missing, or it needs no such value.
        """
        known = {name: DEFAULTS[name] for name in self.needs if name in DEFAULTS} | dict(given)
        for name in self.needs:
            if not known.get(name):
                raise UsageError(
                    f"{self.name} needs a {name}", hint=f"--set {name}=…: {NEEDS[name]}"
                )
        if strange := sorted(set(given) - set(self.needs)):
            needed = ", ".join(self.needs) or "nothing"
            raise UsageError(f"{self.name} needs no {strange[0]!r}", hint=f"it needs {needed}")
        return known


def _q(name: str, words: str, sql: str, *needs: str) -> Question:
    return Question(name, words, sql.strip(), needs)


QUESTIONS = (
    _q("root-use", "What did the root user do?", f"""
SELECT {_CALL} FROM events
WHERE {{during}} AND userIdentity.type = 'Root' AND userIdentity.invokedBy IS NULL
{_IN_ORDER}"""),
    _q("key-made", "Who made this access key, and for whom?", f"""
SELECT {_CALL}, responseElements.accessKey.userName AS made_for FROM events
WHERE {{during}} AND eventName = 'CreateAccessKey'
  AND responseElements.accessKey.accessKeyId = {{key}}
{_IN_ORDER}""", "key"),
    _q("key-used", "What was done with this access key?", f"""
SELECT {_CALL} FROM events
WHERE {{during}} AND userIdentity.accessKeyId = {{key}}
{_IN_ORDER}""", "key"),
    _q("principal-did", "What did this principal do?", f"""
SELECT {_CALL} FROM events
WHERE {{during}} AND (userIdentity.arn = {{principal}} OR username = {{principal}}
  OR userIdentity.accessKeyId = {{principal}})
{_IN_ORDER}""", "principal"),
    _q("denied-by-caller", "Who was refused, what, and how often?", f"""
SELECT {{caller}} AS caller, eventSource, eventName, count(*) AS refused,
  min(eventTime) AS first, max(eventTime) AS last FROM events
WHERE {{during}} AND errorCode IN ({_DENIED})
GROUP BY 1, 2, 3
ORDER BY refused DESC, caller, eventSource, eventName"""),
    # The first moments are found before anything is sorted.
    _q("region-first-used", "When was each region first used, by whom?", """
SELECT awsRegion, eventTime, caller, eventSource, eventName, calls FROM (
  SELECT awsRegion, eventTime, {caller} AS caller, eventSource, eventName, calls,
    row_number() OVER (PARTITION BY awsRegion ORDER BY eventID) AS place
  FROM events JOIN (
    SELECT awsRegion AS region, min(eventTime) AS began, count(*) AS calls FROM events
    WHERE {during} AND awsRegion IS NOT NULL GROUP BY 1) AS used
  ON awsRegion = region AND eventTime = began
  WHERE {during}) AS ranked
WHERE place = 1
ORDER BY eventTime, awsRegion"""),
    _q("console-logins", "Who signed in to the console, from where, with MFA?", f"""
SELECT eventTime, {{caller}} AS caller, sourceIPAddress,
  responseElements.ConsoleLogin AS outcome, additionalEventData.MFAUsed AS mfa, errorMessage
FROM events
WHERE {{during}} AND eventName = 'ConsoleLogin'
{_IN_ORDER}"""),
    _q("secret-read", "Who read this secret or parameter?", f"""
SELECT {_CALL} FROM events
WHERE {{during}} AND eventName IN ('BatchGetSecretValue', 'GetParameter', 'GetParameterHistory',
    'GetParameters', 'GetParametersByPath', 'GetSecretValue')
  AND instr(requestParameters, {{secret}}) > 0
{_IN_ORDER}""", "secret"),
    _q("policy-changes", "Who changed IAM's policies?", f"""
SELECT {_CALL}, requestParameters AS asked FROM events
WHERE {{during}} AND eventSource = 'iam.amazonaws.com' AND eventName IN ({_POLICY_CHANGES})
{_IN_ORDER}"""),
    _q("top-talkers", "Who calls most?", """
SELECT {caller} AS caller, count(*) AS calls, count(errorCode) AS failed,
  count(DISTINCT eventName) AS operations FROM events
WHERE {during}
GROUP BY 1
ORDER BY calls DESC, caller
LIMIT 20"""),
    _q("errors-by-hour", "How many calls failed, hour by hour?", """
SELECT hour, calls, failed,
  CAST((100 * failed - (100 * failed) % calls) / calls AS INTEGER) AS percent FROM (
  SELECT {hour} AS hour, count(*) AS calls, count(errorCode) AS failed
  FROM events WHERE {during} GROUP BY 1) AS hours
ORDER BY hour"""),
    _q("calls-from-outside", "Who calls from outside our networks?", """
SELECT sourceIPAddress, {caller} AS caller, count(*) AS calls,
  min(eventTime) AS first, max(eventTime) AS last FROM events
WHERE {during} AND {outside}
GROUP BY 1, 2
ORDER BY calls DESC, sourceIPAddress, caller""", "network"),
    _q("resource-story", "Which calls named this resource?", f"""
SELECT {_CALL} FROM events
WHERE {{during}} AND (instr(requestParameters, {{resource}}) > 0
  OR instr(responseElements, {{resource}}) > 0 OR instr(resources, {{resource}}) > 0)
{_IN_ORDER}""", "resource"),
    _q("run-did", "What did this run do?", f"""
SELECT {_CALL}, operator FROM events
WHERE {{during}} AND run = {{run}}
{_IN_ORDER}""", "run"),
    _q("trail-changes", "Who changed CloudTrail itself?", f"""
SELECT {_CALL}, requestParameters AS asked FROM events
WHERE {{during}} AND eventSource = 'cloudtrail.amazonaws.com' AND NOT readOnly
{_IN_ORDER}"""),
    _q("groups-opened", "Which security groups were opened to everybody?", f"""
SELECT eventTime, {{caller}} AS caller, eventName, requestParameters.groupId AS group_id, awsRegion
FROM events
WHERE {{during}} AND errorCode IS NULL
  AND eventName IN ('AuthorizeSecurityGroupIngress', 'ModifySecurityGroupRules')
  AND (instr(requestParameters, '"0.0.0.0/0"') > 0 OR instr(requestParameters, '"::/0"') > 0)
{_IN_ORDER}"""),
    _q("buckets-opened", "Which buckets or objects may have been made public?", f"""
SELECT eventTime, {{caller}} AS caller, eventName, requestParameters.bucketName AS bucket,
  requestParameters.key AS object FROM events
WHERE {{during}} AND errorCode IS NULL AND (
  eventName IN ('DeleteAccountPublicAccessBlock', 'DeleteBucketPublicAccessBlock')
  OR (eventName IN ({_OPENING}) AND ({_HOLDS_OPEN})))
{_IN_ORDER}"""),
    _q("roles-across-accounts", "Who took a role of another account?", f"""
SELECT eventTime, {{caller}} AS caller, userIdentity.accountId AS account,
  requestParameters.roleArn AS role, errorCode FROM events
WHERE {{during}} AND eventName = 'AssumeRole' AND coalesce(userIdentity.type, '') <> 'AWSService'
  AND instr(requestParameters.roleArn, '::' || coalesce(userIdentity.accountId, '-') || ':role/') = 0
{_IN_ORDER}"""),
    _q("deletions", "What was deleted?", f"""
SELECT {_CALL}, requestParameters AS asked FROM events
WHERE {{during}} AND errorCode IS NULL AND NOT readOnly AND (
  substr(eventName, 1, 6) = 'Delete' OR substr(eventName, 1, 9) = 'Terminate'
  OR eventName IN ('BatchDeleteImage', 'BatchWriteItem', 'PurgeQueue', 'ReleaseAddress', 'ScheduleKeyDeletion'))
{_IN_ORDER}"""),
    # Two calls with such a gap between them are in two spans of that length: so few rows are sorted.
    _q("caller-gaps", "Which caller was silent for long, and when did it come back?", """
SELECT caller, silent_from, silent_to, silent_for FROM (
  SELECT caller, oldest AS silent_to, row_number() OVER (PARTITION BY caller ORDER BY span) AS place,
    lag(newest) OVER (PARTITION BY caller ORDER BY span) AS silent_from,
    began - lag(ended) OVER (PARTITION BY caller ORDER BY span) AS silent_for FROM (
    SELECT {caller} AS caller, {unix} - {unix} % {seconds} AS span, min(eventTime) AS oldest,
      max(eventTime) AS newest, min({unix}) AS began, max({unix}) AS ended
    FROM events WHERE {during} GROUP BY 1, 2) AS spans) AS gaps
WHERE place > 1 AND silent_for >= {seconds}
ORDER BY silent_for DESC, caller, silent_to""", "seconds"),
)  # fmt: skip


def named(name: str) -> Question:
    """The question of this name; raises UsageError where there is none."""
    for each in QUESTIONS:
        if each.name == name:
            return each
    raise UsageError(
        f"no question is called {name!r}", hint=_like(name, [q.name for q in QUESTIONS])
    )


def _like(name: str, names: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(names), n=1)
    return f"did you mean {near[0]}?" if near else "apitrail lake questions"
