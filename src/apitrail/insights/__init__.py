"""Detectors of unusual activity: pure and deterministic, over calls in the order of their times."""
