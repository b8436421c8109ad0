"""Recorded answers served as an endpoint, offline."""
