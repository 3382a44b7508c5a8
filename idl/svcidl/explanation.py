"""What one diagnostic code means, as data: a page that a rule carries, or that a Markdown file holds."""

from dataclasses import dataclass

FENCE = "```"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A page of one code, in Markdown without headings.

    Attributes:
        code: stable, never reused: E0201, L0102, B0101.
        title: one sentence, as it stands in lists of codes.
        meaning: what is wrong and why that matters.
        wrong: fenced blocks that raise the code and no other; made by `example`.
        right: the same put right; it raises nothing.
        remedy: what to do.
        name: a short name by which a rule can be called too, as `unused-import`; may be empty.
        tags: what lists and other tools may filter by, as `fixable`, `opt-in` or `WIRE`.
    """

    code: str
    title: str
    meaning: str
    wrong: str
    right: str
    remedy: str
    name: str = ""
    tags: tuple[str, ...] = ()


def example(*texts: str, run: str = "") -> str:
    """Return fenced blocks of IDL; a text that begins with a line `// path.idl` is that file.

    Args:
        texts: one or more files, the first one is looked at.
        run: the command that shows the finding, where it is not `svcgen check` or `svcgen lint` of the first file.
    """
    blocks = [f"{FENCE}idl\n{text.strip()}\n{FENCE}" for text in texts]
    if run:
        blocks.append(f"{FENCE}sh\n{run}\n{FENCE}")
    return "\n\n".join(blocks)
