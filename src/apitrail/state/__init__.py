"""What is known of a resource: from the answers of calls, without I/O and without service models."""
