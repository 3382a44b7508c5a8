"""Which rules are on: by default, by a project's settings, by the command line, each over the one before."""

from collections.abc import Iterable
from dataclasses import dataclass

from svcidl.lint.known import DEFAULT_CODES, KNOWN, code_of
from svcidl.suggest import closest

ALL = "all"
"""Stands for every rule where rules are chosen."""


class UnknownRule(Exception):
    """There is no rule of this code or name; the text is a whole sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Rules by code, name or `all`: `only` replaces what was on, `select` adds, `ignore` takes away, in this order."""

    only: tuple[str, ...] = ()
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LintConfig:
    """The codes of the rules that are on."""

    enabled: frozenset[str]


DEFAULT = LintConfig(enabled=DEFAULT_CODES)


def configure(*choices: Choice) -> LintConfig:
    """Return what is on after each choice over the one before; raises UnknownRule."""
    enabled = DEFAULT_CODES
    for choice in choices:
        enabled = _codes(choice.only) or enabled
        enabled = (enabled | _codes(choice.select)) - _codes(choice.ignore)
    return LintConfig(enabled=enabled)


def _codes(names: Iterable[str]) -> frozenset[str]:
    found: set[str] = set()
    for name in names:
        if name == ALL:
            found.update(KNOWN)
        elif (code := code_of(name)) is not None:
            found.add(code)
        else:
            raise UnknownRule(unknown(name))
    return frozenset(found)


def unknown(name: str) -> str:
    """Return what to say of a rule that there is none of."""
    near = closest(name.upper().replace("O", "0"), KNOWN) if name[:1] in "lL" and name[-1:].isdigit() else None
    near = near or closest(name.lower(), KNOWN.values())
    return f"there is no rule `{name}`; " + (f"did you mean `{near}`?" if near else "`svcgen lint --rules` lists them")
