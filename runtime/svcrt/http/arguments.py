"""From a request to the arguments of a member: path, query, header and body in one strict reading, every fault told."""

import types
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Union, get_args, get_origin
from urllib.parse import parse_qsl

import msgspec
from werkzeug.wrappers import Request

from svcrt.codec import Text, codec
from svcrt.contract import HttpBinding, HttpParameter, Source
from svcrt.errors import Fault, InvalidValue
from svcrt.http.problems import Problem, Refusal, invalid, unreadable
from svcrt.structs import Renamed

__all__ = ["ArgumentReader"]

_BODILESS = ("GET", "HEAD", "DELETE")
_MAX_QUERY_FIELDS = 1000
_SHOWN = 60

_Found = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parameter:
    """One parameter: where it comes from, its former wire name, whether it may be repeated."""

    binding: HttpParameter
    old: str | None
    is_many: bool


class ArgumentReader:
    """Reads the arguments of one member.

    Args:
        arguments: the member's arguments struct.
        binding: its HTTP binding.
        is_raw: whether the method gets the request itself; its body then is not touched unless parameters are in it.
    """

    def __init__(self, arguments: type[msgspec.Struct], binding: HttpBinding, *, is_raw: bool = False) -> None:
        infos = {info.encode_name: info for info in msgspec.structs.fields(arguments)}
        self._codec = codec(arguments)
        self._parameters = [
            _Parameter(binding=each, old=_old_name(infos[each.name].type), is_many=_is_many(infos[each.name].type))
            for each in binding.parameters
        ]
        self._by_name = {each.binding.name: each for each in self._parameters}
        self._by_name |= {each.old: each for each in self._parameters if each.old and each.old not in self._by_name}
        self._query = self._from(Source.QUERY)
        self._headers = self._from(Source.HEADER)
        self._body = next((each for each in self._parameters if each.binding.source is Source.BODY), None)
        has_members = any(each.binding.source is Source.BODY_FIELD for each in self._parameters)
        self._reads_body = self._body is not None or has_members or not is_raw
        self._takes_body = self._body is not None or has_members or binding.method not in _BODILESS

    def _from(self, source: Source) -> Mapping[str, tuple[str, _Parameter]]:
        """Return the parameters of one source by key, each with the wire name under which the codec expects it."""
        found = {}
        for each in self._parameters:
            if each.binding.source is source:
                found[each.binding.key] = (each.binding.name, each)
                if each.old is not None and each.binding.key == each.binding.name:
                    found.setdefault(each.old, (each.old, each))
        return found

    def read(self, request: Request, path: Mapping[str, str]) -> msgspec.Struct:
        """Return the arguments.

        Args:
            request: the request; its body is read here if it holds parameters.
            path: the texts of the path parameters.

        Raises:
            Refusal: 422 with every fault; 400, 408, 413 or 415 for a body that cannot be read.
        """
        faults: list[tuple[str, Fault]] = []
        found: _Found = {}
        if self._reads_body:
            self._take_body(request, found, faults)
        self._take_query(request, found, faults)
        self._take_headers(request, found, faults)
        for each in self._parameters:
            if each.binding.source is Source.PATH:
                found[each.binding.name] = Text(path[each.binding.key])
        try:
            arguments: msgspec.Struct = self._codec.convert(found, strict=True)
        except InvalidValue as error:
            told = {fault.path for _, fault in faults}
            placed = (self._placed(fault) for fault in error.faults)
            faults += [(part, fault) for part, fault in placed if fault.path not in told]
        if faults:
            raise Refusal(invalid(tuple(faults)))
        return arguments

    def _take_query(self, request: Request, found: _Found, faults: list[tuple[str, Fault]]) -> None:
        values: dict[str, list[Text]] = {}
        for key, value in _query(request):
            values.setdefault(key, []).append(Text(value))
        for key, texts in values.items():
            if key not in self._query:
                faults.append(("query", Fault(_shown(key), "is no parameter of this request")))
                continue
            name, parameter = self._query[key]
            if len(texts) > 1 and not parameter.is_many:
                faults.append(("query", Fault(key, f"is given {len(texts)} times; once would be right")))
            found[name] = texts if parameter.is_many else texts[0]

    def _take_headers(self, request: Request, found: _Found, faults: list[tuple[str, Fault]]) -> None:
        for key, (name, _) in self._headers.items():
            value = request.headers.get(key)
            if value is None:
                continue
            try:
                # PEP 3333 hands every byte over as one character.
                found[name] = Text(value.encode("latin-1").decode())
            except UnicodeDecodeError:
                found[name] = Text("")
                faults.append(("header", Fault(key, "must be UTF-8 text")))

    def _take_body(self, request: Request, found: _Found, faults: list[tuple[str, Fault]]) -> None:
        data = _json_body(request, takes_body=self._takes_body)
        if not data:
            return
        try:
            value = codec(Any).decode(data)
        except InvalidValue as error:
            raise Refusal(unreadable(f"The body {error.faults[0].message}.")) from None
        if self._body is not None:
            found[self._body.binding.name] = value
        elif not isinstance(value, dict):
            faults.append(("body", Fault("$", "must be an object")))
        else:
            for name, member in value.items():
                parameter = self._by_name.get(name)
                if parameter is not None and parameter.binding.source is not Source.BODY_FIELD:
                    # It is a parameter, but not one of the body: two places must not contradict each other.
                    faults.append(("body", Fault(f"$.{name}", f"belongs into the {parameter.binding.source.value}")))
                else:
                    found[name] = member

    def _placed(self, fault: Fault) -> tuple[str, Fault]:
        """Turn a path within the arguments struct into the part of the request and the place there."""
        rest = fault.path[2:] if fault.path.startswith("$.") else ""
        name = rest.split(".")[0].split("[")[0]
        parameter = self._by_name.get(name)
        if parameter is None or parameter.binding.source is Source.BODY_FIELD:
            return "body", fault
        below = rest[len(name) :]
        if parameter.binding.source is Source.BODY:
            return "body", Fault(f"${below}", fault.message)
        return parameter.binding.source.value, Fault(f"{parameter.binding.key}{below}", fault.message)


def _query(request: Request) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            request.environ.get("QUERY_STRING", ""),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MAX_QUERY_FIELDS,
        )
    except UnicodeDecodeError:
        raise Refusal(unreadable("The query is not UTF-8 text.")) from None
    except ValueError:
        raise Refusal(unreadable(f"The query has more than {_MAX_QUERY_FIELDS} fields.")) from None


def _json_body(request: Request, *, takes_body: bool) -> bytes:
    has_length = request.environ.get("CONTENT_LENGTH") not in (None, "", "0")
    if not has_length and not request.environ.get("HTTP_TRANSFER_ENCODING"):
        return b""
    if not takes_body:
        raise Refusal(Problem(status=400, detail=f"{request.method} takes no body here.", close=True))
    kind = request.mimetype
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    coding = request.headers.get("Content-Encoding", "identity").lower()
    if kind != "application/json" or charset not in ("utf-8", "utf8") or coding != "identity":
        detail = "The body must be `application/json` in UTF-8, uncompressed, and `Content-Type` must say so."
        raise Refusal(Problem(status=415, detail=detail, headers=(("Accept", "application/json"),)))
    return request.get_data(cache=True)


def _shown(key: str) -> str:
    return key if len(key) <= _SHOWN else f"{key[:_SHOWN]}…"


def _is_many(annotation: Any) -> bool:
    """Whether a type is a list or a set, perhaps optional."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _is_many(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return any(map(_is_many, get_args(annotation)))
    return origin in (list, set)


def _old_name(annotation: Any) -> str | None:
    """Return the former wire name that `@renamed` gives a parameter."""
    if get_origin(annotation) is Annotated:
        markers = annotation.__metadata__
        return next((each.old for each in markers if isinstance(each, Renamed)), _old_name(get_args(annotation)[0]))
    if get_origin(annotation) in (Union, types.UnionType):
        return next((old for each in get_args(annotation) if (old := _old_name(each)) is not None), None)
    return None
