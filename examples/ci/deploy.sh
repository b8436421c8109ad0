#!/bin/sh
# What the job in deploy.yaml runs: any program that calls AWS. It knows nothing of a recorder.
set -eu
aws sts get-caller-identity --query Arn --output text
aws s3api create-bucket --bucket "${BUCKET:-releases}" \
  --create-bucket-configuration "LocationConstraint=${AWS_REGION:-eu-central-1}" >/dev/null
echo "released" | aws s3 cp --quiet - "s3://${BUCKET:-releases}/current"
