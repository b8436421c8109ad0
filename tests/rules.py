"""Detection rules, ours but in the forms that others write theirs in: Sigma's, Panther's, jq's."""

# Sigma: name → the rule's detection, in the log source that its CloudTrail rules name.
SIGMA = {
    "logging stopped": """
  selection:
    eventSource: cloudtrail.amazonaws.com
    eventName: [StopLogging, DeleteTrail, UpdateTrail]
  condition: selection""",
    "administrator attached": """
  selection:
    eventSource: iam.amazonaws.com
    eventName|re: '^Attach(User|Role|Group)Policy$'
    requestParameters.policyArn|endswith: ':policy/AdministratorAccess'
  condition: selection""",
    "open to the world": """
  selection:
    eventSource: ec2.amazonaws.com
    eventName: AuthorizeSecurityGroupIngress
    requestParameters.ipPermissions.items.ipRanges.items.cidrIp|contains: '0.0.0.0/0'
  condition: selection""",
    "key for somebody else": """
  selection:
    eventName: CreateAccessKey
    requestParameters.userName|exists: true
    responseElements.accessKey.accessKeyId|startswith: AKIA
  filter:
    userIdentity.type: [AWSService, Root]
  condition: selection and not filter""",
    "denied": """
  selection:
    errorCode|contains: AccessDenied
  condition: selection""",
    "secret read from elsewhere": """
  selection:
    eventSource: secretsmanager.amazonaws.com
    eventName: getsecretvalue
    readOnly: true
  filter:
    sourceIPAddress|cidr: 10.0.0.0/8
  condition: selection and not filter""",
    "nothing like it": """
  selection:
    eventSource: guardduty.amazonaws.com
    eventName: DeleteDetector
    managementEvent: true
  condition: selection""",
}

# Panther: name → the body of a rule's module.
PANTHER = {
    "logging stopped": """
STOPPING = {"StopLogging", "DeleteTrail", "UpdateTrail"}

def rule(event):
    return event.get("eventName") in STOPPING and not event.get("errorCode")

def title(event):
    return f"{event.deep_get('userIdentity', 'accessKeyId')} did {event.get('eventName')}"
""",
    "administrator attached": """
def rule(event):
    arn = event.deep_get("requestParameters", "policyArn", default="")
    return event.get("eventName", "").startswith("Attach") and arn.endswith("AdministratorAccess")
""",
    "open to the world": """
def rule(event):
    if event.get("eventName") != "AuthorizeSecurityGroupIngress":
        return False
    permissions = event.deep_get("requestParameters", "ipPermissions", "items", default=[])
    return any(
        each.get("cidrIp") == "0.0.0.0/0"
        for permission in permissions
        for each in permission.get("ipRanges", {}).get("items", [])
    )
""",
    "key for somebody else": """
def rule(event):
    made = event.deep_get("responseElements", "accessKey", "userName")
    return event.get("eventName") == "CreateAccessKey" and made != event.deep_get(
        "userIdentity", "userName")
""",
    "denied": """
def rule(event):
    return event.get("errorCode") == "AccessDenied"

def alert_context(event):
    return {"bucket": event.deep_get("requestParameters", "bucketName"),
            "arns": [item["ARN"] for item in event.get("resources") or [] if "ARN" in item]}
""",
    "secret read from elsewhere": """
def rule(event):
    address = event.get("sourceIPAddress", "")
    return event.get("eventName") == "GetSecretValue" and not address.startswith("10.")
""",
    "nothing like it": """
def rule(event):
    return event.get("eventSource") == "guardduty.amazonaws.com"
""",
}

# What each rule finds in the story: the names of the events.
FOUND = {
    "logging stopped": ["StopLogging"],
    "administrator attached": ["AttachUserPolicy"],
    "open to the world": ["AuthorizeSecurityGroupIngress"],
    "key for somebody else": ["CreateAccessKey"],
    "denied": ["DeleteObject"],
    "secret read from elsewhere": ["GetSecretValue"],
    "nothing like it": [],
}

# jq, as it is asked of CloudTrail's log files: the filter, and its output in the story.
JQ = {
    '.Records[] | select(.errorCode=="AccessDenied") | .eventName': ["DeleteObject"],
    '.Records[] | select(.eventName=="StopLogging") | .requestParameters.name': ["audit"],
    '.Records[] | select(.userIdentity.type != "Root" and .readOnly == false) '
    "| select(.eventSource | startswith(\"iam\")) | .eventName": [
        "CreateUser", "CreateAccessKey", "CreatePolicy", "AttachUserPolicy",
    ],
    '[.Records[].eventSource] | group_by(.) | map({(.[0]): length}) | add | ."iam.amazonaws.com"': [
        4
    ],
    ".Records | map(.eventTime) | (. == sort) and all(test(\"^[0-9-]+T[0-9:]+Z$\"))": [True],
    '.Records[] | select(.eventName=="CreateAccessKey") | .responseElements.accessKey.userName': [
        "mallory"
    ],
    '.Records[] | select(any(.resources[]?; .ARN // "" | contains("evidence"))) | .eventName': [
        "CreateBucket", "PutObject", "DeleteObject",
    ],
}  # fmt: skip
