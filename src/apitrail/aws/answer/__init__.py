"""What a response says: a result or an error."""
