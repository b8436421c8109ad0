"""Recorded answers served as an endpoint, offline.

It does not know how they were recorded, nor how a trail keeps them.
"""
