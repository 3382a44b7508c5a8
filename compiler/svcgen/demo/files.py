"""The demo's own copies of two examples: an installed svcgen has no `generated_examples/`."""

from pathlib import Path

COPIES = Path(__file__).parent
EXAMPLES = ("shop", "tour")
SUFFIX = ".txt"
"""The copies carry it so that no tool takes them for code of svcgen itself."""


def unpack(example: str, folder: Path) -> None:
    """Write `example` into a folder of its name in `folder`."""
    target = folder / example
    target.mkdir()
    for copy in sorted((COPIES / example).iterdir()):
        (target / copy.name.removesuffix(SUFFIX)).write_bytes(copy.read_bytes())
