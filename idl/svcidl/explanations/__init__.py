"""What every diagnostic code means, with a wrong and a right example: one Markdown file per code, read when asked for.

docs/diagnostics.md is made from these and the table of codes: `python -m svcidl.explanations > docs/diagnostics.md`.
"""

from dataclasses import dataclass
from importlib.resources import files

from svcidl.codes import CODES, FAMILIES

_WRONG = "\n\nWrong:\n\n"
_RIGHT = "\n\nRight:\n\n"
_FENCE = "```"

_INTRODUCTION = """# Diagnostics

Every finding has a stable code: it is never reused and never changes its meaning. E is an error, and no model is built
while there is one; G is an error of a generator; L is a warning. `svcgen explain E0201` prints what stands here of one
code. In the examples a block that begins with the name of a file is that file.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A page of one code, in Markdown.

    Attributes:
        title: its line in the table of codes.
        meaning: what is wrong and why that matters.
        wrong: fenced blocks that raise the code and no other.
        right: the same put right.
        remedy: what to do.
    """

    code: str
    title: str
    meaning: str
    wrong: str
    right: str
    remedy: str


def explain(code: str) -> Explanation:
    """Return the page of `code`; raises KeyError if there is no such code."""
    title = CODES[code]
    text = files(__package__).joinpath(f"{code}.md").read_text(encoding="utf-8").rstrip("\n")
    meaning, _, rest = text.partition(_WRONG)
    wrong, _, rest = rest.partition(_RIGHT)
    # The remedy is all that follows the last block.
    end = rest.rindex(f"\n{_FENCE}\n") + len(_FENCE) + 1
    return Explanation(
        code=code, title=title, meaning=meaning, wrong=wrong, right=rest[:end], remedy=rest[end:].strip("\n")
    )


def as_text(page: Explanation) -> str:
    """Return a page for a terminal: blocks indented, no Markdown but the backquotes of names."""
    parts = [f"{page.code}: {page.title}", page.meaning, "Wrong:", _indented(page.wrong), "Right:"]
    return "\n\n".join([*parts, _indented(page.right), page.remedy])


def _indented(blocks: str) -> str:
    lines = [line for line in blocks.split("\n") if not line.startswith(_FENCE)]
    return "\n".join(f"    {line}".rstrip() for line in lines)


def reference() -> str:
    """Return docs/diagnostics.md."""
    parts = [_INTRODUCTION]
    for prefix, title in FAMILIES.items():
        family = {code: meaning for code, meaning in CODES.items() if code.startswith(prefix)}
        rows = [f"| [{code}](#{code.lower()}) | {meaning} |" for code, meaning in family.items()]
        parts.append("\n".join([f"## {prefix} {title}", "", "| code | meaning |", "|---|---|", *rows, ""]))
        parts += [_section(explain(code)) for code in family]
    return "\n".join(parts)


def _section(page: Explanation) -> str:
    return (
        f"### {page.code}\n\n**{page.title}**\n\n{page.meaning}\n\nWrong:\n\n{page.wrong}\n\nRight:\n\n{page.right}\n\n"
        f"{page.remedy}\n"
    )
