"""A trail: the directory that holds the log, with one writer and any number of readers.

Nothing in here knows AWS, HTTP or mitmproxy, nor where keys and the clock come from.
"""
