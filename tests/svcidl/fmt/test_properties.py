"""What holds of every file: nothing is lost, nothing changes its meaning, and once is enough."""

import dataclasses
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idl_files import idl_files
from svcidl import nodes
from svcidl.diagnostics import Diagnostic
from svcidl.fmt import Unformattable, format_text
from svcidl.parser import parse
from svcidl.source import SourceFile

ROOT = Path(__file__).parents[3]
NUMBERED = re.compile(r"//(?://)? {0,2}c\d+\.")
OURS = [
    *sorted(ROOT.glob("generated_examples/*/*.idl")),
    *sorted(ROOT.glob("compiler/svcgen/scaffold/*.idl.txt")),
    *sorted(ROOT.glob("compiler/svcgen/demo/*/*.idl.txt")),
    ROOT / "benchmarks/contract/bench.idl",
    ROOT / "tests/support/desk.idl",
    ROOT / "tests/svcidl/example/orders.idl",
]

derandomized = settings(derandomize=True, deadline=None, max_examples=100)


def _tree(text: str) -> nodes.File:
    parsed = parse(SourceFile("t.idl", "t.idl", text))
    assert parsed.tree is not None
    assert parsed.diagnostics == ()
    return parsed.tree


def _plain(node: object) -> object:
    """Return a node without its places: two texts mean the same if these are equal."""
    if isinstance(node, nodes.TypeUse):
        return "TypeUse", _plain(node.ref), _plain(node.arguments), _plain(node.constraints), len(node.optional)
    if isinstance(node, nodes.Node):
        inner = (getattr(node, each.name) for each in dataclasses.fields(node) if each.name != "span")
        return type(node).__name__, *map(_plain, inner)
    return tuple(map(_plain, node)) if isinstance(node, tuple) else node


def _comments(text: str) -> list[tuple[str, int]]:
    """Return every numbered comment, and how many declarations and members begin before it."""
    starts = []
    for declaration in _tree(text).declarations:
        starts.append(declaration.span.start)
        if isinstance(declaration, nodes.Service):
            starts += [member.span.start for member in declaration.members]
    return [(each.group(), sum(start <= each.start() for start in starts)) for each in NUMBERED.finditer(text)]


def _attempt(text: str) -> tuple[str, tuple[Diagnostic, ...]]:
    """Return the formatted text, or "" and why there is none."""
    try:
        return format_text(text, "t.idl"), ()
    except Unformattable as error:
        return "", error.diagnostics


def _check(text: str) -> None:
    result = format_text(text, "t.idl")
    assert _plain(_tree(result)) == _plain(_tree(text))
    assert _comments(result) == _comments(text)
    assert format_text(result, "t.idl") == result
    assert "\n\n\n" not in result
    assert all(line == line.rstrip() for line in result.splitlines())


@derandomized
@given(idl_files())
def test_a_file_without_comments(text: str) -> None:
    _check(text)


@derandomized
@given(idl_files(comments=0.03, breaks=0.2))
def test_a_file_with_comments(text: str) -> None:
    _check(text)


@derandomized
@given(idl_files(comments=0.4, breaks=0.5))
def test_a_file_with_comments_at_nearly_every_token(text: str) -> None:
    _check(text)


@derandomized
@given(
    text=idl_files(comments=0.1),
    place=st.floats(0, 1),
    damage=st.sampled_from(["}", "(", " : : ", '"', "/// x\n", "@"]),
)
def test_a_damaged_file_is_refused_or_keeps_all_it_says(text: str, place: float, damage: str) -> None:
    index = int(place * len(text))
    damaged = text[:index] + damage + text[index:]
    result, problems = _attempt(damaged)
    assert bool(result) != bool(problems)
    if result:
        assert sorted(NUMBERED.findall(result)) == sorted(NUMBERED.findall(damaged))
        assert format_text(result, "t.idl") == result


@pytest.mark.parametrize("path", OURS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_our_own_files_are_formatted(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert format_text(text, path.name) == text


def test_the_file_in_the_documentation_is_formatted() -> None:
    page = (ROOT / "docs/language.md").read_text(encoding="utf-8")
    text = page.partition("## A whole file\n\n```\n")[2].partition("```\n")[0]
    assert "service Orders" in text
    assert format_text(text, "language.md") == text


def test_the_examples_of_the_rules_are_formatted() -> None:
    blocks = (ROOT / "docs/formatting.md").read_text(encoding="utf-8").split("```\n")
    examples = [f"package t.v1\n\n{block}" for block in blocks if block.startswith(("struct", "union"))]
    assert len(examples) == 2
    assert [format_text(text, "formatting.md") for text in examples] == examples


@pytest.mark.parametrize("path", sorted(ROOT.glob("tests/svcidl/fixtures/*.idl")), ids=lambda path: path.stem)
def test_a_fixture_is_refused_for_its_syntax_or_keeps_its_meaning(path: Path) -> None:
    text = path.read_bytes().decode("utf-8", errors="replace").removeprefix("\ufeff")
    parsed = parse(SourceFile("t.idl", "t.idl", text))
    result, problems = _attempt(text)
    assert all(found.code.startswith(("E01", "L")) for found in problems)
    if problems:
        return
    after = parse(SourceFile("t.idl", "t.idl", result))
    assert _plain(after.tree) == _plain(parsed.tree)
    assert format_text(result, "t.idl") == result
