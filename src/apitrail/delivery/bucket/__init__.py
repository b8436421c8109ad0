"""Log files, digests and checkpoints in an S3 bucket under Object Lock."""
