"""A trail over HTTP, as AWS's own clients ask: CloudTrail's API and its bucket."""
