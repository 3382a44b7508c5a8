"""Annotations: what each takes, and what it says. Read in one place for rule and builder."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from svcidl import nodes
from svcidl.diagnostics import Diagnostic, Note
from svcidl.model import Delivery, Retry
from svcidl.resolve.annotation_table import DECLARED, PLACES, USAGE, place_of
from svcidl.resolve.constraints import integer_value
from svcidl.resolve.durations import read_duration
from svcidl.suggest import did_you_mean, fixes

_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_MAX_COUNT = 1_000_000
_LONGEST_BACKOFF_MS = 7 * 24 * 3_600_000


@dataclass(slots=True, kw_only=True)
class Annotations:
    """What the annotations of one node say; attributes are named like them, None and False where they are absent."""

    timeout_ms: int | None = None
    idempotent: bool = False
    retry: Retry | None = None
    concurrency: int | None = None
    delivery: Delivery | None = None
    per_instance: bool = False
    auth: str | None = None
    header: str | None = None
    query: str | None = None
    in_query: bool = False
    sensitive: bool = False
    renamed: str | None = None
    tag: str | None = None
    retryable: bool = False
    deprecated: str | None = None
    owner: str | None = None
    problems: list[Diagnostic] = field(default_factory=list)


def read_annotations(node: nodes.Documented, *, parameter: bool = False) -> Annotations:
    """Read the annotations of a node; `parameter` tells a parameter from a field, which are one kind of node."""
    result = Annotations()
    place = place_of(node, parameter=parameter)
    seen: dict[str, nodes.Annotation] = {}
    for annotation in node.annotations:
        name = annotation.name.text
        if name not in PLACES:
            help_ = tuple(line.replace("`", "`@", 1) for line in did_you_mean(name, PLACES))
            help_ = help_ or (f"on {_a(place)} may stand {_listed_names(place)}",)
            result.problems.append(
                Diagnostic(
                    code="E0601",
                    message=f"unknown annotation `@{name}`",
                    span=annotation.name.span,
                    help=help_,
                    fixes=fixes(name, PLACES, annotation.name.span),
                )
            )
        elif place not in PLACES[name]:
            remedy = f"`@{name}` stands on {_listed(PLACES[name])}"
            _problem(result, "E0602", f"`@{name}` has no meaning on {_a(place)}", annotation, remedy)
        elif name in seen:
            note = Note(message="first here", span=seen[name].span)
            message = f"`@{name}` is repeated"
            help_ = ("remove one of the two",)
            found = Diagnostic(code="E0604", message=message, span=annotation.span, help=help_, notes=(note,))
            result.problems.append(found)
        else:
            seen[name] = annotation
            _READERS[name](annotation, result)
    return result


def _listed(places: Iterable[str]) -> str:
    places = list(places)
    if len(places) == len(DECLARED):
        return "anything declared"
    return places[0] if len(places) == 1 else ", ".join(places[:-1]) + " and " + places[-1]


def _listed_names(place: str) -> str:
    names = [f"`@{name}`" for name, places in PLACES.items() if place in places]
    return ", ".join(names) if names else "no annotation"


def _a(place: str) -> str:
    noun = {"subscribes": "subscription", "value": "value of an enum"}.get(place, place)
    return f"an {noun}" if noun[0] in "ae" or noun == "rpc" else f"a {noun}"


def _problem(result: Annotations, code: str, message: str, node: nodes.Node, *help_: str) -> None:
    result.problems.append(Diagnostic(code=code, message=message, span=node.span, help=help_))


def _wrong(annotation: nodes.Annotation, result: Annotations, what: str, node: nodes.Node | None = None) -> None:
    name = annotation.name.text
    _problem(result, "E0603", f"`@{name}` {what}", node or annotation, f"write `{USAGE[name]}`")


# --- readers: one argument of one kind, or none -----------------------------


def _arguments(annotation: nodes.Annotation) -> tuple[nodes.Argument, ...]:
    return annotation.arguments or ()


def _flag(annotation: nodes.Annotation, result: Annotations) -> bool:
    if annotation.arguments is not None:
        _wrong(annotation, result, "takes no arguments")
    return True


def _one(annotation: nodes.Annotation, result: Annotations, what: str) -> nodes.Literal | nodes.Range | None:
    """Return the value of the one positional argument, or report that there is not exactly one."""
    arguments = _arguments(annotation)
    if len(arguments) != 1 or arguments[0].keyword is not None:
        _wrong(annotation, result, f"takes {what}")
        return None
    return arguments[0].value


def _text(annotation: nodes.Annotation, result: Annotations, what: str) -> str | None:
    value = _one(annotation, result, what)
    if value is None:
        return None
    if not isinstance(value, nodes.String):
        _wrong(annotation, result, f"takes {what}", value)
        return None
    if not value.value.strip():
        _wrong(annotation, result, f"takes {what}, not an empty one", value)
        return None
    return value.value


def _count(annotation: nodes.Annotation, result: Annotations, value: nodes.Node, lowest: int) -> int | None:
    if not isinstance(value, nodes.Integer):
        _wrong(annotation, result, "takes an integer", value)
        return None
    count = integer_value(value)
    if count is None or not lowest <= count <= _MAX_COUNT:
        message = f"`@{annotation.name.text}` must lie between {lowest} and {_MAX_COUNT}"
        _problem(result, "E0504", message, value, f"write `{USAGE[annotation.name.text]}`")
        return None
    return count


def _milliseconds(node: nodes.Duration, result: Annotations) -> int | None:
    milliseconds, problem = read_duration(node)
    if problem is not None:
        result.problems.append(problem)
        return None
    return milliseconds


# --- readers: one per annotation --------------------------------------------


def _timeout(annotation: nodes.Annotation, result: Annotations) -> None:
    value = _one(annotation, result, "one duration")
    if isinstance(value, nodes.Duration):
        result.timeout_ms = _milliseconds(value, result)
    elif value is not None:
        _unitless(annotation, result, value)


def _unitless(annotation: nodes.Annotation, result: Annotations, value: nodes.Node) -> None:
    if isinstance(value, nodes.Integer):
        message = f"`{value.text}` lacks its unit"
        _problem(
            result, "E0501", message, value, f"write `{value.text}s` for seconds, `{value.text}ms` for milliseconds"
        )
    else:
        _wrong(annotation, result, "takes one duration", value)


def _retry(annotation: nodes.Annotation, result: Annotations) -> None:
    arguments = _arguments(annotation)
    positional = [argument for argument in arguments if argument.keyword is None]
    keywords = [argument for argument in arguments if argument.keyword is not None]
    if len(positional) != 1 or len(keywords) > 1:
        _wrong(annotation, result, "takes the number of attempts and perhaps a back-off")
        return
    attempts = _count(annotation, result, positional[0].value, 0)
    low = high = None
    for argument in keywords:
        keyword = argument.keyword
        if keyword is None or keyword.text != "backoff":
            help_ = did_you_mean(keyword.text, ("backoff",)) if keyword else ()
            _problem(result, "E0603", "`@retry` has no such argument", argument, *help_, f"write `{USAGE['retry']}`")
        elif isinstance(argument.value, nodes.Range):
            low, high = _backoff(annotation, argument.value, result)
        else:
            _wrong(annotation, result, "takes a back-off from one duration to another", argument.value)
    if attempts is not None:
        result.retry = Retry(attempts=attempts, backoff_from_ms=low, backoff_to_ms=high)


def _backoff(annotation: nodes.Annotation, value: nodes.Range, result: Annotations) -> tuple[int | None, int | None]:
    ends: list[int | None] = []
    for end in (value.low, value.high):
        if isinstance(end, nodes.Duration):
            ends.append(_milliseconds(end, result))
        elif isinstance(end, nodes.Integer):
            _unitless(annotation, result, end)
            ends.append(None)
        else:
            _wrong(annotation, result, "takes a back-off from one duration to another", end or value)
            return None, None
    low, high = ends
    if low is not None and high is not None and low > high:
        remedy = "write the shorter one first: `1s..5m`"
        _problem(result, "E0504", "the back-off is reversed: it starts above its end", value, remedy)
    elif high is not None and high > _LONGEST_BACKOFF_MS:
        _problem(result, "E0504", "a back-off is 7d at the longest", value, "let it end at `7d` or below")
    return low, high


def _concurrency(annotation: nodes.Annotation, result: Annotations) -> None:
    value = _one(annotation, result, "one integer")
    if value is not None:
        result.concurrency = _count(annotation, result, value, 1)


def _delivery(annotation: nodes.Annotation, result: Annotations) -> None:
    value = _one(annotation, result, "one word")
    if value is None:
        return
    if not isinstance(value, nodes.Word):
        _wrong(annotation, result, "takes one word", value)
    elif value.text not in (words := [delivery.value for delivery in Delivery]):
        help_ = did_you_mean(value.text, words) or ("it is `pool`, `broadcast` or `singleton`",)
        _problem(result, "E0504", f"unknown delivery `{value.text}`", value, *help_)
    else:
        result.delivery = Delivery(value.text)


def _auth(annotation: nodes.Annotation, result: Annotations) -> None:
    value = _one(annotation, result, "a scheme in a string, or `none`")
    if isinstance(value, nodes.Word) and value.text == "none":
        result.auth = "none"
    elif isinstance(value, nodes.String) and value.value == "none":
        # The model says "none" for an open member, so that no scheme can have this name.
        message, remedy = "`none` is the name of no scheme", "write `@auth(none)` to open a member"
        _problem(result, "E0603", message, value, remedy)
    elif value is not None:
        result.auth = _text(annotation, result, "a scheme in a string, or `none`")


def _header(annotation: nodes.Annotation, result: Annotations) -> None:
    result.header = _text(annotation, result, "the name of a header in a string")
    if result.header is not None and not _HEADER.fullmatch(result.header):
        remedy = "use letters from `A` to `Z`, digits and `-`: `X-Name`"
        message = f"`{result.header}` cannot be the name of a header"
        _problem(result, "E0406", message, _arguments(annotation)[0], remedy)
        result.header = None


def _query(annotation: nodes.Annotation, result: Annotations) -> None:
    result.in_query = True
    if annotation.arguments is not None:
        result.query = _text(annotation, result, "the name of a query parameter in a string, or nothing")


def _renamed(annotation: nodes.Annotation, result: Annotations) -> None:
    result.renamed = _text(annotation, result, "the former wire name in a string")


def _tag(annotation: nodes.Annotation, result: Annotations) -> None:
    result.tag = _text(annotation, result, "the wire tag in a string")


def _deprecated(annotation: nodes.Annotation, result: Annotations) -> None:
    result.deprecated = _text(annotation, result, "a text that says what to use instead")


def _owner(annotation: nodes.Annotation, result: Annotations) -> None:
    result.owner = _text(annotation, result, "the name of a team in a string")


def _idempotent(annotation: nodes.Annotation, result: Annotations) -> None:
    result.idempotent = _flag(annotation, result)


def _per_instance(annotation: nodes.Annotation, result: Annotations) -> None:
    result.per_instance = _flag(annotation, result)


def _sensitive(annotation: nodes.Annotation, result: Annotations) -> None:
    result.sensitive = _flag(annotation, result)


def _retryable(annotation: nodes.Annotation, result: Annotations) -> None:
    result.retryable = _flag(annotation, result)


_READERS: Mapping[str, Callable[[nodes.Annotation, Annotations], None]] = {
    "timeout": _timeout,
    "idempotent": _idempotent,
    "retry": _retry,
    "concurrency": _concurrency,
    "delivery": _delivery,
    "per_instance": _per_instance,
    "auth": _auth,
    "header": _header,
    "query": _query,
    "sensitive": _sensitive,
    "renamed": _renamed,
    "tag": _tag,
    "retryable": _retryable,
    "deprecated": _deprecated,
    "owner": _owner,
}
