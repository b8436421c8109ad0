"""Recordings as programs and files of other tools: aws-cli, boto3, curl, HAR."""
