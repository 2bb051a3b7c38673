"""What a page of the site holds: formulas that browsers draw, and nothing from elsewhere."""

import re

import pytest

from scripts.site.offline import loaded_from_elsewhere


def test_formulas_become_mathml() -> None:
    pytest.importorskip("latex2mathml")
    from scripts.site.formulas import formulas_to_mathml

    inline = formulas_to_mathml(r'<p><span class="arithmatex">\(a &lt; b_1\)</span> holds</p>')
    assert inline.startswith(
        '<p><math xmlns="http://www.w3.org/1998/Math/MathML" display="inline">'
    )
    assert "<msub><mi>b</mi><mn>1</mn></msub>" in inline
    assert inline.endswith("</math> holds</p>")
    block = formulas_to_mathml('<div class="arithmatex">\\[\n\\sum_i x_i\n\\]</div>')
    assert block.startswith('<div class="formula"><math')
    assert 'display="block"' in block


@pytest.mark.parametrize("tex", [r"\left( a", r"\unknown{a}", r"\frac"])
def test_formula_that_is_no_tex_is_refused_with_the_formula(tex: str) -> None:
    pytest.importorskip("latex2mathml")
    from scripts.site.formulas import formulas_to_mathml

    with pytest.raises(ValueError, match=f"expected .* TeX, got {re.escape(repr(tex))}"):
        formulas_to_mathml(rf'<span class="arithmatex">\({tex}\)</span>')


def test_file_that_a_page_loads_from_elsewhere_is_found() -> None:
    page = (
        '<a href="https://example.org">a link</a><script src=https://a.example/x.js></script>'
        '<link rel="stylesheet" href="//b.example/x.css"><img src="figures/one.png">'
        '<script src="assets/x.js"></script>'
    )
    assert loaded_from_elsewhere(page) == ["https://a.example/x.js", "//b.example/x.css"]
