"""HTTP requests made from the tables of a contract: good ones, ones that break one constraint, and damaged ones."""

import copy
import enum
import json
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Annotated, Any, TypeAlias, Union, get_args, get_origin
from urllib.parse import quote, urlencode
from uuid import UUID

import msgspec
from hypothesis import strategies as st

from svcrt.contract import HttpBinding, Oneway, Route, Rpc, Source
from svcrt.patterns import FORMATS
from svcrt.structs import Digits

Member: TypeAlias = Rpc[Any, Any] | Oneway[Any] | Route[Any]
Place: TypeAlias = tuple[str | int, ...]

MISSING = object()
"""In the place of a value: leave it out."""
_EMAIL = "ada@example.org"
_ID = "5f0c6b1e-6f0a-4a39-8e42-2f6a3a2b9d11"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, before it becomes bytes.

    Attributes:
        body: JSON value; bytes are sent as they are; None sends none.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None

    @property
    def target(self) -> str:
        return self.path + (f"?{urlencode(self.query)}" if self.query else "")

    @property
    def data(self) -> bytes | None:
        if self.body is None or isinstance(self.body, bytes):
            return self.body
        return json.dumps(self.body).encode("utf-8", "surrogatepass")


@dataclass(frozen=True, slots=True)
class _Type:
    """An annotation taken apart."""

    base: Any
    metas: tuple[msgspec.Meta, ...] = ()
    digits: Digits | None = None
    optional: bool = False

    def bound(self, name: str) -> Any:
        return next((value for meta in self.metas if (value := getattr(meta, name)) is not None), None)


def _taken_apart(annotation: Any) -> _Type:
    if get_origin(annotation) is Annotated:
        base, *markers = get_args(annotation)
        inner = _taken_apart(base)
        metas = tuple(each for each in markers if isinstance(each, msgspec.Meta))
        digits = next((each for each in markers if isinstance(each, Digits)), inner.digits)
        return replace(inner, metas=metas + inner.metas, digits=digits)
    if get_origin(annotation) in (Union, types.UnionType):
        [inner] = [each for each in get_args(annotation) if each is not type(None)]
        return replace(_taken_apart(inner), optional=True)
    return _Type(annotation)


def _fields(struct: Any) -> tuple[msgspec.structs.FieldInfo, ...]:
    return msgspec.structs.fields(struct)


# --- good values -------------------------------------------------------------------------------------------------


def values(annotation: Any, known: Mapping[Any, Any]) -> st.SearchStrategy[Any]:
    """Return what makes JSON values that the annotation takes; those of `known` (by annotation) more often."""
    plain = _values(_taken_apart(annotation), known)
    found = known.get(annotation)
    return plain if found is None else st.one_of(found, plain)


def _values(kind: _Type, known: Mapping[Any, Any]) -> st.SearchStrategy[Any]:
    made = _base_values(kind, known)
    return st.one_of(st.none(), made) if kind.optional else made


def _base_values(kind: _Type, known: Mapping[Any, Any]) -> st.SearchStrategy[Any]:
    base = kind.base
    if base is str:
        return _texts(kind)
    if base is int:
        low, high = kind.bound("ge"), kind.bound("le")
        return st.integers(-(2**63) if low is None else low, 2**63 - 1 if high is None else high)
    if base is Decimal:
        assert kind.digits is not None
        low, high = Decimal(kind.digits.ge or 0), Decimal(kind.digits.le or 1000)
        return st.decimals(low, high, places=kind.digits.scale).map(lambda value: f"{value:f}")
    if base is UUID:
        return st.uuids().map(str)
    if get_origin(base) is list:
        low, high = kind.bound("min_length") or 0, min(kind.bound("max_length") or 5, 5)
        return st.lists(values(get_args(base)[0], known), min_size=low, max_size=high)
    if isinstance(base, type) and issubclass(base, enum.StrEnum):
        return st.sampled_from([each.value for each in base]) | st.text("abc", min_size=1)
    assert issubclass(base, msgspec.Struct), base
    made = {each.encode_name: values(each.type, known) for each in _fields(base)}
    needed = {each.encode_name for each in _fields(base) if each.required}
    return st.fixed_dictionaries(
        {name: made[name] for name in needed},
        optional={name: each for name, each in made.items() if name not in needed},
    )


def _texts(kind: _Type) -> st.SearchStrategy[str]:
    low, high = kind.bound("min_length") or 0, kind.bound("max_length") or 50
    pattern = kind.bound("pattern")
    if pattern in FORMATS.values():
        return st.from_regex(r"[a-z0-9]{1,20}@[a-z]{1,10}\.(org|com)", fullmatch=True)
    if pattern is not None:
        return st.from_regex(pattern, fullmatch=True).filter(lambda text: low <= len(text) <= high)
    return st.text(min_size=low, max_size=high)


def sample(annotation: Any) -> Any:
    """Return the same good JSON value each time."""
    kind = _taken_apart(annotation)
    base = kind.base
    if base is str:
        return _EMAIL if kind.bound("pattern") in FORMATS.values() else "A" * max(1, kind.bound("min_length") or 0)
    if base is int:
        return kind.bound("ge") or 0
    if base is Decimal:
        return "1.00"
    if base is UUID:
        return _ID
    if get_origin(base) is list:
        return [sample(get_args(base)[0])] * max(1, kind.bound("min_length") or 0)
    if issubclass(base, enum.StrEnum):
        return next(iter(base)).value
    return {each.encode_name: sample(each.type) for each in _fields(base)}


# --- one broken constraint ---------------------------------------------------------------------------------------


def violations(annotation: Any) -> Iterator[tuple[Place, Any]]:
    """List the ways in which a JSON value can break exactly one constraint: where, and what stands there."""
    kind = _taken_apart(annotation)
    base = kind.base
    yield from (((), bad) for bad in _bad(kind))
    if get_origin(base) is list:
        item = get_args(base)[0]
        if (most := kind.bound("max_length")) is not None:
            yield (), [sample(item)] * (most + 1)
        if kind.bound("min_length"):
            yield (), []
        yield from (((0, *place), bad) for place, bad in violations(item))
    elif isinstance(base, type) and issubclass(base, msgspec.Struct):
        yield ("zz",), 1
        for each in _fields(base):
            if each.required:
                yield (each.encode_name,), MISSING
            yield from (((each.encode_name, *place), bad) for place, bad in violations(each.type))


def text_violations(annotation: Any) -> Iterator[tuple[Place, Any]]:
    """List the violations of a parameter that comes as text: a path, query or header parameter."""
    base = _taken_apart(annotation).base
    for place, bad in violations(annotation):
        if isinstance(bad, str):
            if not (base is int and bad == "5"):
                yield place, bad
        elif base in (int, Decimal, UUID) and isinstance(bad, int | float):
            yield place, json.dumps(bad)


def _bad(kind: _Type) -> Iterator[Any]:
    base = kind.base
    if not kind.optional:
        yield None
    if base is str:
        yield from (5, True, ["A"], {"A": 1})
        if kind.bound("min_length"):
            yield ""
        if (most := kind.bound("max_length")) is not None:
            yield f"{'a' * most}@b.org" if kind.bound("pattern") in FORMATS.values() else "A" * (most + 1)
        if kind.bound("pattern") is not None:
            yield "a b!"
    elif base is int:
        yield from ("5", 1.5, True, [], "")
        yield from (kind.bound(name) + step for name, step in (("ge", -1), ("le", 1)) if kind.bound(name) is not None)
        yield 10**30
    elif base is Decimal:
        assert kind.digits is not None
        yield from ("x", True, "NaN", "Infinity", "1e3", " 1", "", f"0.{'0' * kind.digits.scale}1")
        yield from (str(Decimal(limit) + step) for limit, step in ((kind.digits.ge, -1), (kind.digits.le, 1)) if limit)
    elif base is UUID:
        yield from ("7", 7, "", f"{_ID}0", _ID.replace("-", "_"))
    elif get_origin(base) is list or (isinstance(base, type) and issubclass(base, msgspec.Struct)):
        yield from (5, "A", True)
    else:
        yield from (5, True, [])


def placed(value: Any, place: Place, bad: Any) -> Any:
    """Return a copy of `value` with `bad` in its place."""
    if not place:
        return bad
    changed = copy.deepcopy(value)
    at = changed
    for step in place[:-1]:
        at = at[step]
    if bad is MISSING:
        del at[place[-1]]
    else:
        at[place[-1]] = bad
    return changed


def path_of(place: Place) -> str:
    """Return a place as faults name it, after `$` or the key of a parameter."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)


# --- requests ----------------------------------------------------------------------------------------------------


def asked(binding: HttpBinding, arguments: Mapping[str, Any]) -> Asked:
    """Put arguments (JSON values by wire name; left out ones are not sent) where the binding wants them."""
    path, query, headers = binding.path, [], {}
    body: Any = None
    for each in binding.parameters:
        value = arguments.get(each.name, MISSING)
        if each.source is Source.PATH:
            path = path.replace(f"{{{each.key}}}", quote(_text(value), safe=""))
        elif value is MISSING:
            continue
        elif each.source is Source.BODY:
            body = value
        elif each.source is Source.BODY_FIELD:
            body = {**(body or {}), each.key: value}
        elif value is not None and each.source is Source.HEADER:
            headers[each.key] = _text(value)
        elif value is not None:
            query += [(each.key, _text(item)) for item in (value if isinstance(value, list) else [value])]
    given = {"Content-Type": "application/json"} if body is not None else {}
    return Asked(binding.method, path, tuple(query), {**given, **headers}, body)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
