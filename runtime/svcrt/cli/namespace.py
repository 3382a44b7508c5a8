"""The `n` of the shell: every known method and event as a Python call, by short name or by full name."""

import difflib
import inspect
import keyword
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any, NoReturn, TypeAlias, TypeVar, get_type_hints

import msgspec

from svcrt.bases import Caller
from svcrt.cli.contracts import Contracts
from svcrt.codec import codec
from svcrt.contract import Event, Oneway, Rpc, Service, StreamRpc

StructT = TypeVar("StructT", bound=msgspec.Struct)
_Member: TypeAlias = Rpc[Any, Any] | StreamRpc[Any, Any] | Oneway[Any] | Event[Any]


class Mistake(Exception):
    """What was typed cannot be meant; the message is one sentence for a person."""


class UnknownName(Mistake, AttributeError):
    """There is no such service, method or event."""


class NotByName(Mistake, TypeError):
    """An argument came without its name."""


class Node:
    """A level of a dotted name: its attributes are the next level."""

    def __init__(self, name: str, children: Mapping[str, object]) -> None:
        self._name = name
        self._children = children

    def __getattr__(self, name: str) -> Any:
        """Return the next level."""
        try:
            return self._children[name]
        except KeyError:
            near = difflib.get_close_matches(name, self._children, 1)
            hint = f"; did you mean `{near[0]}`?" if near else f"; there is: {', '.join(self._children) or 'nothing'}"
            raise UnknownName(f"`{self._name}` has no `{name}`{hint}") from None

    def __dir__(self) -> list[str]:
        """Names for completion."""
        return list(self._children)

    def __repr__(self) -> str:
        """What is there, one per line."""
        below = [f"  {_described(name, child)}" for name, child in self._children.items()]
        return "\n".join([f"{self._name}:", *below])


class Call:
    """A method or an event: call it with its arguments by name.

    Attributes:
        accepts: the type of every argument, by name.
    """

    def __init__(self, member: _Member, caller: Caller) -> None:
        self._member = member
        self._caller = caller
        self.__name__ = member.name
        self.__doc__ = member.doc or None
        self.__signature__ = _signature(member)
        self.accepts: dict[str, Any] = {
            name: parameter.annotation for name, parameter in self.__signature__.parameters.items()
        }
        if isinstance(member, Rpc):
            self.accepts.setdefault("timeout", float)

    def __call__(self, *nameless: object, timeout: float | None = None, **arguments: object) -> object:
        """Call, send or announce. `timeout` is the call's, in seconds, unless there is an argument of that name."""
        if nameless:
            raise NotByName(f"arguments are given by name, as in `name=value`: {self!r}")
        match self._member:
            case Rpc() | StreamRpc() as rpc:
                if "timeout" in rpc.arguments.__struct_fields__:
                    arguments, timeout = _with(timeout, arguments), None
                made = _made(rpc.arguments, arguments)
                if isinstance(rpc, StreamRpc):
                    return self._caller.stream(rpc, made, timeout=timeout)
                return self._caller.call(rpc, made, timeout=timeout)
            case Oneway() as oneway:
                self._caller.send(oneway, _made(oneway.arguments, _with(timeout, arguments)))
            case Event() as event:
                self._caller.emit(event, _made(event.payload, _with(timeout, arguments)))
        return None

    def __repr__(self) -> str:
        """Name and signature."""
        return f"{self.__name__}{self.__signature__}"


class Namespace:
    """What the shell calls `n`.

    Attributes:
        rpc: `n.rpc.Greeter.hello(name="John")` calls and returns the result; of a stream, what to iterate over.
        oneway: `n.oneway.Orders.rebuild(since=...)` hands in a job.
        emit: `n.emit.OrderPlaced(order_id=...)` announces an event; `n.event` is the same.
        services: the known contracts, by full name.
    """

    def __init__(self, caller: Caller, contracts: Contracts) -> None:
        self.services: dict[str, Service] = dict(sorted(contracts.services.items()))
        self.rpc = _tree("n.rpc", self._by_service(caller, lambda service: (*service.rpcs, *service.streams)))
        self.oneway = _tree("n.oneway", self._by_service(caller, lambda service: service.oneways))
        self.emit = _tree("n.emit", {name: Call(event, caller) for name, event in sorted(contracts.events.items())})
        self.event = self.emit

    def _by_service(
        self, caller: Caller, members: Callable[[Service], Iterable[Rpc[Any, Any] | StreamRpc[Any, Any] | Oneway[Any]]]
    ) -> dict[str, object]:
        return {
            name: Node(name, {member.stub: Call(member, caller) for member in members(service)})
            for name, service in self.services.items()
            if members(service)
        }

    def __getattr__(self, name: str) -> NoReturn:
        """Tell what there is instead."""
        raise UnknownName(f"`n` has no `{name}`; there is: rpc, oneway, emit, event, services")

    def __repr__(self) -> str:
        """Everything that can be called."""
        return "\n".join(repr(node) for node in (self.rpc, self.oneway, self.emit))


def _tree(name: str, leaves: Mapping[str, object]) -> Node:
    """Arrange leaves by full dotted name; those whose short name is theirs alone are found by that, too."""
    top: dict[str, Any] = {}
    for full, leaf in leaves.items():
        *packages, last = [f"{part}_" if keyword.iskeyword(part) else part for part in full.split(".")]
        level = top
        for depth, part in enumerate(packages):
            node = level.setdefault(part, Node(".".join((name, *packages[: depth + 1])), {}))
            level = node._children
        level[last] = leaf
    shorts = Counter(full.rpartition(".")[2] for full in leaves)
    short = {full.rpartition(".")[2]: leaf for full, leaf in leaves.items() if shorts[full.rpartition(".")[2]] == 1}
    return Node(name, short | top)


def _described(name: str, child: object) -> str:
    if isinstance(child, Call):
        return f"{name}{child.__signature__}"
    if isinstance(child, Node) and all(isinstance(each, Call) for each in child._children.values()):
        return f"{name}: {', '.join(child._children)}"
    return f"{name}. ..."


def _made(struct: type[StructT], arguments: dict[str, object]) -> StructT:
    """Make the struct from typed values, or from what JSON has for them: text for a date, a dict for a struct."""
    wire_names = dict(zip(struct.__struct_fields__, struct.__struct_encode_fields__, strict=True))
    plain = {wire_names.get(name, name): msgspec.to_builtins(value, enc_hook=str) for name, value in arguments.items()}
    return codec(struct).convert(plain, strict=True)


def _with(timeout: float | None, arguments: dict[str, object]) -> dict[str, object]:
    return arguments if timeout is None else {"timeout": timeout, **arguments}


def _signature(member: _Member) -> inspect.Signature:
    struct = member.payload if isinstance(member, Event) else member.arguments
    # Without the limits that `Annotated` carries: a person reads this.
    types = get_type_hints(struct)
    parameters = [
        parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=types[name])
        for name, parameter in inspect.signature(struct).parameters.items()
    ]
    result = None
    if isinstance(member, Rpc):
        result = _without_limits(member.result)
    elif isinstance(member, StreamRpc):
        result = Iterator[_without_limits(member.item)]  # type: ignore[misc] # a type made at run time
    return inspect.Signature(parameters, return_annotation=result)


def _without_limits(annotation: Any) -> Any:
    if annotation is None:
        return None
    return get_type_hints(SimpleNamespace(__annotations__={"result": annotation}))["result"]
