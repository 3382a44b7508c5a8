"""Exit codes: what a script may rely on."""

FINDINGS = 1
"""The input has mistakes, or what should be fresh is not."""
COULD_NOT_RUN = 2
"""Wrong usage, or the file system is in the way."""
INTERRUPTED = 130
"""Ctrl-C: 128 and the number of SIGINT, as shells have it."""
