"""S3's browser-based upload."""

from __future__ import annotations

import hashlib

from apitrail.aws.call import Blob
from aws.requests import SCOPE, call, named


def test_browser_upload_is_a_post_object():
    parts = {"key": "up/${filename}", "acl": "private", "X-Amz-Meta-Who": "me", "policy": "e30=",
             "x-amz-credential": SCOPE.format(region="eu-west-1", service="s3"),
             "x-amz-algorithm": "AWS4-HMAC-SHA256", "x-amz-signature": "00"}  # fmt: skip
    body = b"".join(
        f'--B\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in parts.items()
    )
    body += b'--B\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n'
    body += b"Content-Type: text/plain\r\n\r\nfile -- content\r\n--B--\r\n"

    found = call(
        "POST",
        "/",
        ("Content-Type", "multipart/form-data; boundary=B"),
        body=body,
        host="b.s3.amazonaws.com",
    )

    assert named(found) == ("s3", "PostObject")
    assert found.parameters == {
        "Bucket": "b",
        "Key": "up/${filename}",
        "ACL": "private",
        "Metadata": {"who": "me"},
        "Body": Blob(length=15, sha256=hashlib.sha256(b"file -- content").digest()),
    }
