"""Which service and operation a request calls."""
