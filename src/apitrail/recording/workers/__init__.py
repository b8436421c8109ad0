"""Proxy processes before one process that has the trail: `--workers N`."""
