"""Types and declarations in the words of the language, short: for messages, and to tell whether two have one shape."""

import json
import re

from svcidl import model


def spell(type_: model.Type) -> str:
    """Return a type as it would be written; names without their package."""
    match type_:
        case model.Scalar():
            return f"{type_.primitive.value}{_arguments(_scalar(type_))}"
        case model.ListOf():
            return f"list<{spell(type_.item)}>{_arguments(_range(type_.length))}"
        case model.SetOf():
            return f"set<{spell(type_.item)}>{_arguments(_range(type_.length))}"
        case model.MapOf():
            return f"map<{spell(type_.key)}, {spell(type_.value)}>{_arguments(_range(type_.length))}"
        case model.OptionalOf():
            return f"{spell(type_.item)}?"
        case model.Named():
            return type_.target.name


def _arguments(parts: list[str]) -> str:
    return f"({', '.join(parts)})" if parts else ""


def _scalar(scalar: model.Scalar) -> list[str]:
    figures = [scalar.precision, scalar.scale]
    parts = [str(figure) for figure in figures if figure is not None]
    parts += _range(scalar.length) + _range(scalar.bounds)
    parts += [f"pattern: {json.dumps(scalar.pattern)}"] if scalar.pattern is not None else []
    return parts + ([f'format: "{scalar.format}"'] if scalar.format is not None else [])


def _range(bounds: model.Bounds | None) -> list[str]:
    if bounds is None:
        return []
    if bounds.low is not None and bounds.low == bounds.high:
        return [str(bounds.low)]
    return ["..".join("" if limit is None else str(limit) for limit in (bounds.low, bounds.high))]


def spell_field(field: model.Field) -> str:
    """Return a field or a parameter with its default."""
    default = f" = {_literal(field.default)}" if field.has_default else ""
    renamed = f"@renamed({json.dumps(field.renamed)}) " if field.renamed is not None else ""
    return f"{renamed}{field.name}: {spell(field.type)}{default}"


def _literal(value: model.Literal | None) -> str:
    match value:
        case model.EnumValue():
            return value.name
        case tuple():
            return f"[{', '.join(_literal(item) for item in value)}]"
        case bytes():
            return "…"
        case _:
            return json.dumps(value, ensure_ascii=False)


def spell_value(value: model.EnumValue) -> str:
    """Return a value of an enum."""
    renamed = f"@renamed({json.dumps(value.renamed)}) " if value.renamed is not None else ""
    return f"{renamed}{value.name}" + (f" = {json.dumps(value.wire)}" if value.wire != value.name else "")


def spell_member(member: model.AnyMember) -> str:
    """Return the first line of a member."""
    match member:
        case model.Rpc():
            stream = "stream " if member.stream else ""
            result = f" -> {stream}{spell(member.result)}" if member.result is not None else ""
            return f"rpc {member.name}{_parameters(member.parameters)}{result}"
        case model.Oneway():
            return f"oneway {member.name}{_parameters(member.parameters)}"
        case model.Subscription():
            return f"subscribes {member.event.name} as {member.name}"
        case model.Route():
            return f'route {member.name} {member.http.method} "{member.http.path}"'
        case model.Socket():
            messages = f"receives {spell(member.receives)} sends {spell(member.sends)}"
            return f'socket {member.name} "{member.http.path}" {messages}'
        case model.Timer():
            return f"timer {member.name}"


def _parameters(parameters: tuple[model.Parameter, ...]) -> str:
    return f"({', '.join(spell_field(each) for each in parameters)})"


def spell_http(http: model.HttpBinding) -> str:
    """Return the clause by which HTTP reaches a member."""
    body = f" body {http.body}" if http.body else ""
    return f'{http.method} "{http.path}"{body} status {http.status}'


KINDS: dict[type, str] = {
    model.Alias: "alias",
    model.Enum: "enum",
    model.Struct: "struct",
    model.Union: "union",
    model.Error: "error",
    model.Event: "event",
    model.Service: "service",
    model.Rpc: "rpc",
    model.Oneway: "oneway",
    model.Subscription: "subscription",
    model.Route: "route",
    model.Socket: "socket",
    model.Timer: "timer",
}
"""What a thing is called, by its class."""


def spell_declaration(declaration: model.Declaration) -> str:
    """Return the beginning of a declaration."""
    closed = "closed " if isinstance(declaration, model.Enum | model.Union) and declaration.closed else ""
    tail = f" = {spell(declaration.type)}" if isinstance(declaration, model.Alias) else ""
    tail = f"({declaration.status})" if isinstance(declaration, model.Error) else tail
    if isinstance(declaration, model.Union):
        tail = f" = {' | '.join(variant.name for variant in declaration.variants)}"
    return f"{closed}{KINDS[type(declaration)]} {declaration.name}{tail}"


def spell_declared(declared: model.Declared) -> str:
    """Return the first line of a declaration or a member."""
    match declared:
        case model.Rpc() | model.Oneway() | model.Subscription() | model.Route() | model.Socket() | model.Timer():
            return spell_member(declared)
        case _:
            assert isinstance(declared, model.Declaration)
            return spell_declaration(declared)


def both_names(old: model.TopLevel, new: model.TopLevel) -> tuple[str, str]:
    """Return the names of a declaration and of its successor, with their packages where these differ."""
    return (old.name, new.name) if old.package == new.package else (old.full_name, new.full_name)


def shape(declaration: model.Declaration) -> tuple[object, ...] | None:
    """Return what two declarations have in common if one is the other under a new name; None if it holds nothing."""
    match declaration:
        case model.Alias():
            inside: tuple[str, ...] = (spell(declaration.type),)
        case model.Enum():
            inside = tuple(spell_value(value) for value in declaration.values)
        case model.Union():
            inside = tuple(variant.name for variant in declaration.variants)
        case model.Service():
            inside = tuple(spell_member(member) for member in declaration.members)
        case _:
            inside = tuple(spell_field(field) for field in declaration.fields)
    # A declaration that holds itself holds its own name.
    own = re.compile(rf"\b{declaration.name}\b")
    return (type(declaration), *(own.sub("·", text) for text in inside)) if inside else None
