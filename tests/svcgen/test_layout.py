import pytest

from svcgen.layout import Doc, Either, Group, Row, call, flat, lay_out, subscript, tuple_of

LONG = "x" * 50


def test_what_fits_stays_on_one_line() -> None:
    assert lay_out(call("f", "a", "b")) == "f(a, b)"
    assert lay_out(tuple_of(("a",))) == "(a,)"
    assert flat(subscript("list", Either(("int", "None")))) == "list[int | None]"


def test_what_does_not_fit_is_exploded_with_a_trailing_comma() -> None:
    assert lay_out(call("f", LONG, LONG), 4) == f"f(\n        {LONG},\n        {LONG},\n    )"


def test_the_column_counts_what_stands_before_and_behind() -> None:
    fits = Row(("a" * 40 + "(", "b" * 45, "):"))
    assert len(lay_out(fits)) == 88
    assert lay_out(Row((call("a" * 40, "b" * 45), ":"))) == "a" * 40 + "(" + "b" * 45 + "):"
    assert "\n" in lay_out(Row((call("a" * 40, "b" * 46), ":")))


def test_a_lone_item_of_a_subscript_takes_no_comma_and_is_broken_itself() -> None:
    text = lay_out(subscript("list", subscript("dict", LONG, LONG)))
    assert text == f"list[\n    dict[\n        {LONG},\n        {LONG},\n    ]\n]"


def test_operands_stand_in_parentheses_unless_brackets_hold_them() -> None:
    either = Either((LONG, LONG))
    assert lay_out(Row(("a: ", either))) == f"a: (\n    {LONG}\n    | {LONG}\n)"
    assert lay_out(Group("f(", (either,), ")")) == f"f(\n    {LONG}\n    | {LONG},\n)"


@pytest.mark.parametrize("doc", [call("f", "a", exploded=True), Row(("x = ", call("f", "a", exploded=True)))])
def test_exploded_is_exploded_even_where_it_fits(doc: Doc) -> None:
    assert lay_out(doc).endswith("f(\n    a,\n)")


def test_nothing_between_brackets_cannot_be_exploded() -> None:
    assert lay_out(call("f", exploded=True)) == "f()"
