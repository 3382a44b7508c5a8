"""One client of a soak, a process of its own: calls and sends without end, each in the ledger, and obeys its input.

Orders, a line each, answered with a line: `go`, `pause` (answered when all that was under way has ended), `doom`,
`poison` (send such an event), `figures`.
"""

import itertools
import logging
import random
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import svcrt
from fault_ledger import DONE, Ledger
from fault_service import ADD, DO, NOTED, READ, Order, link_option
from process_figures import figures
from soak_service import DOOMED, Doom

KINDS = ("rpc", "rpc", "rpc", "idempotent", "idempotent", "oneway", "event", "doomed")
_WITHIN = 3.0
_PUBLISH_WITHIN = 10.0
_PAUSE = 0.02
"""Seconds between two orders of one thread: a soak looks for leaks and lost messages, not for speed."""
_PAUSE_DOOMED = 1.0


class Client:
    """The cluster and the threads that use it.

    Args:
        name: of this client; its orders' keys begin with it.
    """

    def __init__(self, url: str, ledger: Path, name: str, seed: int, heartbeat: float) -> None:
        self._ledger = Ledger(ledger, by=name)
        self._name = name
        self._numbers = itertools.count(1)
        self._chance = random.Random(seed)
        self._go = threading.Event()
        self._busy = 0
        self._changed = threading.Condition()
        self._cluster = svcrt.connect(url, heartbeat=heartbeat, wait=30.0, **link_option(svcrt.connect))
        for kind in KINDS:
            threading.Thread(target=self._work, args=[kind], daemon=True).start()

    def obey(self, order: str) -> str:
        """Do what a line of the input says; return the answer."""
        match order:
            case "go":
                self._go.set()
            case "pause":
                self._go.clear()
                with self._changed:
                    self._changed.wait_for(lambda: self._busy == 0)
            case "doom" | "poison":
                self._order("doomed", kills=order == "poison")
            case "figures":
                return figures()
        return "ok"

    def close(self) -> None:
        """Let go of the broker."""
        self._cluster.close()

    def _work(self, kind: str) -> None:
        pause = threading.Event()
        while True:
            self._go.wait()
            with self._changed:
                self._busy += 1
            # Asked again: `pause` may have looked in between.
            if self._go.is_set():
                self._order(kind)
            with self._changed:
                self._busy -= 1
                self._changed.notify_all()
            pause.wait(_PAUSE_DOOMED if kind == "doomed" else _PAUSE)

    def _order(self, kind: str, *, kills: bool = False) -> None:
        key = f"{self._name}-{kind}{next(self._numbers)}"
        is_call = kind in ("rpc", "idempotent")
        seconds = self._chance.choice((0.0, 0.0, 0.0, 0.01, 0.2))
        ballast = "x" * self._chance.choice((0, 10, 300, 20_000))
        order = Order(key=key, seconds=seconds, ballast=ballast)
        do: dict[str, Callable[[], object]] = {
            "rpc": lambda: self._cluster.call(ADD, order, timeout=_WITHIN),
            "idempotent": lambda: self._cluster.call(READ, order, timeout=_WITHIN),
            "oneway": lambda: self._cluster.send(DO, order),
            "event": lambda: self._cluster.emit(NOTED, order),
            "doomed": lambda: self._cluster.emit(DOOMED, Doom(key=key, kills=kills)),
        }
        self._ledger.begin(kind, key, within=_WITHIN if is_call else _PUBLISH_WITHIN)
        outcome: BaseException | str = DONE
        try:
            answer = do[kind]()
            if is_call and answer != ballast:
                outcome = "an answer that is not ours"
        except Exception as error:
            outcome = error
        self._ledger.end(key, outcome)


def main(url: str, ledger: str, name: str, seed: str, heartbeat: str) -> None:
    """Obey standard input until it ends."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format=f"{name}: %(name)s %(levelname)s %(message)s")
    client = Client(url, Path(ledger), name, int(seed), float(heartbeat))
    print("ready", flush=True)
    for line in sys.stdin:
        print(client.obey(line.strip()), flush=True)
    client.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
