"""HTTP of a member: the path in pieces, where each parameter comes from, the status; found and checked in one place."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from svcidl import nodes
from svcidl.diagnostics import Diagnostic, Fix, Note
from svcidl.model import ParameterSource, PathPart
from svcidl.resolve.annotations import Annotations, read_annotations
from svcidl.resolve.constraints import integer_value
from svcidl.resolve.flaws import place
from svcidl.resolve.program import BUILTIN_SCALARS, Program, shape
from svcidl.suggest import closest, did_you_mean, fixes, replacement

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
ROUTE_METHODS = (*METHODS, "OPTIONS")
_BODYLESS = frozenset(("GET", "HEAD", "DELETE"))
_SEGMENT = re.compile(r"([^{}]*)(?:\{([^{}]*)\}([^{}]*))?")
# RFC 3986 §3.3: what may stand in a segment as it is.
_LITERAL = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@-]*")


@dataclass(slots=True, kw_only=True)
class Taken:
    """Where one parameter comes from."""

    source: ParameterSource
    name: str
    node: nodes.Field


@dataclass(slots=True, kw_only=True)
class Binding:
    """How HTTP reaches one member, and what is wrong with it.

    Attributes:
        parts: None where the path is malformed.
        taken: by parameter, in written order.
    """

    method: str
    path: nodes.String
    parts: tuple[PathPart, ...] | None = None
    status: int = 200
    body: str | None = None
    taken: dict[str, Taken] = field(default_factory=dict)
    span_node: nodes.Node
    problems: list[Diagnostic] = field(default_factory=list)

    def problem(
        self,
        code: str,
        message: str,
        node: nodes.Node,
        *help_: str,
        notes: tuple[Note, ...] = (),
        fixes: tuple[Fix, ...] = (),
    ) -> None:
        """Add a finding."""
        found = Diagnostic(code=code, message=message, span=node.span, help=help_, notes=notes, fixes=fixes)
        self.problems.append(found)

    def in_path(self, code: str, message: str, start: int, text: str, *help_: str, meant: str | None = None) -> None:
        """Add a finding about `text`, which stands at `start` in the path; `meant` is what to write instead."""
        span = place(self.path, start, start + len(text))
        # Where the text has escapes its place is not known, and nothing can be replaced.
        fixes = (replacement(span, meant),) if meant is not None and span != self.path.span else ()
        self.problems.append(Diagnostic(code=code, message=message, span=span, help=help_, fixes=fixes))


def read_binding(program: Program, member: nodes.Member) -> Binding | None:
    """Read how HTTP reaches `member`, None if it does not."""
    if isinstance(member, nodes.Rpc | nodes.Oneway):
        if member.http is None:
            return None
        binding = Binding(method=member.http.method.text, path=member.http.path, span_node=member.http)
        _check_method(binding, member.http.method, METHODS)
        binding.status = _status(binding, member, member.http)
        body = member.http.body
    elif isinstance(member, nodes.Route):
        binding = Binding(method=member.method.text, path=member.path, span_node=member.path)
        _check_method(binding, member.method, ROUTE_METHODS)
        body = None
    elif isinstance(member, nodes.Socket):
        binding = Binding(method="GET", path=member.path, status=101, span_node=member.path)
        body = None
    else:
        return None
    binding.parts = _read_path(binding)
    _Sources(program, member, binding).assign(body)
    return binding


def _check_method(binding: Binding, name: nodes.Name, allowed: tuple[str, ...]) -> None:
    if name.text not in allowed:
        help_ = (*did_you_mean(name.text, allowed), "methods are " + ", ".join(f"`{method}`" for method in allowed))
        near = name.text.upper() in allowed
        fix = fixes(name.text, allowed, name.span)
        message = f"unknown HTTP method `{name.text}`"
        binding.problem("E0407", message, name, *(help_[:1] if near else help_), fixes=fix)
        binding.method = closest(name.text, allowed) or ""


def _status(binding: Binding, member: nodes.Rpc | nodes.Oneway, http: nodes.Http) -> int:
    result = member.result if isinstance(member, nodes.Rpc) else None
    inferred = 202 if isinstance(member, nodes.Oneway) else 200 if result is not None else 204
    if http.status is None:
        return inferred
    status = integer_value(http.status)
    if status is None or not 200 <= status <= 299:
        remedy = "failures are declared: `error Name(404)`, and `throws Name` here"
        binding.problem("E0408", "the status of success must lie between 200 and 299", http.status, remedy)
    elif status in (204, 205) and result is not None:
        message = f"{status} has no body, but this member has a result"
        binding.problem("E0408", message, http.status, "use 200 or 201, or remove the result")
    elif status == 206:
        binding.problem("E0408", "206 answers a range, which only a `route` can do", http.status, "use 200")
    else:
        return status
    return inferred


# --- path ----------------------------------------------------------------------


def _read_path(binding: Binding) -> tuple[PathPart, ...] | None:
    node, text = binding.path, binding.path.value
    if not text.startswith("/"):
        binding.problem("E0401", "a path starts with `/`", node, f'write "/{text}"')
        return None
    if text == "/":
        return ()
    parts = []
    start = 1
    for segment in text[1:].split("/"):
        part = _segment(binding, segment, start)
        if part is None:
            return None
        parts.append(part)
        start += len(segment) + 1
    names = [part.parameter for part in parts if part.parameter is not None]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        shown = f"{{{twice}}}"
        remedy = "give the second one a name of its own"
        binding.in_path("E0401", f"the path names `{shown}` twice", text.rfind(shown), shown, remedy)
        return None
    return tuple(parts)


def _segment(binding: Binding, segment: str, start: int) -> PathPart | None:
    """Read a segment that begins at `start` in the path; report what is wrong with it and return None."""
    if not segment:
        meant = "/" + "/".join(filter(None, binding.path.value.split("/")))
        message = "a path has no empty segment and no `/` at its end"
        binding.in_path("E0401", message, start - 1, "/", f'write "{meant}"')
    elif segment in (".", ".."):
        message = f"`{segment}` cannot be a segment: clients resolve it away"
        binding.in_path("E0401", message, start, segment, "remove it")
    elif segment.count("{") > 1:
        remedy = f'part them by a `/`: "{segment.replace("}", "}/").rstrip("/")}"'
        message = f"`{segment}` holds two parameters: a segment takes one"
        binding.in_path("E0401", message, start, segment, remedy)
    elif (found := _SEGMENT.fullmatch(segment)) is None:
        remedy = "a parameter stands in `{` and `}`: `{id}`"
        binding.in_path("E0401", f"the braces in `{segment}` do not match", start, segment, remedy)
    elif not _LITERAL.fullmatch(found.group(1) + (found.group(3) or "")):
        _foreign_character(binding, found, start)
    elif found.group(2) == "":
        remedy = "write the parameter's name in it: `{id}`"
        binding.in_path("E0401", "`{}` names no parameter", start + found.start(2) - 1, "{}", remedy)
    else:
        return PathPart(prefix=found.group(1), parameter=found.group(2), suffix=found.group(3) or "")
    return None


def _foreign_character(binding: Binding, segment: re.Match[str], start: int) -> None:
    """Report the first character of a segment that cannot stand in a path."""
    literal = [*range(*segment.span(1)), *(range(*segment.span(3)) if segment.group(3) else ())]
    index = next(index for index in literal if not _LITERAL.fullmatch(segment.string[index]))
    bad = segment.string[index]
    if bad == "?":
        remedy = "parameters that are not in the path are taken from the query by themselves"
        binding.in_path("E0401", "a path holds no query", start + index, bad, remedy)
    else:
        remedy = "use letters, digits and `-._~`; what callers send may be anything in a parameter: `{name}`"
        binding.in_path("E0401", f"{_shown(bad)} cannot stand in a path", start + index, bad, remedy)


def _named(parameters: Mapping[str, nodes.Field]) -> str:
    if not parameters:
        return "add it to the parameters"
    return "parameters are " + ", ".join(f"`{name}`" for name in parameters)


def _shown(character: str) -> str:
    return f"`{character}`" if character.isprintable() and character != " " else f"U+{ord(character):04X}"


# --- parameters ------------------------------------------------------------------


class _Sources:
    """Gives each parameter of one member its place in the request."""

    def __init__(self, program: Program, member: nodes.Member, binding: Binding) -> None:
        self._program = program
        self._member = member
        self._binding = binding
        self._parameters: dict[str, nodes.Field] = {}
        for parameter in getattr(member, "parameters", ()):
            self._parameters.setdefault(parameter.name.text, parameter)

    def assign(self, body: nodes.Name | None) -> None:
        binding = self._binding
        in_path = {part.parameter for part in binding.parts or () if part.parameter is not None}
        for name in sorted(in_path - self._parameters.keys()):
            self._unknown_in_path(name)
        has_body = self._check_body(body)
        # A path that could not be read would make every parameter look misplaced.
        if binding.parts is None:
            return
        for name, parameter in self._parameters.items():
            annotations = read_annotations(parameter, parameter=True)
            source, source_name = self._source(parameter, annotations, name in in_path, body, has_body)
            binding.taken[name] = Taken(source=source, name=source_name, node=parameter)
            self._check(parameter, source)
        self._check_distinct()

    def _unknown_in_path(self, name: str) -> None:
        if name in self._lost():
            return
        meant = name.strip() if name.strip() in self._parameters else closest(name, self._parameters)
        shown = f"{{{name}}}"
        remedy = f"did you mean `{meant}`?" if meant is not None else f"add `{name}` to the parameters"
        if meant == name.strip():
            remedy = f"write `{{{meant}}}`, without spaces"
        self._binding.in_path(
            "E0402",
            f"the path names `{shown}`, which is no parameter",
            self._binding.path.value.find(shown),
            shown,
            remedy,
            meant=None if meant is None else f"{{{meant}}}",
        )

    def _lost(self) -> frozenset[str]:
        path = self._member.span.file
        return next((unit.file.lost for unit in self._program.units if unit.file.source.path == path), frozenset())

    def _check_body(self, body: nodes.Name | None) -> bool:
        """Check the `body` clause; tell whether one parameter is meant to be the whole body."""
        if body is None:
            return False
        if self._binding.method in _BODYLESS:
            self._binding.problem("E0404", f"{self._binding.method} has no body", body, "use `POST`, `PUT` or `PATCH`")
            return True
        if body.text not in self._parameters:
            if body.text not in self._lost():
                help_ = did_you_mean(body.text, self._parameters) or (_named(self._parameters),)
                self._binding.problem("E0404", f"`{body.text}` is no parameter", body, *help_)
            return True
        return True

    def _source(
        self, parameter: nodes.Field, annotations: Annotations, in_path: bool, body: nodes.Name | None, has_body: bool
    ) -> tuple[ParameterSource, str]:
        name = parameter.name.text
        is_body = has_body and body is not None and body.text == name
        wanted = [
            *([(ParameterSource.PATH, name)] if in_path else []),
            *([(ParameterSource.BODY, name)] if is_body else []),
            *([(ParameterSource.HEADER, annotations.header)] if annotations.header is not None else []),
            *([(ParameterSource.QUERY, annotations.query or name)] if annotations.in_query else []),
        ]
        if len(wanted) > 1:
            first, second = wanted[0][0], wanted[1][0]
            message = f"`{name}` is taken from the {first} and from the {second}"
            self._binding.problem("E0410", message, parameter.name, "remove one of the two")
        if wanted:
            return wanted[0]
        if not isinstance(self._member, nodes.Rpc | nodes.Oneway) or self._binding.method in _BODYLESS:
            return ParameterSource.QUERY, name
        if has_body and body is not None and body.text in self._parameters:
            message = f"`{name}` has no place in the request: `{body.text}` is the whole body"
            help_ = "give it a place in the path, `@header(…)` or `@query`"
            self._binding.problem("E0410", message, parameter.name, help_)
            return ParameterSource.QUERY, name
        return ParameterSource.BODY_FIELD, name

    def _check(self, parameter: nodes.Field, source: ParameterSource) -> None:
        target = shape(self._program, parameter.type)
        kind, name = target.kind, parameter.name.text
        simple = kind in BUILTIN_SCALARS or kind in ("enum", "unknown")
        problem = self._binding.problem
        if source is ParameterSource.PATH:
            if not simple:
                remedy = "use a scalar or an enum, or remove it from the path"
                problem("E0403", f"`{name}` stands in the path and must be a scalar or an enum", parameter.type, remedy)
            elif parameter.type.optional:
                remedy = "remove the `?`: without it there is no such path"
                problem("E0403", f"`{name}` stands in the path and cannot be optional", parameter.type, remedy)
            elif parameter.default is not None:
                remedy = "remove the default: without the parameter there is no such path"
                problem("E0403", f"`{name}` stands in the path and cannot have a default", parameter.default, remedy)
        elif source is ParameterSource.HEADER and not simple:
            remedy = "a header carries one value: use `@query` or the body"
            problem("E0406", f"`{name}` is a header and must be a scalar or an enum", parameter.type, remedy)
        elif source is ParameterSource.QUERY and not (simple or self._repeatable(target.use, kind)):
            help_ = "a query carries scalars, enums, and lists or sets of them; a body of `POST` carries anything"
            problem("E0405", f"`{name}` is taken from the query, which cannot carry its type", parameter.type, help_)

    def _repeatable(self, use: nodes.TypeUse, kind: str) -> bool:
        if kind not in ("list", "set") or not use.arguments:
            return kind in ("list", "set")
        item = use.arguments[0]
        inner = shape(self._program, item).kind
        return (inner in BUILTIN_SCALARS or inner in ("enum", "unknown")) and not item.optional

    def _check_distinct(self) -> None:
        seen: dict[tuple[ParameterSource, str], Taken] = {}
        for taken in self._binding.taken.values():
            name = taken.name.lower() if taken.source is ParameterSource.HEADER else taken.name
            other = seen.setdefault((taken.source, name), taken)
            if other is not taken:
                both = f"`{other.node.name.text}` and `{taken.node.name.text}`"
                message = f"{both} are taken from one {taken.source} `{taken.name}`"
                note = Note(message="the other one", span=other.node.name.span)
                help_ = "give one of the two another name"
                self._binding.problem("E0410", message, taken.node.name, help_, notes=(note,))


def sources(binding: Binding | None) -> Mapping[str, Taken]:
    """Return where the parameters come from, nothing for a member that HTTP does not reach."""
    return binding.taken if binding is not None else {}
