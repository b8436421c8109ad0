"""apitrail records calls to cloud APIs in a log that an auditor can check."""

__version__ = "0.1.0"
