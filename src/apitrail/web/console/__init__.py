"""The console: a trail as pages for people, at `apitrail serve`."""
