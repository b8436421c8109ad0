"""The resources a call touches, by ARN, type and name."""
