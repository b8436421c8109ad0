"""Proofs made from a log, and proofs checked."""
