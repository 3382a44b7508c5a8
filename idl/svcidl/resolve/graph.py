"""Circles in a graph, found without recursion: a contract may chain ten thousand types."""

from collections import deque
from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import TypeVar

T = TypeVar("T", bound=Hashable)


def circles(edges: Mapping[T, Iterable[T]]) -> list[list[T]]:
    """Return one shortest circle for each group of nodes that reach each other, in the order of `edges`."""
    order = {node: number for number, node in enumerate(edges)}
    found = []
    for group in _components(edges):
        start = min(group, key=order.__getitem__)
        if len(group) > 1 or start in set(edges[start]):
            found.append(_circle(start, set(group), edges))
    return sorted(found, key=lambda circle: order[circle[0]])


def _components(edges: Mapping[T, Iterable[T]]) -> Iterator[list[T]]:
    """Yield the strongly connected components: Tarjan, SIAM J. Comput. 1(2), 1972, with a stack of its own."""
    index: dict[T, int] = {}
    low: dict[T, int] = {}
    open_nodes: list[T] = []
    closed: set[T] = set()
    for root in edges:
        work: list[tuple[T, Iterator[T]]] = []
        if root not in index:
            work.append((root, iter(edges[root])))
            index[root] = low[root] = len(index)
            open_nodes.append(root)
        while work:
            node, successors = work[-1]
            successor = next((item for item in successors if item in edges and item not in closed), None)
            if successor is not None and successor not in index:
                index[successor] = low[successor] = len(index)
                open_nodes.append(successor)
                work.append((successor, iter(edges[successor])))
            elif successor is not None:
                low[node] = min(low[node], index[successor])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    component: list[T] = []
                    while not component or component[-1] != node:
                        component.append(open_nodes.pop())
                    closed.update(component)
                    yield component


def _circle(start: T, group: set[T], edges: Mapping[T, Iterable[T]]) -> list[T]:
    """Return a shortest way from `start` back to it inside its group, by breadth first."""
    came_from: dict[T, T] = {}
    queue = deque([start])
    while queue:
        node = queue.popleft()
        for successor in edges[node]:
            if successor == start:
                way = [node]
                while way[-1] != start:
                    way.append(came_from[way[-1]])
                return way[::-1]
            if successor in group and successor not in came_from:
                came_from[successor] = node
                queue.append(successor)
    raise ValueError("not a circle")
