"""`python -m svcidl.explanations > docs/diagnostics.md` writes the reference of diagnostics."""

import sys

from svcidl.explanations import reference

sys.stdout.write(reference())
