"""Recordings as programs and files of other tools: aws-cli, boto3, curl, HAR.

It does not know how calls were recorded, and runs nothing.
"""
