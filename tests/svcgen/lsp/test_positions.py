import pytest
from lsprotocol import types

from svcgen.lsp.positions import Positions
from svcidl.source import SourceFile

TEXT = "a\u2028b\r\n/// 💶é x\nend"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_every_offset_comes_back(encoding: str) -> None:
    source, positions = SourceFile("a", "a", TEXT), Positions(encoding)
    for offset in range(len(TEXT) + 1):
        if TEXT[offset - 1 : offset] != "\r":
            assert positions.offset(source, positions.position(source, offset)) == offset


@pytest.mark.parametrize(("encoding", "column"), [("utf-8", 11), ("utf-16", 8), ("utf-32", 7)])
def test_columns_are_counted_in_the_units_that_were_agreed(encoding: str, column: int) -> None:
    source = SourceFile("a", "a", TEXT)
    assert Positions(encoding).position(source, TEXT.index("x")) == types.Position(line=1, character=column)


def test_a_place_outside_the_text_is_its_nearest_end() -> None:
    source = SourceFile("a", "a", TEXT)
    assert Positions().offset(source, types.Position(line=0, character=99)) == TEXT.index("\r")
    assert Positions().offset(source, types.Position(line=99, character=0)) == len(TEXT)


def test_the_middle_of_a_character_is_the_place_before_it() -> None:
    source = SourceFile("a", "a", TEXT)
    assert Positions().offset(source, types.Position(line=1, character=5)) == TEXT.index("💶")
