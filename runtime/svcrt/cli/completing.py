"""What the tab key offers in `shell`: names below `n`, arguments of a call, values of an enum. Pure."""

import enum
import re
import rlcompleter
import types
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Union, get_args, get_origin

from svcrt.cli.namespace import Call, Namespace, Node

_NAME_AT_END = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*\Z")
_KEYWORD = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)\s*=(?!=)\s*(.*)\Z", re.DOTALL)
_CLOSING = {"(": ")", "[": "]", "{": "}"}
DELIMITERS = " \t\n`~!@#$%^&*()-=+[{]}\\|;:'\",<>/?"
"""What begins a new word for readline: Python's default, fixed here because completion counts on it."""


class Completer:
    """Completes the last word of a line.

    Args:
        names: what the prompt knows. It is read anew each time, so that variables of the session count, too.
    """

    def __init__(self, names: Mapping[str, Any]) -> None:
        self._names = names
        # It wants the very dictionary, to see what is added later.
        self._python = rlcompleter.Completer(names if isinstance(names, dict) else dict(names))

    def matches(self, before: str, word: str) -> list[str]:
        """Return what can stand in the place of `word`.

        Args:
            before: the line up to the word.
            word: the characters since the last of `DELIMITERS`, which the result begins with.
        """
        if not (before + word).strip():
            return [word + "\t"]
        place = _place(before + word)
        call = self._call(place)
        if call is not None:
            found = self._in_call(call, place, word)
            if found is not None:
                return found
        if place.quote:
            return []
        return self._names_like(word)

    def _call(self, place: "_Place") -> Call | None:
        """The method or event whose arguments are being written."""
        found = _NAME_AT_END.search(place.called)
        target = None if found is None else self._resolve(found[0].split("."))
        return target if isinstance(target, Call) else None

    def _in_call(self, call: Call, place: "_Place", word: str) -> list[str] | None:
        """Offer the rest of an argument; None when a name of Python may stand there."""
        arguments = dict(call.accepts)
        said = _KEYWORD.match(place.argument)
        if said is None:
            return None if place.quote else self._keywords(arguments, place, word)
        values = _values(arguments.get(said[1]))
        if not values:
            return None
        if place.quote:
            return [value + place.quote for value in values if value.startswith(word)]
        literals = [value if value in ("True", "False") else f'"{value}"' for value in values]
        return [literal for literal in literals if literal.startswith(word)] if said[2].strip() == word else None

    def _keywords(self, arguments: Mapping[str, Any], place: "_Place", word: str) -> list[str] | None:
        if place.argument.strip() != word:
            return None
        return [f"{name}=" for name in arguments if name.startswith(word) and name not in place.given]

    def _names_like(self, word: str) -> list[str]:
        *path, last = word.split(".")
        parent = self._resolve(path) if path else None
        if isinstance(parent, Node | Namespace):
            prefix = ".".join([*path, ""])
            return [
                f"{prefix}{name}{_opening(getattr(parent, name))}" for name in _visible(parent) if name.startswith(last)
            ]
        if isinstance(parent, Call):
            return []
        found = self._python.attr_matches(word) if path else self._python.global_matches(word)
        return list(dict.fromkeys(found))

    def _resolve(self, path: list[str]) -> object:
        """Follow dots from a name of the prompt, but only below `n`: elsewhere an attribute may run code."""
        target: object = self._names.get(path[0])
        for name in path[1:]:
            if not isinstance(target, Node | Namespace) or name not in _visible(target):
                return None
            target = getattr(target, name)
        return target


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the end of a line stands.

    Attributes:
        called: what stands before the innermost open bracket, "" when that is no `(`.
        argument: what was written since that bracket or the last comma.
        given: names of the arguments that are complete.
        quote: of the string that is open, else "".
    """

    called: str = ""
    argument: str = ""
    given: frozenset[str] = frozenset()
    quote: str = ""


@dataclass(slots=True)
class _Bracket:
    opener: str
    before: str
    begin: int
    commas: list[int]


def _place(line: str) -> _Place:
    open_brackets: list[_Bracket] = []
    quote, index = "", 0
    while index < len(line):
        char = line[index]
        if quote:
            if char == "\\":
                index += 1
            elif char == quote:
                quote = ""
        elif char in "\"'":
            quote = char
        elif char in _CLOSING:
            open_brackets.append(_Bracket(char, line[:index], index + 1, []))
        elif open_brackets and char == _CLOSING[open_brackets[-1].opener]:
            open_brackets.pop()
        elif char == "," and open_brackets:
            open_brackets[-1].commas.append(index)
        index += 1
    if not open_brackets or open_brackets[-1].opener != "(":
        return _Place(quote=quote)
    innermost = open_brackets[-1]
    starts = [innermost.begin, *(comma + 1 for comma in innermost.commas)]
    pieces = [line[start:end] for start, end in zip(starts, innermost.commas, strict=False)]
    given = frozenset(said[1] for said in map(_KEYWORD.match, pieces) if said)
    return _Place(called=innermost.before, argument=line[starts[-1] :], given=given, quote=quote)


def _visible(parent: Node | Namespace) -> list[str]:
    return [name for name in dir(parent) if not name.startswith("_")]


def _opening(child: object) -> str:
    if isinstance(child, Call):
        return "("
    return "." if isinstance(child, Node) else ""


def _values(annotation: Any) -> list[str]:
    """The values of an enum or a truth value, optional or not."""
    if get_origin(annotation) is Annotated:
        return _values(annotation.__origin__)
    if get_origin(annotation) in (Union, types.UnionType):
        return [value for part in get_args(annotation) for value in _values(part)]
    if annotation is bool:
        return ["True", "False"]
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return [str(member.value) for member in annotation]
    return []
