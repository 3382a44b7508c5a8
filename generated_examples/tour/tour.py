"""Sixteen things that used to take a web framework, a task queue, a cron daemon and glue: `svcgen demo --all`."""

import asyncio
import itertools
import signal
import sys
import time
from pathlib import Path
from types import FrameType

import svcrt
from svcrt.testing import SocketPeer
from tour.stage import Stage, StageError
from tour.v1 import DepotFull, OfficeAsyncClient, OfficeClient

NUMBERS = itertools.count(1)


def tour(stage: Stage) -> None:
    """Go through all sixteen."""
    stage.run("depot-1", "Depot")
    stage.run("depot-2", "Depot")
    stage.run("office-1", "Office")
    with svcrt.connect(stage.broker) as cluster:
        office = OfficeClient(cluster)
        requests(stage, office)
        instances_and_events(stage, office)
        ways_to_call(stage, office)
        ways_in(stage, office)
        time_goes_by(stage, office)


def requests(stage: Stage, office: OfficeClient) -> None:
    """Make requests that are nothing special."""
    step("HTTP request")
    show(stage.post(stage.url("office-1", "/parcels"), {"to": "Ada"}))

    step("nested call: the office has asked the depot, an RPC over the broker, for the shelf")
    show(office.take(to="Grace").shelf)

    step("database transaction: what a failing method has written is rolled back")
    try:
        office.take(to="Nobody")
    except DepotFull as error:
        show(f"{error}; still {office.count()} parcels")


def instances_and_events(stage: Stage, office: OfficeClient) -> None:
    """Let several instances share what there is to do."""
    step("second instance: start it, nothing else, and the calls are shared")
    stage.run("office-2", "Office")
    show(wait_for_two(office))

    step("event to one: of all depots one weighs the parcel")
    show(*stage.heard("weighed parcel 1"))

    step("event to all: every office hears the bell")
    office.ring(hour=12)
    show(*stage.heard("the bell rang at 12", by=2))

    step("background job: accepted now, done later")
    office.print_label(id=1)
    show(*stage.heard("printed the label of parcel 1"))


def ways_to_call(stage: Stage, office: OfficeClient) -> None:
    """Get at the office in other ways."""
    step("custom provider: four lines that give every request what it needs")
    show(office.who())

    step("stream: items as they come, as slowly as the reader wants them")
    with office.list_all() as parcels:
        show(*(f"{parcel.id}: to {parcel.to}" for parcel in parcels))

    step("async client: the same calls with await")
    show(asyncio.run(at_once(stage.broker)))


def ways_in(stage: Stage, office: OfficeClient) -> None:
    """Let things reach the office, and leave it, that are no calls."""
    step("web socket push: an office takes a parcel, the boards of all offices show it")
    with SocketPeer(stage.url("office-2", "/board", scheme="ws")) as board:
        stage.heard("a board hangs")
        office.take(to="Alan")
        show(board.receive())

    step("browser: the same push, shown by a page")
    with stage.browser(stage.url("office-1", "/")) as browser:
        if browser:
            stage.heard("a board hangs", by=2)
            office.take(to="Barbara")
            show(*stage.heard("a page shows parcel 4"))
        else:
            show(f"no Chromium on this machine; the page is {stage.url('office-1', '/')}")

    step("custom entrypoint: a file in a folder is a request, too")
    Path("mail/letter.part").write_text("Edsger")
    Path("mail/letter.part").rename("mail/letter.txt")
    show(*stage.heard("a letter came for Edsger"))

    step("shell call")
    show(stage.shell("n.rpc.Office.count()"))


def time_goes_by(stage: Stage, office: OfficeClient) -> None:
    """Replace what runs, and wait for the clock."""
    step("rolling restart: both offices are replaced while somebody calls all the time")
    with stage.meanwhile(office.count) as answers:
        for name in ("office-1", "office-2"):
            stage.stop(name)
            stage.run(name, "Office")
    show(f"{len(answers)} calls, all answered")

    step(f"cron tick: on one of the offices, at the full minute, in {60 - time.time() % 60:.0f} seconds")
    show(*stage.heard("closed the books of", within=90.0))


def wait_for_two(office: OfficeClient) -> str:
    """Call until two instances have answered."""
    desks: set[str] = set()
    for _ in range(1000):
        desks.add(office.who())
        if len(desks) == 2:
            return " and ".join(sorted(desks)) + " answer"
    raise StageError(f"of a thousand calls {desks} has answered all")


async def at_once(broker: str) -> str:
    """Make a hundred calls at once."""
    async with svcrt.connect_async(broker) as cluster:
        office = OfficeAsyncClient(cluster)
        desks = await asyncio.gather(*(office.who() for _ in range(100)))
    return f"{len(desks)} calls at once, answered by {len(set(desks))} instances"


def step(title: str) -> None:
    """Say what comes next."""
    print(f"{next(NUMBERS):2}. {title}", flush=True)


def show(*lines: object) -> None:
    """Show what came of it."""
    for line in lines:
        print(f"      {line}", flush=True)


def end(_number: int, _frame: FrameType | None) -> None:
    """Take the way on which the services are ended, too."""
    sys.exit(1)


def main(broker: str | None) -> int:
    """Take the tour; whatever happens, nothing is left running."""
    signal.signal(signal.SIGTERM, end)
    stage = Stage(broker)
    try:
        tour(stage)
    except StageError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    finally:
        stage.stop_all()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else None))
