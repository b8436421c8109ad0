"""What a request says that a policy's condition can ask for, if all calls say the same.

A condition denies where AWS does not know its key. So only keys count that the service authorization
reference lists for the action, or for the action on this kind of resource.
"""

from __future__ import annotations

from collections.abc import Iterator

from apitrail.iam import known_actions
from apitrail.iam.action import Action

# Key, in lower case → as IAM writes it. Others that a request tells, such as a page's size or an
# object's version, are no reason to let a call pass or not.
SPELLED = {
    "ec2:instancetype": "ec2:InstanceType",
    "s3:prefix": "s3:prefix",
    "s3:x-amz-acl": "s3:x-amz-acl",
    "s3:x-amz-server-side-encryption": "s3:x-amz-server-side-encryption",
    "s3:x-amz-server-side-encryption-aws-kms-key-id": "s3:x-amz-server-side-encryption-aws-kms-key-id",
    "s3:x-amz-storage-class": "s3:x-amz-storage-class",
}
_TAG = "aws:requesttag/"


def shareable(action: Action, resource: str) -> Iterator[tuple[str, str]]:
    """The keys and values of one action of a call on one resource."""
    if not action.keys or (listed := known_actions.listed(action.name)) is None:
        return
    known = listed.keys.union(*(kind.keys for kind in listed.kinds if kind.fits(resource)))
    for key, values in action.keys.items():
        if len(values) != 1 or not values[0]:
            continue
        if (key in SPELLED and key in known) or (
            key.startswith(_TAG) and "aws:requesttag" in known and action.service != "ec2"
        ):
            yield key, values[0]


def spelled(key: str) -> str:
    """As policies write it."""
    return SPELLED.get(key) or key.replace(_TAG, "aws:RequestTag/", 1)
