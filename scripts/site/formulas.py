"""Formulas as MathML, which browsers draw themselves: no script, no font from elsewhere."""

import html
import re

from latex2mathml.converter import convert

_MARKED = re.compile(
    r'<(?P<tag>span|div) class="arithmatex">\\(?P<open>[(\[])(?P<tex>.*?)\\[)\]]</(?P=tag)>',
    re.DOTALL,
)


def formulas_to_mathml(page: str) -> str:
    r"""Replace what pymdownx.arithmatex has marked, `\(...\)` and `\[...\]`, by `<math>`.

    Args:
        page: HTML of a page.

    Raises:
        ValueError: a formula that is not TeX or has an unknown command, with the formula.
    """

    def drawn(match: re.Match[str]) -> str:
        display = "inline" if match["open"] == "(" else "block"
        tex = html.unescape(match["tex"]).strip()
        try:
            formula: str = convert(tex, display=display)
        except Exception as error:
            raise ValueError(f"expected a formula in TeX, got {tex!r}: {error!r}") from error
        unknown = re.search(r"<mi>(\\\w+)</mi>", formula)
        if unknown:
            raise ValueError(f"expected a formula in TeX, got {tex!r}: {unknown[1]} is not known")
        return formula if display == "inline" else f'<div class="formula">{formula}</div>'

    return _MARKED.sub(drawn, page)
