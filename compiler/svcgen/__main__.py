"""`python -m svcgen`: the same as the command `svcgen`."""

import sys

from svcgen.cli import main

if __name__ == "__main__":
    sys.exit(main())
