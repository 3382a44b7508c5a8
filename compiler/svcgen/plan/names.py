"""Chooses the Python name of everything in a model, and finds the names that meet."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from svcgen import naming
from svcidl.diagnostics import Diagnostic, Note
from svcidl.model import (
    AnyMember,
    Declaration,
    Enum,
    EnumValue,
    Error,
    Event,
    Field,
    Model,
    Oneway,
    Package,
    Publication,
    Route,
    Rpc,
    Service,
    Socket,
    Struct,
    TopLevel,
    Use,
)
from svcidl.source import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Python names by the object of the model that they stand for.

    Attributes:
        packages: dotted name of the Python package, by IDL package.
        declarations: by declaration; that of a service is the stem of its stubs.
        fields: of structs, events, errors, and parameters.
        values: members of enums.
        members: methods of stubs and clients.
        uses: attributes of stubs that hold a client.
        publications: methods of publishers.
    """

    packages: dict[str, str] = field(default_factory=dict)
    declarations: dict[TopLevel, str] = field(default_factory=dict)
    fields: dict[Field, str] = field(default_factory=dict)
    values: dict[EnumValue, str] = field(default_factory=dict)
    members: dict[AnyMember, str] = field(default_factory=dict)
    uses: dict[Use, str] = field(default_factory=dict)
    publications: dict[Publication, str] = field(default_factory=dict)

    def module(self, package: str, module: str) -> str:
        """Return the dotted name of a module of a generated package."""
        return f"{self.packages[package]}.{module}"


class _Scope:
    """One scope of Python: remembers who has which name, and reports who comes second."""

    def __init__(self, found: list[Diagnostic]) -> None:
        self._found = found
        self._first: dict[str, tuple[str, Span]] = {}

    def claim(self, spelling: str, name: str, span: Span) -> str:
        """Take `spelling` for the IDL name `name` and return it."""
        self.claims(spelling, name, span)
        return spelling

    def claims(self, spelling: str, name: str, span: Span) -> bool:
        """Take `spelling` for the IDL name `name` and tell whether nobody else has it."""
        earlier = self._first.setdefault(spelling, (name, span))
        if earlier[1] is not span:
            both = f"`{earlier[0]}` and `{name}`" if earlier[0] != name else f"`{name}` and another `{name}`"
            self._found.append(
                Diagnostic(
                    code="E0213",
                    message=f"{both} are both `{spelling}` in Python",
                    span=span,
                    label=f"`{spelling}` in Python",
                    help=("rename one of them",),
                    notes=(Note(message=f"`{earlier[0]}` stands here", span=earlier[1]),),
                )
            )
        return earlier[1] is span


def choose_names(model: Model) -> tuple[Names, tuple[Diagnostic, ...]]:
    """Return the names of everything in `model`, and a diagnostic for every two that meet in one scope."""
    names, found = Names(), list[Diagnostic]()
    _name_packages(model, names, found)
    for package in model.packages:
        _name_declarations(package, names, found)
        # A field named like a type of its module would stand in front of it in the annotations of its struct.
        types = {names.declarations[each] for each in package.declarations if not isinstance(each, Service)}
        reserved, of_errors = naming.FIELDS | types, naming.ERROR_FIELDS | types
        for declaration in package.declarations:
            _name_parts(declaration, of_errors if isinstance(declaration, Error) else reserved, names, found)
    found.extend(_shadowed_packages(model, names))
    return names, tuple(found)


def _name_packages(model: Model, names: Names, found: list[Diagnostic]) -> None:
    scope = _Scope(found)
    for package in model.packages:
        names.packages[package.name] = scope.claim(naming.python_package(package.name), package.name, package.span)


def _name_declarations(package: Package, names: Names, found: list[Diagnostic]) -> None:
    stubs = {f"{naming.spelled(name)}{suffix}" for name, suffix in _derived(package.declarations)}
    reserved = naming.DECLARATIONS | stubs
    scope = _Scope(found)
    for declaration in package.declarations:
        if isinstance(declaration, Service):
            stem = names.declarations[declaration] = naming.spelled(declaration.name)
            # `OrdersAsync` and `Orders` would both have an `OrdersAsyncClient`.
            for suffix in naming.STUB_SUFFIXES:
                if not scope.claims(f"{stem}{suffix}", declaration.name, declaration.span):
                    break
        else:
            spelling = naming.spelled(declaration.name, reserved)
            names.declarations[declaration] = scope.claim(spelling, declaration.name, declaration.span)


def _derived(declarations: Iterable[Declaration]) -> Iterator[tuple[str, str]]:
    for declaration in declarations:
        if isinstance(declaration, Service):
            yield from ((declaration.name, suffix) for suffix in naming.STUB_SUFFIXES)
        elif isinstance(declaration, Error):
            yield declaration.name, naming.FIELDS_SUFFIX


def _name_parts(declaration: Declaration, reserved: frozenset[str], names: Names, found: list[Diagnostic]) -> None:
    match declaration:
        case Struct(fields=fields) | Event(fields=fields) | Error(fields=fields):
            _name_fields(fields, reserved, names, found)
        case Enum(values=values):
            scope = _Scope(found)
            for value in values:
                # Upper case first: `_` has to be moved in the name that Python will see.
                spelling = naming.spelled(naming.constant(value.name))
                names.values[value] = scope.claim(spelling.upper(), value.name, value.span)
        case Service():
            _name_service(declaration, names, found)


def _name_fields(fields: Iterable[Field], reserved: frozenset[str], names: Names, found: list[Diagnostic]) -> None:
    scope = _Scope(found)
    for each in fields:
        names.fields[each] = scope.claim(naming.spelled(each.name, reserved), each.name, each.span)


def _name_service(service: Service, names: Names, found: list[Diagnostic]) -> None:
    scope = _Scope(found)
    for use in service.uses:
        # Without `as` the attribute is named after the service, in Python's manner.
        name = naming.snake_case(use.name) if use.name == use.service.name else use.name
        names.uses[use] = scope.claim(naming.spelled(name, naming.MEMBERS), use.name, use.span)
    for member in service.members:
        names.members[member] = scope.claim(naming.spelled(member.name, naming.MEMBERS), member.name, member.span)
        if isinstance(member, Rpc | Oneway):
            _name_fields(member.parameters, naming.PARAMETERS, names, found)
        elif isinstance(member, Route):
            _name_fields(member.parameters, naming.ROUTE_PARAMETERS, names, found)
        elif isinstance(member, Socket):
            _name_fields(member.parameters, naming.SOCKET_PARAMETERS, names, found)
    announcements = _Scope(found)
    for publication in service.publishes:
        event = publication.event
        spelling = naming.spelled(naming.snake_case(event.name), naming.ANNOUNCEMENTS)
        names.publications[publication] = announcements.claim(spelling, event.full_name, publication.span)


def _shadowed_packages(model: Model, names: Names) -> Iterator[Diagnostic]:
    """Find packages inside others whose last segment is a module or a declaration of the outer one."""
    owners = {
        f"{names.packages[package.name]}.{name}": (package, what)
        for package in model.packages
        for name, what in _bound_names(package, names)
    }
    for package in model.packages:
        segments = names.packages[package.name].split(".")
        prefixes = (".".join(segments[:count]) for count in range(1, len(segments) + 1))
        for outer, what in filter(None, map(owners.get, prefixes)):
            yield Diagnostic(
                code="E0213",
                message=f"package `{package.name}` and {what} of package `{outer.name}` have one name in Python",
                span=package.span,
                label=f"`{names.packages[package.name]}` in Python",
                help=("rename one of them",),
                notes=(Note(message=f"package `{outer.name}` stands here", span=outer.span),),
            )


def _bound_names(package: Package, names: Names) -> Iterator[tuple[str, str]]:
    for module in naming.MODULES:
        yield module, f"the generated module `{module}`"
    for declaration in package.declarations:
        if not isinstance(declaration, Service):
            yield names.declarations[declaration], f"`{declaration.name}`"
