"""A boto3 program as anybody would write it: nothing in it knows that it is recorded.

Against AWS, with your own credentials:

    apitrail exec --label purpose=invoices -- python invoices.py my-bucket

Against a stand-in (LocalStack, moto, MinIO):

    apitrail exec --upstream http://localhost:4566 -- python invoices.py my-bucket

What it did:

    apitrail events --run last
"""

from __future__ import annotations

import sys

import boto3
from botocore.exceptions import ClientError


def main(bucket: str) -> None:
    """Write an invoice, read it back, and ask for one that is not there."""
    s3 = boto3.client("s3")
    s3.create_bucket(
        Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": s3.meta.region_name}
    )
    s3.put_object(Bucket=bucket, Key="2026/11.txt", Body=b"paid")
    print(s3.get_object(Bucket=bucket, Key="2026/11.txt")["Body"].read().decode())
    try:
        s3.get_object(Bucket=bucket, Key="2026/12.txt")
    except ClientError as error:
        print(error.response["Error"]["Code"])


if __name__ == "__main__":
    main(sys.argv[1])
