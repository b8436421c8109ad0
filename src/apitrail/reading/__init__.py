"""Asking a trail or a bundle: lists, single events, a resource's history, SQL."""
