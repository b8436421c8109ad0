"""Edges that speak HTTP: what stock tools ask CloudTrail and S3 for.

They know no SQL, and nothing about proxying.
"""
