"""The tool chain holds against a few hundred random inputs; `toolchain.py` beside this tries as many as is wished."""

import itertools
from pathlib import Path

import pytest

from toolchain_fuzz import cases, run

INPUTS = 175


@pytest.mark.parametrize("seed", [1, 2])
def test_no_input_breaks_the_tool_chain(seed: int, tmp_path: Path) -> None:
    for case in itertools.islice(cases(seed), INPUTS):
        run(case, tmp_path)
