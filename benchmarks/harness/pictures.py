"""A picture of bars as SVG, without a library."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

from harness.rounds import Spread

_ROW, _LEFT, _BARS, _RIGHT = 22, 190, 460, 170
_TEMPLATE = """\
<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}"
     font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="{title}">
<rect width="100%" height="100%" fill="#fff"/>
{body}
</svg>
"""


def bars(path: Path, title: str, groups: Sequence[tuple[str, Sequence[tuple[str, Spread]]]]) -> None:
    """Write a picture.

    Args:
        path: file to write.
        title: above all.
        groups: heading, and for each bar its name and value; a line over the bar marks the quartiles.
    """
    y, parts = 24, [_text(10, 20, title, "font-size='15' font-weight='600'")]
    for heading, values in groups:
        y += 26
        parts.append(_text(10, y, heading, "font-weight='600'"))
        y += 8
        most = max((value.high for _, value in values), default=1.0) or 1.0
        for name, value in values:
            parts.append(_bar(y, name, value, most))
            y += _ROW
    size = {"width": _LEFT + _BARS + _RIGHT, "height": y + 16}
    path.write_text(_TEMPLATE.format(**size, title=escape(title, quote=True), body="\n".join(parts)), encoding="utf-8")


def _bar(y: int, name: str, value: Spread, most: float) -> str:
    scale = _BARS / most
    colour = "#2563a8" if name.startswith("svcgen") else "#b9bec6"
    width, low, high = value.median * scale, _LEFT + value.low * scale, _LEFT + value.high * scale
    middle = y + _ROW / 2
    return "\n".join(
        [
            _text(_LEFT - 8, y + 15, name, "text-anchor='end'"),
            f"<rect x='{_LEFT}' y='{y + 3}' width='{width:.1f}' height='{_ROW - 6}' fill='{colour}'/>",
            f"<path d='M{low:.1f} {middle}H{high:.1f}' stroke='#111' stroke-width='1.5'/>",
            _text(round(max(_LEFT + width, high)) + 8, y + 15, f"{value.median:,.4g}", ""),
        ]
    )


def _text(x: float, y: float, text: str, attributes: str) -> str:
    return f"<text x='{x}' y='{y}' {attributes}>{escape(text)}</text>"
