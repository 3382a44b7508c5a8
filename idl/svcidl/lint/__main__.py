"""`python -m svcidl.lint > docs/linting.md` writes the page about the linter."""

import sys

from svcidl.lint.reference import reference

sys.stdout.write(reference())
