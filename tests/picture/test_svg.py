"""The SVG: well-formed, lettered in spans, the sum in columns, light and dark, and a style sheet of its own."""

from xml.etree import ElementTree

import pytest
from graphs import labelled, two_paths

from engine import RenderError, Value, chain_rule, render
from engine.chain import explained
from engine.picture.diagram import View, diagram_of
from engine.picture.svg import SVG, styled, to_svg


def tree(output, wrt=None, theme="auto"):
    return ElementTree.fromstring(to_svg(diagram_of(explained(output, wrt), View(theme=theme))))


def words(root):
    return {"".join(text.itertext()) for text in root.iter(f"{{{SVG}}}text")}


def by_class(root, name):
    return [element for element in root.iter() if name in element.get("class", "").split()]


def test_an_svg_describes_itself():
    loss, w1 = two_paths()
    root = tree(loss)
    assert (root[0].tag, root[0].text) == (f"{{{SVG}}}title", "whygrad: the graph of L")
    assert tree(loss, w1)[0].text == "whygrad: dL/dw₁"
    assert root[1].text == "12 variables"
    assert tree(loss, w1)[1].text.startswith("dL/dw1 = -0.3652")
    assert root.get("role") == "img"


def test_names_and_numbers_have_spans_of_their_own():
    root = tree(*two_paths())
    assert {"w", "z", "h", "o", "L"} <= {span.text for span in by_class(root, "name")}
    assert {"w₁", "1 − h₁²", "∂h₁/∂z₁"} <= words(root)
    assert {"₁", "₂"} <= {span.text for span in by_class(root, "upright")}
    assert {"−0.3724", "0.007205"} <= {span.text for span in by_class(root, "number")}
    assert [span.text for span in by_class(root, "mark")].count("①") == 3


def test_the_sum_stands_in_columns_below_a_rule():
    root = tree(*two_paths())
    (total,) = by_class(root, "total")
    (rule,) = by_class(root, "rule")
    texts = {"".join(text.itertext()): text for text in root.iter(f"{{{SVG}}}text")}
    results = [texts[number] for number in ("−0.3724", "◄ 0.007205", "−0.3652")]
    assert {cell.get("text-anchor") for cell in results} == {"end"}
    assert {cell.get("x") for cell in results} == {rule.get("x2")}
    assert total in list(results[-1])
    first, second, last = (float(cell.get("y")) for cell in results)
    assert first < second < float(rule.get("y1")) < last
    assert "0.5 · 0.7864 · 0.7 · (−1.353)" in texts


def test_the_background_covers_all_that_is_seen():
    wide = labelled(Value(2.0, "a rather long name for a number") * 3, "an even longer name for its product")
    for root in (tree(*two_paths()), tree(wide, wide.operands[0]), tree(Value(1.0, "x"), Value(2.0, "y"))):
        width, height = map(float, root.get("viewBox").split()[2:])
        (backdrop,) = by_class(root, "backdrop")
        xs, ys = zip(*(map(float, corner.split(",")) for corner in backdrop.get("points").split()), strict=True)
        assert max(xs) - min(xs) >= width - 9
        assert max(ys) - min(ys) >= height - 9
        assert root.get("width") == f"{width:.0f}pt"
        for text in root.iter(f"{{{SVG}}}text"):
            assert min(xs) <= float(text.get("x")) <= max(xs)


def test_a_style_sheet_leaves_the_page_around_it_alone():
    css = next(element for element in tree(*two_paths()) if element.tag.endswith("style")).text
    rules = [line for line in css.splitlines() if "{" in line and not line.startswith("@")]
    assert rules
    assert all(rule.startswith(".whygrad ") for rule in rules)
    assert tree(*two_paths()).get("class") == "whygrad"


@pytest.mark.parametrize(
    ("theme", "night", "paper"), [("auto", 1, "#ffffff"), ("light", 0, "#ffffff"), ("dark", 0, "#14181f")]
)
def test_a_theme_is_fixed_or_the_readers(theme, night, paper, tmp_path):
    loss, w1 = two_paths()
    chain_rule(loss, w1).save(tmp_path / "why.svg", theme=theme)
    text = (tmp_path / "why.svg").read_text(encoding="utf-8")
    assert text.count("@media (prefers-color-scheme: dark)") == night
    assert f".whygrad .backdrop {{ fill: {paper}; }}" in text


def test_every_class_in_an_svg_is_coloured_by_night_too():
    """No box may keep its light filling where its words turn light."""
    w, a = Value(0.8, "w"), Value(62.5, "a")
    root = tree(labelled(labelled(w * a, "z").sigmoid(), "y"), w)
    night = next(element for element in root if element.tag.endswith("style")).text.partition("@media")[2]
    for node in by_class(root, "node"):
        kinds = [kind for kind in node.get("class").split() if f".node.{kind} path" in night]
        assert kinds, node.get("class")


def test_what_is_no_picture_is_refused():
    drawn = diagram_of(explained(Value(1.0)), View())
    with pytest.raises(RenderError, match="without a picture"):
        styled(b"<svg xmlns='http://www.w3.org/2000/svg'/>", drawn)
    with pytest.raises(RenderError, match="without a background"):
        styled(b"<svg xmlns='http://www.w3.org/2000/svg'><g/></svg>", drawn)


def test_a_dark_png_is_another_picture(tmp_path):
    loss, w1 = two_paths()
    render(loss, tmp_path / "light.png", w1)
    render(loss, tmp_path / "dark.png", w1, theme="dark")
    assert (tmp_path / "light.png").read_bytes() != (tmp_path / "dark.png").read_bytes()
