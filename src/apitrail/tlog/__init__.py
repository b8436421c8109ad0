"""RFC 6962 Merkle trees in the C2SP formats: signed notes, checkpoints, tiles, proofs.

Nothing in here knows apitrail, JSON, files or clocks; it could be a package of its own.
"""
