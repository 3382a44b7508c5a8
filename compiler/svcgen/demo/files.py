"""The demo's own copies of the shop example: an installed svcgen has no `generated_examples/`."""

from pathlib import Path

COPIES = Path(__file__).with_name("shop")
SUFFIX = ".txt"
"""The copies carry it so that no tool takes them for code of svcgen itself."""


def unpack(folder: Path) -> None:
    """Write the example into `folder`/shop."""
    shop = folder / "shop"
    shop.mkdir()
    for copy in sorted(COPIES.iterdir()):
        (shop / copy.name.removesuffix(SUFFIX)).write_bytes(copy.read_bytes())
