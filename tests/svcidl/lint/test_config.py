"""Which rules are on."""

import pytest

from svcidl.lint import DEFAULT, Choice, UnknownRule, configure
from svcidl.lint.known import DEFAULT_CODES, KNOWN
from svcidl.lint.rules import RULES


def test_codes_are_in_order_and_names_are_distinct() -> None:
    codes = [rule.code for rule in RULES]
    assert codes == sorted(set(codes))
    assert len(set(KNOWN.values())) == len(KNOWN)
    assert len(RULES) >= 25


def test_each_choice_comes_over_the_one_before() -> None:
    assert configure() == DEFAULT
    assert configure(Choice(ignore=("L0112",)), Choice(select=("unused-import",))) == DEFAULT
    assert configure(Choice(select=("missing-owner",))).enabled == DEFAULT_CODES | {"L0149"}
    assert configure(Choice(only=("l0112", "L0113"), ignore=("unused-type",))).enabled == {"L0112"}
    assert configure(Choice(select=("all",))).enabled == set(KNOWN)
    assert configure(Choice(ignore=("all",), select=("L0101",))).enabled == set()


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("unused-imports", "did you mean `unused-import`?"),
        ("LO112", "did you mean `L0112`?"),
        ("Unused-Import", "did you mean `unused-import`?"),
        ("nonsense", "`svcgen lint --rules` lists them"),
        ("", "`svcgen lint --rules` lists them"),
    ],
)
def test_an_unknown_rule(name: str, hint: str) -> None:
    with pytest.raises(UnknownRule) as raised:
        configure(Choice(select=(name,)))
    assert str(raised.value) == f"there is no rule `{name}`; {hint}"
