"""Copies the shop example into the wheel's demo: `python tests/support/demo_copies.py`."""

import shutil
from pathlib import Path

from svcgen.demo.files import COPIES, SUFFIX

EXAMPLE = Path(__file__).parents[2] / "generated_examples" / "shop"


def hand_written() -> dict[str, bytes]:
    """Return the files of the example that a person wrote, by name of their copy, without its tests."""
    return {
        f"{path.name}{SUFFIX}": path.read_bytes()
        for path in sorted(EXAMPLE.iterdir())
        if path.suffix in {".idl", ".py", ".toml"} and not path.name.startswith("test_")
    }


def main() -> None:
    """Make the copies equal to the example."""
    shutil.rmtree(COPIES, ignore_errors=True)
    COPIES.mkdir(parents=True)
    for name, content in hand_written().items():
        (COPIES / name).write_bytes(content)


if __name__ == "__main__":
    main()
