"""Recorded calls sent again, to another endpoint.

It does not know how they were recorded, nor how a trail keeps them.
"""
