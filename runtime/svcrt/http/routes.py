"""One route map for all services of a process, on werkzeug's router."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import unquote

from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import BaseConverter, Map, Rule

from svcrt.contract import HttpBinding
from svcrt.errors import StartError
from svcrt.http.problems import Problem, Refusal, unreadable
from svcrt.http.templates import EMPTY, Order, Segment, compare, parse, spelled

__all__ = ["Match", "RouteMap"]

EndpointT = TypeVar("EndpointT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Match(Generic[EndpointT]):
    """What a request leads to, with the decoded texts of its path parameters."""

    endpoint: EndpointT
    parameters: Mapping[str, str]


class _Text(BaseConverter):
    """One or more characters in the spelling of `templates`; whole ones, so that no literal begins inside `%3A`."""

    regex = "(?:[A-Za-z0-9._~-]|%[0-9A-F]{2})+"

    def to_python(self, value: str) -> str:
        return unquote(value, errors="strict")


@dataclass(frozen=True, slots=True)
class _Known:
    owner: str
    binding: HttpBinding
    segments: tuple[Segment, ...]


class RouteMap(Generic[EndpointT]):
    """Finds the endpoint of a request.

    A literal segment beats a parameter, longer literal text beats shorter. A trailing slash counts. HEAD is taken by
    the GET route where nothing declares it.
    """

    def __init__(self) -> None:
        self._known: list[_Known] = []
        self._rules: list[Rule] = []
        self._map: Map | None = None

    def add(self, owner: str, binding: HttpBinding, endpoint: EndpointT) -> None:
        """Add a route.

        Args:
            owner: full name of the member, for messages.
            binding: its method and path.
            endpoint: what `match` gives back.

        Raises:
            StartError: the path cannot be read, or another route can match the same requests and neither is the more
                specific.
        """
        try:
            segments = parse(binding.path)
        except ValueError as error:
            raise StartError(f"`{owner}` has a path that cannot be served, `{binding.path}`: {error}") from None
        for known in self._known:
            if known.binding.method != binding.method:
                continue
            if compare(known.segments, segments) in (Order.SAME, Order.CROSSING):
                raise StartError(
                    f"`{known.owner}` ({binding.method} {known.binding.path}) and `{owner}` ({binding.method} "
                    f"{binding.path}) match the same requests; change one path, or run the services apart"
                )
        self._known.append(_Known(owner, binding, segments))
        rule = Rule(_rule(segments), methods=[binding.method], endpoint=endpoint)
        # werkzeug lets GET rules take HEAD as well and the first rule wins: one that declares HEAD has to come first.
        self._rules.insert(0, rule) if binding.method == "HEAD" else self._rules.append(rule)
        self._map = None

    def match(self, method: str, path: str) -> Match[EndpointT]:
        """Find the endpoint.

        Args:
            method: the request's, as it came.
            path: the request's, percent-encoded as it came, without query.

        Raises:
            Refusal: 400 for a path that is no UTF-8, 404, or 405 with `Allow`.
        """
        adapter = self._bound().bind("")
        try:
            endpoint, parameters = adapter.match(_request_path(path), method=method)
        except UnicodeDecodeError:
            raise Refusal(unreadable("The path is not UTF-8 text.")) from None
        except MethodNotAllowed as error:
            raise _not_allowed(error.valid_methods or ()) from None
        except NotFound:
            raise Refusal(Problem(status=404, detail="There is nothing here.")) from None
        if method != method.upper():
            # werkzeug folds the case; RFC 9110 does not.
            raise _not_allowed(self._allowed(path))
        return Match(endpoint=endpoint, parameters=parameters)

    def options(self, path: str) -> str:
        """Return the value of `Allow` for `path`, or for all paths (`*`): what OPTIONS is answered with.

        Empty where there is no such path, or where a route declares OPTIONS itself.
        """
        if path == "*":
            return _allow(known.binding.method for known in self._known)
        allowed = self._allowed(path)
        return "" if "OPTIONS" in allowed else _allow(allowed)

    def _allowed(self, path: str) -> set[str]:
        return set(self._bound().bind("").allowed_methods(_request_path(path)))

    def _bound(self) -> Map:
        if self._map is None:
            self._map = Map(
                [rule.empty() for rule in self._rules],
                converters={"default": _Text},
                strict_slashes=False,
                merge_slashes=False,
                redirect_defaults=False,
            )
        return self._map


def _not_allowed(allowed: Iterable[str]) -> Refusal:
    listed = _allow(allowed)
    return Refusal(Problem(status=405, detail=f"This takes {listed}.", headers=(("Allow", listed),)))


def _allow(methods: Iterable[str]) -> str:
    given = set(methods)
    if "GET" in given:
        given.add("HEAD")
    return ", ".join(sorted(given | {"OPTIONS"})) if given else ""


def _rule(segments: tuple[Segment, ...]) -> str:
    return "".join(
        f"/{segment.prefix}" if segment.parameter is None else f"/{segment.prefix}<{segment.parameter}>{segment.suffix}"
        for segment in segments
    )


def _request_path(path: str) -> str:
    if not path.startswith("/"):
        return f"/{EMPTY}{EMPTY}"  # matches no rule
    return "/" + "/".join(spelled(segment) for segment in path[1:].split("/"))
