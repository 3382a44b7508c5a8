"""Plans types.py: enums, aliases, structs, unions, events and errors."""

from collections.abc import Iterable, Iterator

from svcgen import naming
from svcgen.imports import Imports
from svcgen.layout import STEP, Doc, Either, Group, Row, call, lay_out
from svcgen.plan.docs import described, error_text, written
from svcgen.plan.modules import Block, ClassBlock, Method, Module, Statement, spaced
from svcgen.plan.names import Names
from svcgen.plan.references import ModuleReferences
from svcgen.plan.structs import StructWriter
from svcgen.source_text import docstring, f_string, string
from svcgen.types import TypeWriter, resolved
from svcidl.model import (
    Alias,
    Declaration,
    Enum,
    Error,
    Event,
    Field,
    ListOf,
    MapOf,
    Named,
    OptionalOf,
    Package,
    Service,
    SetOf,
    Struct,
    Type,
    Union,
)


def plan_types(package: Package, names: Names, header: str) -> Module:
    """Return the plan of the package's types.py."""
    imports = Imports(_taken(package, names))
    writer = _TypesWriter(package, names, imports)
    blocks = [block for declaration in in_order(package) for block in writer.blocks(declaration)]
    return Module(
        header=header,
        docstring=docstring(f"Types of `{package.name}`.", 0),
        imports=imports.lines(),
        blocks=spaced(blocks),
    )


def in_order(package: Package) -> Iterator[Declaration]:
    """Yield what types.py declares: as written, but first what a declaration needs while it is being executed."""
    done: set[Declaration] = set()

    def visit(declaration: Declaration) -> Iterator[Declaration]:
        if declaration in done or declaration.package != package.name:
            return
        done.add(declaration)
        for needed in _needed(declaration):
            yield from visit(needed)
        yield declaration

    for declaration in package.declarations:
        if not isinstance(declaration, Service):
            yield from visit(declaration)


def _needed(declaration: Declaration) -> Iterable[Declaration]:
    match declaration:
        case Alias(type=aliased):
            return list(_named(aliased))
        case Union(variants=variants):
            return variants
        case Struct(fields=fields) | Event(fields=fields) | Error(fields=fields):
            used = (each for field in fields if field.has_default for each in _named(resolved(field.type)))
            return [each for each in used if isinstance(each, Enum)]
        case _:
            return ()


def _named(type_: Type) -> Iterator[Alias | Enum | Struct | Union]:
    match type_:
        case Named(target=target):
            yield target
        case ListOf(item=item) | SetOf(item=item) | OptionalOf(item=item):
            yield from _named(item)
        case MapOf(key=key, value=value):
            yield from _named(key)
            yield from _named(value)


def _taken(package: Package, names: Names) -> Iterator[str]:
    for declaration in package.declarations:
        if isinstance(declaration, Service):
            continue
        name = names.declarations[declaration]
        yield name
        if isinstance(declaration, Error):
            yield f"{name}{naming.FIELDS_SUFFIX}"
        if isinstance(declaration, Struct | Event | Error):
            yield from (names.fields[field] for field in declaration.fields)


class _TypesWriter:
    def __init__(self, package: Package, names: Names, imports: Imports) -> None:
        self._names = names
        self._imports = imports
        self._types = TypeWriter(imports, ModuleReferences(names, imports, package.name))
        self._structs = StructWriter(names, imports, self._types)

    def blocks(self, declaration: Declaration) -> list[Block]:
        """Return what a declaration becomes."""
        match declaration:
            case Alias():
                return [self._alias(declaration)]
            case Enum():
                return [self._enum(declaration)]
            case Struct():
                doc = described(declaration, f"Struct `{declaration.full_name}`.", indent=STEP)
                return [self._struct(declaration, doc, tag=declaration.tag)]
            case Union():
                return [self._union(declaration)]
            case Event():
                doc = described(declaration, f"Event `{declaration.full_name}`.", indent=STEP)
                return [self._struct(declaration, doc)]
            case Error():
                return [self._error_fields(declaration), self._error(declaration)]
            case Service():
                return []

    def _struct(self, declaration: Struct | Event, doc: str, tag: str | None = None) -> ClassBlock:
        return self._structs.struct(self._names.declarations[declaration], declaration.fields, doc, tag=tag)

    def _alias(self, alias: Alias) -> Statement:
        return self._type_alias(alias, self._types.checked(alias.type))

    def _union(self, union: Union) -> Statement:
        variants: list[Doc] = [self._names.declarations[variant] for variant in union.variants]
        if not union.closed:
            variants.append(self._imports.runtime("UnknownVariant"))
        return self._type_alias(union, Either(tuple(variants)) if len(variants) > 1 else variants[0])

    def _type_alias(self, declaration: Alias | Union, value: Doc) -> Statement:
        name = self._names.declarations[declaration]
        marker = self._imports.name("typing", "TypeAlias")
        text = lay_out(Row((f"{name}: {marker} = ", value)))
        return Statement(text=text, docstring=written(declaration, indent=0))

    def _enum(self, enum: Enum) -> ClassBlock:
        base = self._imports.runtime("ClosedEnum" if enum.closed else "OpenEnum")
        attributes = []
        renamed = tuple(f"{string(value.renamed)}: {string(value.wire)}" for value in enum.values if value.renamed)
        if renamed:
            attributes.append(lay_out(Row(("__renamed__ = ", Group("{", renamed, "}"))), STEP))
        for value in enum.values:
            attributes.append(f"{self._names.values[value]} = {string(value.wire)}")
            attributes += filter(None, [written(value, indent=STEP)])
        name = self._names.declarations[enum]
        doc = described(enum, f"Enum `{enum.full_name}`.", indent=STEP)
        return ClassBlock(header=f"class {name}({base}):", docstring=doc, attributes=tuple(attributes))

    def _error_fields(self, error: Error) -> ClassBlock:
        name = self._names.declarations[error]
        return self._structs.struct(
            f"{name}{naming.FIELDS_SUFFIX}", error.fields, docstring(f"Fields of `{error.name}`.", STEP)
        )

    def _error(self, error: Error) -> ClassBlock:
        name = self._names.declarations[error]
        attributes = [f"wire_name = {string(error.full_name)}", f"status = {error.status}"]
        if error.retryable:
            attributes.append("retryable = True")
        attributes.append(f"fields_type = {name}{naming.FIELDS_SUFFIX}")
        status = f"HTTP status {error.status}.{' Trying again may help.' if error.retryable else ''}"
        fallback = error_text(error)
        more = [] if fallback == status else [status]
        return ClassBlock(
            header=f"class {name}({self._imports.runtime('DeclaredError')}):",
            docstring=described(error, fallback, indent=STEP, more=more),
            attributes=tuple(attributes),
            methods=(self._error_init(error),),
        )

    def _error_init(self, error: Error) -> Method:
        parameters: list[Doc] = ["self"]
        if error.fields:
            parameters += ["*", *(self._parameter(field) for field in error.fields)]
        pieces = [piece if isinstance(piece, str) else ("value", self._names.fields[piece]) for piece in error.template]
        body = [lay_out(call("super().__init__", f_string(pieces or [error.name])), 2 * STEP)]
        for field in error.fields:
            name = self._names.fields[field]
            body.append(lay_out(f"self.{name} = {_own_copy(field, name)}", 2 * STEP))
        signature = Row((call("def __init__", *parameters), " -> None:"))
        return Method(signature=lay_out(signature, STEP), docstring="", body=tuple(body))

    def _parameter(self, field: Field) -> Doc:
        default = self._types.parameter_default(field)
        parts: list[Doc] = [f"{self._names.fields[field]}: ", self._types.plain(field.type)]
        return Row((*parts, " = ", default)) if default is not None else Row(tuple(parts))


def _own_copy(field: Field, name: str) -> str:
    """Return the expression of an error's attribute: a copy where the default is one object for all errors."""
    if not isinstance(field.default, tuple | dict):
        return name
    return f"None if {name} is None else {name}.copy()" if isinstance(field.type, OptionalOf) else f"{name}.copy()"
