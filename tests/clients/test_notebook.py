"""Clients in a notebook: the main thread runs an event loop all the time, and cells run inside it."""

import ast
import asyncio
import inspect
from typing import Any

import pytest

from desk_services import desk_on

BLOCKING = [
    """
import svcrt
from desk.v1 import DeskClient
cluster = svcrt.connect(url)
desk = DeskClient(cluster)
results = [desk.name()]
""",
    "results.append(desk.futures.mirror(value=1).result())",
    "results += list(desk.count(first=1, last=50))[-2:]",
    "desk.note(text='a'); cluster.close()",
]
AWAITING = [
    """
import svcrt
from desk.v1 import DeskAsyncClient
cluster = await svcrt.connect_async(url)
desk = DeskAsyncClient(cluster)
results = [await desk.name()]
""",
    "import asyncio; results += (await asyncio.gather(*(desk.mirror(value=1) for _ in range(3))))[:1]",
    "results += [item async for item in desk.count(first=1, last=50)][-2:]",
    "await desk.note(text='a'); await cluster.close()",
]


async def notebook(cells: list[str], names: dict[str, Any]) -> None:
    """Run cells as a Jupyter kernel does: compiled with top-level await, one after the other, in one loop."""
    for cell in cells:
        code = compile(cell, "<cell>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        result = eval(code, names)
        if inspect.isawaitable(result):
            await result
        await asyncio.sleep(0)


@pytest.mark.parametrize("cells", [BLOCKING, AWAITING], ids=["blocking", "awaiting"])
def test_cells(broker_url: str, cells: list[str]) -> None:
    names: dict[str, Any] = {"url": broker_url}
    with desk_on(broker_url):
        asyncio.run(notebook(cells, names))
    assert names["results"] == ["desk", 1, 49, 50]
