"""Copies two examples into the wheel's demo: `python tests/support/demo_copies.py`."""

import shutil
from pathlib import Path

from svcgen.demo.files import COPIES, EXAMPLES, SUFFIX

GENERATED_EXAMPLES = Path(__file__).parents[2] / "generated_examples"


def hand_written(example: str) -> dict[str, bytes]:
    """Return the files of an example that a person wrote, by name of their copy, without its tests."""
    return {
        f"{path.name}{SUFFIX}": path.read_bytes()
        for path in sorted((GENERATED_EXAMPLES / example).iterdir())
        if path.suffix in {".idl", ".py", ".toml", ".html"} and not path.name.startswith("test_")
    }


def main() -> None:
    """Make the copies equal to the examples."""
    for example in EXAMPLES:
        shutil.rmtree(COPIES / example, ignore_errors=True)
        (COPIES / example).mkdir(parents=True)
        for name, content in hand_written(example).items():
            (COPIES / example / name).write_bytes(content)


if __name__ == "__main__":
    main()
