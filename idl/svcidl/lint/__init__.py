"""The linter: what a contract may say but had better not. Rules are data; `svcidl.lint.rules` lists them."""

from svcidl.lint.config import DEFAULT, Choice, LintConfig, UnknownRule, configure
from svcidl.lint.run import lint

__all__ = ["DEFAULT", "Choice", "LintConfig", "UnknownRule", "configure", "lint"]
