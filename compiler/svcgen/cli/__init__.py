"""The command line: reads arguments, prints, and chooses exit codes. Nothing else in svcgen does."""

from svcgen.cli.program import main

__all__ = ["main"]
