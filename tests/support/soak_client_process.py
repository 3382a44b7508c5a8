"""`soak_client` from outside: a process that is told what to do and must answer in time."""

import json
import os
import select
import subprocess
import sys
from pathlib import Path
from typing import IO

__all__ = ["ClientProcess"]

_ANSWER_SECONDS = 40.0


class ClientProcess:
    """One client of a soak.

    Args:
        log: where it says what goes wrong.
    """

    def __init__(
        self, url: str, ledger: Path, *, name: str, seed: int, heartbeat: float, link: str, log: IO[str]
    ) -> None:
        support = Path(__file__).parent
        self.name = name
        self._process = subprocess.Popen(
            [sys.executable, str(support / "soak_client.py"), url, str(ledger), name, str(seed), str(heartbeat)],
            env={**os.environ, "SVCGEN_LINK": link},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )

    def wait_ready(self) -> None:
        """Wait until it is connected."""
        assert self._answer() == "ready"

    def tell(self, order: str) -> str:
        """Give it an order and return its answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{order}\n")
        self._process.stdin.flush()
        return self._answer(order)

    def figures(self) -> dict[str, int]:
        """Ask it for what `process_figures` tells."""
        found: dict[str, int] = json.loads(self.tell("figures"))
        return found

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(_ANSWER_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def _answer(self, order: str = "start") -> str:
        stdout = self._process.stdout
        assert stdout is not None
        # It answers one line to each order, so that nothing is hidden in a buffer.
        ready, _, _ = select.select([stdout], [], [], _ANSWER_SECONDS)
        assert ready, f"{self.name} did not answer `{order}` within {_ANSWER_SECONDS:g} s: something hangs"
        answer = stdout.readline().strip()
        assert answer, f"{self.name} has ended with {self._process.wait()}"
        return answer
