"""Using a recording: sent again, played back, or written as a program."""
