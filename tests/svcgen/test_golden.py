import os
from pathlib import Path

from svcgen.pipeline import generate
from svcidl.pipeline import check

GOLDEN = Path(__file__).parent / "golden"


def test_the_generated_package_is_the_reviewed_one() -> None:
    """With SVCGEN_UPDATE_GOLDEN=1 the reviewed text is written anew: read the difference before it is committed."""
    model = check([GOLDEN / "orders.idl"]).model
    assert model is not None
    text = "".join(f"=== {path}\n{content}" for path, content in sorted(generate(model).items()))
    reviewed = GOLDEN / "orders.txt"
    if os.environ.get("SVCGEN_UPDATE_GOLDEN") == "1":
        reviewed.write_text(text, encoding="utf-8")
    assert text == reviewed.read_text(encoding="utf-8")
