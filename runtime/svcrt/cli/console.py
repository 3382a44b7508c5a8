"""The Python prompt of `shell`: interactive with completion, or fed by a pipe or `-c`."""

import ast
import code
import sys
from typing import Any

from svcrt.cli.namespace import Mistake
from svcrt.errors import SvcError


class Console(code.InteractiveConsole):
    """A prompt that tells a failed call, or a name that is not there, in one line instead of a traceback.

    Attributes:
        failed: whether anything has failed so far.
    """

    def __init__(self, names: dict[str, Any]) -> None:
        """Args: names: what the prompt knows from the start."""
        super().__init__(names)
        self.failed = False

    def showtraceback(self) -> None:
        """Tell of the exception that is being handled."""
        self.failed = True
        error = sys.exc_info()[1]
        if isinstance(error, SvcError | Mistake):
            self.write(f"{type(error).__name__}: {error}\n")
        else:
            super().showtraceback()

    def showsyntaxerror(self, filename: str | None = None, **options: Any) -> None:
        """Tell of the syntax error that is being handled."""
        self.failed = True
        super().showsyntaxerror(filename, **options)

    def run_input(self) -> bool:
        """Run standard input line by line without prompts, going on after a failure. Tell whether all went well."""
        for line in sys.stdin:
            self.push(line.rstrip("\n"))
        # An empty line ends a block that the input left open.
        self.push("")
        return not self.failed

    def run_text(self, text: str) -> bool:
        """Run statements as if typed, showing what expressions give; stop at a failure. Tell whether all went well."""
        try:
            tree = ast.parse(text, "<command>")
        except SyntaxError:
            self.showsyntaxerror("<command>")
            return False
        for statement in tree.body:
            self.runcode(compile(ast.Interactive([statement]), "<command>", "single"))
            if self.failed:
                return False
        return True
