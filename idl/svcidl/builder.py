"""From rules of the grammar to nodes: one method per rule, called by the parser while it reads."""

import re
from typing import Any

from svcidl import nodes
from svcidl.diagnostics import Diagnostic
from svcidl.source import SourceFile, Span

MAX_TYPE_DEPTH = 16
"""How deep `<…>` may nest: no contract needs more, and every later stage may recurse over a type."""

_ESCAPE = re.compile(r"\\(?:u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|(.))")
_SIMPLE_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


class Builder:
    """Builds the nodes of one file; `children` are what the rule's symbols built, None where an optional is absent.

    Attributes:
        source: the file being read.
        problems: what only the text of a token shows (escapes, depth, order before a declaration).
    """

    def __init__(self) -> None:
        self.source = SourceFile("", "", "")
        self.problems: list[Diagnostic] = []

    def start(self, source: SourceFile) -> None:
        """Forget the last file and begin `source`."""
        self.source = source
        self.problems = []

    # --- spans ------------------------------------------------------------

    def _span(self, token: Any) -> Span:
        return Span(
            file=self.source.path,
            start=token.start_pos,
            end=token.end_pos,
            line=token.line,
            column=token.column,
            end_line=token.end_line,
            end_column=token.end_column,
        )

    def _over(self, first: Any, last: Any) -> Span:
        """Return the span from a node or token to another; both carry their places under different names."""
        a = first.span if isinstance(first, nodes.Node) else self._span(first)
        b = last.span if isinstance(last, nodes.Node) else self._span(last)
        return Span(
            file=a.file,
            start=a.start,
            end=b.end,
            line=a.line,
            column=a.column,
            end_line=b.end_line,
            end_column=b.end_column,
        )

    # --- file ---------------------------------------------------------------

    def file(self, c: list[Any]) -> nodes.File:
        doc, keyword, package, *rest = c
        return nodes.File(
            span=self._over(keyword, rest[-1] if rest else package),
            doc=doc,
            package=package,
            imports=tuple(node for node in rest if isinstance(node, nodes.ImportAs | nodes.ImportNames)),
            declarations=tuple(node for node in rest if isinstance(node, nodes.Declaration)),
        )

    def docs(self, c: list[Any]) -> str:
        return _doc_text(c)

    def path(self, c: list[Any]) -> nodes.Ref:
        return nodes.Ref(span=self._over(c[0], c[-1]), parts=tuple(c))

    ref = path

    def import_as(self, c: list[Any]) -> nodes.ImportAs:
        return nodes.ImportAs(span=self._over(c[0], c[3]), path=self.string([c[1]]), name=c[3])

    def import_names(self, c: list[Any]) -> nodes.ImportNames:
        return nodes.ImportNames(span=self._over(c[0], c[-1]), path=self.string([c[1]]), picks=tuple(c[3:-1]))

    def pick(self, c: list[Any]) -> nodes.Pick:
        imported, _, name = c
        return nodes.Pick(span=self._over(imported, name or imported), imported=imported, name=name or imported)

    # --- names and literals ---------------------------------------------------

    def ident(self, c: list[Any]) -> nodes.Name:
        return nodes.Name(span=self._span(c[0]), text=str(c[0]))

    ident_stream = ident

    def word(self, c: list[Any]) -> nodes.Word:
        return nodes.Word(span=c[0].span, text=c[0].text)

    def integer(self, c: list[Any]) -> nodes.Integer:
        return nodes.Integer(span=self._span(c[0]), text=str(c[0]))

    def float(self, c: list[Any]) -> nodes.Float:
        return nodes.Float(span=self._span(c[0]), text=str(c[0]))

    def duration(self, c: list[Any]) -> nodes.Duration:
        return nodes.Duration(span=self._span(c[0]), text=str(c[0]))

    def string(self, c: list[Any]) -> nodes.String:
        token = c[0]
        text = str(token)[1:-1]
        if "\\" in text:
            text = _ESCAPE.sub(lambda found: self._unescape(found, token.start_pos + 1), text)
        return nodes.String(span=self._span(token), value=text)

    def _unescape(self, found: re.Match[str], offset: int) -> str:
        high, low, code, simple = found.groups()
        if high is not None:
            return chr(0x10000 + ((int(high, 16) - 0xD800) << 10) + (int(low, 16) - 0xDC00))
        if code is not None and not 0xD800 <= int(code, 16) <= 0xDFFF:
            return chr(int(code, 16))
        if code is None and simple in _SIMPLE_ESCAPES:
            return _SIMPLE_ESCAPES[simple]
        place = self.source.span(offset + found.start(), offset + found.end())
        self.problems.append(_escape_problem(found.group(), simple, place))
        return "\ufffd"

    def list_literal(self, c: list[Any]) -> nodes.ListLiteral:
        return nodes.ListLiteral(span=self._over(c[0], c[-1]), items=_present(c[1:-1]))

    def map_literal(self, c: list[Any]) -> nodes.MapLiteral:
        return nodes.MapLiteral(span=self._over(c[0], c[-1]))

    def range(self, c: list[Any]) -> nodes.Range:
        low, dots, high = c
        return nodes.Range(span=self._over(low or dots, high or dots), low=low, high=high)

    # --- types, arguments, annotations -----------------------------------------

    def type(self, c: list[Any]) -> nodes.TypeUse:
        ref, arguments, constraints, *marks = c
        depth = 1 + max((item.depth for item in arguments[1]), default=0) if arguments else 1
        last = marks[-1] if marks else constraints or arguments or ref
        span = self._over(ref, last[2] if isinstance(last, tuple) else last)
        if depth > MAX_TYPE_DEPTH:
            return self._too_deep(ref, arguments[1], span)
        return nodes.TypeUse(
            span=span,
            ref=ref,
            arguments=arguments[1] if arguments else None,
            constraints=constraints[1] if constraints else None,
            optional=tuple(map(self._span, marks)),
            depth=depth,
        )

    def _too_deep(self, ref: nodes.Ref, arguments: tuple[nodes.TypeUse, ...], span: Span) -> nodes.TypeUse:
        if not any(item.depth > MAX_TYPE_DEPTH for item in arguments):
            message = f"types nest deeper than {MAX_TYPE_DEPTH} levels"
            remedy = "name the inner types with `alias` or `struct`"
            self.problems.append(Diagnostic(code="E0109", message=message, span=ref.span, help=(remedy,)))
        # Standing in for the whole type, so that nothing deep is ever built and no later stage can overflow.
        any_ref = nodes.Ref(span=ref.span, parts=(nodes.Name(span=ref.span, text="any"),))
        return nodes.TypeUse(span=span, ref=any_ref, depth=MAX_TYPE_DEPTH + 1)

    def targs(self, c: list[Any]) -> tuple[Any, tuple[nodes.TypeUse, ...], Any]:
        return c[0], tuple(c[1:-1]), c[-1]

    def args(self, c: list[Any]) -> tuple[Any, tuple[nodes.Argument, ...], Any]:
        return c[0], _present(c[1:-1]), c[-1]

    def positional(self, c: list[Any]) -> nodes.Argument:
        return nodes.Argument(span=c[0].span, value=c[0])

    def keyword(self, c: list[Any]) -> nodes.Argument:
        return nodes.Argument(span=self._over(c[0], c[1]), keyword=c[0], value=c[1])

    def annotation(self, c: list[Any]) -> nodes.Annotation:
        at, name, arguments = c
        return nodes.Annotation(
            span=self._over(at, arguments[2] if arguments else name),
            name=name,
            arguments=arguments[1] if arguments else None,
        )

    def lead(self, c: list[Any]) -> dict[str, Any]:
        annotations = tuple(item for item in c if isinstance(item, nodes.Annotation))
        lines = [item for item in c if not isinstance(item, nodes.Annotation)]
        is_late = annotations and lines and lines[-1].start_pos > annotations[0].span.start
        if is_late and not self._glued(annotations[0]):
            late = next(line for line in lines if line.start_pos > annotations[0].span.start)
            message = "documentation stands after an annotation"
            remedy = "the order is documentation, annotations, declaration"
            self.problems.append(Diagnostic(code="E0111", message=message, span=self._span(late), help=(remedy,)))
        return {"first": c[0], "doc": _doc_text(lines), "annotations": annotations}

    def _glued(self, annotation: nodes.Annotation) -> bool:
        """Tell whether it stands behind something on its line: the separator that is missing there is told."""
        start = annotation.span.start
        before = self.source.text[start - annotation.span.column + 1 : start].rstrip()
        return before != "" and before[-1] not in "{,"

    def _lead(self, lead: dict[str, Any] | None, first: Any, last: Any) -> dict[str, Any]:
        """Return what every documented node takes from what stands before it."""
        if lead is None:
            return {"span": self._over(first, last)}
        return {"span": self._over(lead["first"], last), "doc": lead["doc"], "annotations": lead["annotations"]}

    # --- bodies -----------------------------------------------------------------

    def body(self, c: list[Any]) -> dict[str, Any]:
        return {**(c[1] or {"fields": (), "reserved": ()}), "end": c[2]}

    def fields(self, c: list[Any]) -> dict[str, Any]:
        return {"fields": _only(c, nodes.Field), "reserved": _only(c, nodes.Reserved)}

    def values(self, c: list[Any]) -> dict[str, Any]:
        return {"values": _only(c, nodes.EnumValue), "reserved": _only(c, nodes.Reserved)}

    def field(self, c: list[Any]) -> nodes.Field:
        lead, name, type_, default = c
        return nodes.Field(**self._lead(lead, name, default or type_), name=name, type=type_, default=default)

    def value(self, c: list[Any]) -> nodes.EnumValue:
        lead, name, wire = c
        wire = self.string([wire]) if wire else None
        return nodes.EnumValue(**self._lead(lead, name, wire or name), name=name, wire=wire)

    def reserved(self, c: list[Any]) -> nodes.Reserved:
        return nodes.Reserved(span=self._over(c[0], c[-1]), names=tuple(c[2:-1]))

    # --- declarations: each rule returns (class, first, last, attributes), and `decl` adds what stands before -----

    def decl(self, c: list[Any]) -> nodes.Node:
        lead, (cls, first, last, attributes) = c
        node: nodes.Node = cls(**self._lead(lead, first, last), **attributes)
        return node

    def alias(self, c: list[Any]) -> tuple[Any, ...]:
        return nodes.Alias, c[0], c[2], {"name": c[1], "type": c[2]}

    def enum(self, c: list[Any]) -> tuple[Any, ...]:
        closed, keyword, name, _, values, end = c
        attributes = {"name": name, "closed": closed is not None, **(values or {"values": ()})}
        return nodes.Enum, closed or keyword, end, attributes

    def struct(self, c: list[Any]) -> tuple[Any, ...]:
        return nodes.Struct, c[0], c[2].pop("end"), {"name": c[1], **c[2]}

    def event(self, c: list[Any]) -> tuple[Any, ...]:
        return nodes.Event, c[0], c[2].pop("end"), {"name": c[1], **c[2]}

    def union(self, c: list[Any]) -> tuple[Any, ...]:
        closed, keyword, name, *rest = c
        attributes = {
            "name": name,
            "closed": closed is not None,
            "variants": _only(rest, nodes.Ref),
            "reserved": _only(rest, nodes.Reserved),
        }
        return nodes.Union, closed or keyword, rest[-1], attributes

    def error(self, c: list[Any]) -> tuple[Any, ...]:
        keyword, name, _, status, right, template, body = c
        body = body or {}
        attributes = {
            "name": name,
            "status": self.integer([status]),
            "template": self.string([template]) if template else None,
        }
        last = body.pop("end", template or right)
        return nodes.Error, keyword, last, {**attributes, **body}

    def service(self, c: list[Any]) -> tuple[Any, ...]:
        entries = c[3:-1]
        members = tuple(entry for entry in entries if not isinstance(entry, nodes.Reserved))
        return (
            nodes.Service,
            c[0],
            c[-1],
            {"name": c[1], "members": members, "reserved": _only(entries, nodes.Reserved)},
        )

    # --- members --------------------------------------------------------------------

    def member(self, c: list[Any]) -> nodes.Node:
        return c[0] if isinstance(c[0], nodes.Reserved) else self.decl(c)

    def rpc(self, c: list[Any]) -> tuple[Any, ...]:
        keyword, name, parameters, result, throws, http = c
        attributes = {
            "name": name,
            "parameters": parameters[1],
            "result": result[1] if result else None,
            "stream": bool(result and result[0]),
            "throws": throws or (),
            "http": http,
        }
        last = http or (throws[-1] if throws else result[1] if result else parameters[2])
        return nodes.Rpc, keyword, last, attributes

    def oneway(self, c: list[Any]) -> tuple[Any, ...]:
        keyword, name, parameters, http = c
        return nodes.Oneway, keyword, http or parameters[2], {"name": name, "parameters": parameters[1], "http": http}

    params = args

    def result(self, c: list[Any]) -> tuple[Any, nodes.TypeUse]:
        return c[1], c[2]

    def throws(self, c: list[Any]) -> tuple[nodes.Ref, ...]:
        return tuple(c[1:])

    def http(self, c: list[Any]) -> nodes.Http:
        keyword, method, path, body_keyword, body, status_keyword, status = c
        return nodes.Http(
            span=self._over(keyword, status or body or path),
            method=method,
            path=self.string([path]),
            body=body if body_keyword else None,
            status=self.integer([status]) if status_keyword else None,
        )

    def publishes(self, c: list[Any]) -> tuple[Any, ...]:
        return nodes.Publishes, c[0], c[-1], {"events": tuple(c[1:])}

    def subscribes(self, c: list[Any]) -> tuple[Any, ...]:
        return nodes.Subscription, c[0], c[3], {"event": c[1], "name": c[3]}

    def uses(self, c: list[Any]) -> tuple[Any, ...]:
        keyword, service, _, name = c
        attributes = {"service": service, "name": name or service.parts[-1], "renamed": name is not None}
        return nodes.Use, keyword, name or service, attributes

    def route(self, c: list[Any]) -> tuple[Any, ...]:
        keyword, name, method, path, parameters = c
        attributes = {
            "name": name,
            "method": method,
            "path": self.string([path]),
            "parameters": parameters[1] if parameters else (),
        }
        return nodes.Route, keyword, parameters[2] if parameters else path, attributes

    def socket(self, c: list[Any]) -> tuple[Any, ...]:
        keyword, name, path, parameters, _, receives, _, sends = c
        attributes = {
            "name": name,
            "path": self.string([path]),
            "parameters": parameters[1] if parameters else (),
            "receives": receives,
            "sends": sends,
        }
        return nodes.Socket, keyword, sends, attributes

    def timer_every(self, c: list[Any]) -> tuple[Any, ...]:
        return nodes.Timer, c[0], c[3], {"name": c[1], "every": c[3]}

    def timer_cron(self, c: list[Any]) -> tuple[Any, ...]:
        keyword, name, _, cron, _, tz = c
        attributes = {"name": name, "cron": self.string([cron]), "tz": self.string([tz]) if tz else None}
        return nodes.Timer, keyword, tz or cron, attributes


def _present(items: list[Any]) -> tuple[Any, ...]:
    return tuple(item for item in items if item is not None)


def _only(items: list[Any], cls: type[nodes.Node]) -> tuple[Any, ...]:
    return tuple(item for item in items if isinstance(item, cls))


def _doc_text(lines: list[Any]) -> str:
    """Return the text of documentation lines without the slashes and the one space after them."""
    return "\n".join(str(line)[3:].removeprefix(" ").rstrip() for line in lines).strip("\n")


def _escape_problem(text: str, simple: str | None, span: Span) -> Diagnostic:
    if simple is None:
        message, remedy = f"`{text}` is half of a surrogate pair", "write both halves, or the character itself"
    elif simple == "u":
        message, remedy = "`\\u` needs four hexadecimal digits", "write `\\u00e9`, or the character itself"
    else:
        message = f"`{text}` is no escape in a string"
        remedy = f"write `\\\\{simple}` for a backslash and `{simple}`"
        if not simple.isalnum():
            remedy = f"write `\\\\{simple}` for a backslash and `{simple}`, or `{simple}` alone"
    return Diagnostic(code="E0105", message=message, span=span, help=(remedy,))
