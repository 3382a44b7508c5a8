"""A worker process: `python -m svcrt.cli.worker_process ORDERS_FD REPORTS_FD`, under the supervisor of `run`."""

import sys

from svcrt.cli.orders import Supervised


def main() -> int:
    """Turn green, then import everything else; return the exit code."""
    supervised = Supervised(*map(int, sys.argv[1:]))
    from svcrt.concurrency.green import patch

    patch()
    from svcrt.cli.hosting import host

    return host(supervised)


if __name__ == "__main__":
    sys.exit(main())
