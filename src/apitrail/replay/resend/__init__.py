"""Recorded calls sent again, to another endpoint."""
