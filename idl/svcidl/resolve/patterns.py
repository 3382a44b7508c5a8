"""Regular expressions that Python and JavaScript read alike: the common part of both, told construct by construct.

Sources: Python's `re` documentation and ECMA-262 §22.2.1 with the `u` flag (the flag that JSON Schema tools set).
"""

import re
import warnings

from svcidl.resolve.flaws import Flaw

_BOTH_ESCAPES = frozenset("dDwWsSbBtnrfv0")
_SYNTAX = frozenset("^$\\.*+?()[]{}|/")
_ONLY_PYTHON = {
    "A": "`\\A` is Python's alone: write `^`",
    "Z": "`\\Z` is Python's alone: write `$`",
    "z": "`\\z` is no escape in JavaScript: write `$`",
    "a": "`\\a` is Python's alone: write `\\u0007`",
    "N": "`\\N` is Python's alone: write the character",
    "U": "`\\U` is Python's alone: write the character",
}
_ONLY_JAVASCRIPT = {
    "p": "`\\p{…}` is JavaScript's alone: write the characters as a class",
    "P": "`\\P{…}` is JavaScript's alone: write the characters as a class",
    "k": "`\\k<…>` is JavaScript's alone: write the number of the group, `\\1`",
    "c": "`\\c` is JavaScript's alone: write `\\u0001` and the like",
}
_TOKEN = re.compile(r"\\(?:u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|[1-9][0-9]?|.)|\(\?(?:P?<[=!]?|P[=>]|.)?|.", re.DOTALL)
_QUANTIFIER = re.compile(r"\{(?:[0-9]+(?:,[0-9]*)?|,[0-9]+)\}")
_MAX_LENGTH = 1_000
_MAX_REPEAT = 10_000
_SHORTEN = "shorten it, or check the value in the service"


def pattern_problem(pattern: str) -> Flaw | None:
    """Return what is wrong with a pattern, None if both languages read it alike."""
    if len(pattern) > _MAX_LENGTH:
        return Flaw(message=f"a pattern cannot exceed {_MAX_LENGTH} characters", help=(_SHORTEN,))
    try:
        with warnings.catch_warnings():
            # "Possible nested set": a construct that changes its meaning in a later Python.
            warnings.simplefilter("error", FutureWarning)
            re.compile(pattern)
    except re.error as error:
        start = error.pos or 0
        end = start + (_rest_of_word(pattern, start) if error.pos is not None else 0)
        message = f"this is no regular expression: {error.msg}"
        return Flaw(message=message, help=(_remedy(error),), start=start, end=end)
    except FutureWarning:
        message = "a class holds `[`, `--`, `&&`, `~~` or `||`, which will change its meaning"
        return Flaw(message=message, help=("escape it with `\\\\`",))
    except (OverflowError, RecursionError):
        return Flaw(message="this regular expression is too large", help=(_SHORTEN,))
    foreign = _foreign(pattern)
    if foreign is None:
        return None
    problem, start, end = foreign
    return Flaw(message="Python and JavaScript read this pattern differently", help=(problem,), start=start, end=end)


def _remedy(error: re.error) -> str:
    escape = re.search(r"bad escape \\(.)", error.msg)
    if escape and escape[1] in _ONLY_JAVASCRIPT:
        return _ONLY_JAVASCRIPT[escape[1]]
    return "`\\\\` before a mark makes it stand for itself"


def _rest_of_word(pattern: str, start: int) -> int:
    """Return how many characters to underline: an escape whole, else one."""
    return 2 if pattern[start : start + 1] == "\\" and start + 1 < len(pattern) else 1


def _foreign(pattern: str) -> tuple[str, int, int] | None:
    """Return what to do about the first construct that only one of the two languages has, and where it stands."""
    position, in_class = 0, False
    while position < len(pattern):
        found = _TOKEN.match(pattern, position)
        token = found.group() if found else pattern[position]
        problem = _escape(token, in_class) if token[0] == "\\" else None
        if not in_class and problem is None:
            if token == "{":
                quantifier = _QUANTIFIER.match(pattern, position)
                problem = _quantifier(quantifier.group() if quantifier else None)
                token = quantifier.group() if quantifier else token
            elif token.startswith("(?"):
                problem = _group(token)
            elif token in "}]":
                problem = f"a lone `{token}` needs a backslash"
            if problem is None and token[-1] in "*+?}" and pattern[position + len(token) :][:1] == "+":
                problem = "possessive quantifiers are Python's alone: leave out the second `+`"
        if token == "[" and not in_class:
            in_class = True
            # `[]` and `[^]` hold a bracket in Python; in JavaScript they are empty and everything.
            if re.match(r"\^?\]", pattern[position + 1 :]):
                problem = "escape a `]` that stands first in a class"
        elif token == "]":
            in_class = False
        if problem is not None:
            return problem, position, position + len(token)
        position += len(token)
    return None


def _escape(token: str, in_class: bool) -> str | None:
    letter = token[1:2]
    if letter in _ONLY_PYTHON:
        return _ONLY_PYTHON[letter]
    if letter in _ONLY_JAVASCRIPT:
        return _ONLY_JAVASCRIPT[letter]
    if letter in "ux" and len(token) == 2:
        return f"`\\{letter}` needs {'four' if letter == 'u' else 'two'} hexadecimal digits"
    if in_class and letter == "B":
        return "`\\B` has no meaning in a class: write `B`"
    if letter in _BOTH_ESCAPES or letter in _SYNTAX or letter in "ux" or letter.isdigit():
        return None
    if in_class and letter == "-":
        return None
    return f"`{token}` is no escape in JavaScript: write `{letter}`"


def _group(token: str) -> str | None:
    if token in ("(?:", "(?=", "(?!", "(?<=", "(?<!"):
        return None
    if token.startswith("(?P"):
        return "named groups are written differently: use a plain group"
    return f"`{token}` is Python's alone: leave it out"


def _quantifier(text: str | None) -> str | None:
    if text is None:
        return "a lone `{` needs a backslash"
    if text.startswith("{,"):
        return "write `{0,n}` for `{,n}`"
    if any(int(figure) > _MAX_REPEAT for figure in re.findall(r"[0-9]{1,6}", text)):
        return f"repeat at most {_MAX_REPEAT} times"
    return None
