"""What a page is made of: its policy, its data, its formulas; what it does is seen in test_browser.py."""

import html
import json
import math
import re
import sys
from base64 import b64encode
from hashlib import sha256

import hypothesis.strategies as st
import pytest
from graphs import labelled, two_paths
from hypothesis import given, settings

from engine import Value, chain_rule, dot, explore, render
from engine.chain import explained, sentences, verdict
from engine.core import printable
from engine.page import javascript
from engine.page.page import page
from engine.table.formula import TABLE
from engine.table.primitives import PRIMITIVES, primitive
from engine.table.rows import row
from nn import MLP, mean_squared_error


def page_of(output, wrt=None, by="labels", depth=None):
    return page(explained(output, wrt, by), depth)


def data_of(text):
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    return json.loads(found[1])


def test_the_policy_allows_the_pages_own_style_and_script_and_nothing_else():
    text = page_of(*two_paths())
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)[1]
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    for tag in ("style", "script"):
        (body,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = b64encode(sha256(body.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


def test_nothing_in_the_page_points_outside():
    text = page_of(*two_paths())
    assert not re.findall(r"\b(?:src|href|action)\s*=|url\(|@import|fetch\(|XMLHttpRequest|WebSocket|import\(", text)
    assert set(re.findall(r"https?://[^\"'\s>]*", text)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }


HOSTILE = [
    "<script>alert(1)</script>",
    "</script><b>",
    "<!-- svg -->",
    "\"'{|}\\N&amp;",
    "two\nlines",
    "🦊",
    "__proto__",
]


@pytest.mark.parametrize("label", HOSTILE)
def test_hostile_labels_are_data_and_not_markup(label):
    x = Value(2.0, label)
    text = page_of(labelled(x * x, label + "!"), x)
    assert [label for _, label, *_ in data_of(text)["variables"]] == [printable(label), printable(label + "!")]
    assert len(re.findall(r"<script", text)) == 2
    assert len(re.findall(r"</script", text)) == 2
    assert "<b>" not in text
    assert text.count("<svg") == 1


@settings(max_examples=25)
@given(st.text(min_size=1))
def test_any_label_is_in_the_data_as_it_is(label):
    x = Value(2.0, label)
    text = page_of(x * x, x)
    assert data_of(text)["variables"][0][1] == printable(label)
    assert text.lower().count("<script") == text.lower().count("</script") == 2


def test_the_data_is_the_graph_operation_by_operation():
    w, x = Value(0.5, "w"), Value(3.0, "x")
    z = labelled(w * x, "z")
    loss = labelled((z - 1.0) ** 2, "L")
    data = data_of(page_of(loss, w))
    assert data["ops"] == ["mul", "pow", "sub"]
    assert data["nodes"] == [0.5, 3.0, [0, 0, -1], 1.0, [2, 2, -1], 2.0, [1, 4, -1]]
    assert data["variables"] == [[0, "w"], [1, "x"], [2, "z"], [6, "L"]]
    assert data["wrt"] == 0
    assert data_of(page_of(loss))["wrt"] == -1


def test_what_no_json_can_hold_is_text():
    leaves = [Value(x, f"x{i}") for i, x in enumerate([math.inf, -math.inf, math.nan])]
    data = data_of(page_of(dot(leaves, leaves)))
    assert data["nodes"][:3] == ["Infinity", "-Infinity", "NaN"]


def test_a_plain_exponent_does_not_vary():
    x, n = Value(3.0, "x"), Value(2.0, "n")
    data = data_of(page_of(x**2.0 + x**n))
    powers = [i for i, node in enumerate(data["nodes"]) if isinstance(node, list) and data["ops"][node[0]] == "pow"]
    assert data["fixed"] == powers[:1]


def test_thresholds_and_sentences_are_those_of_the_verdict():
    words = data_of(page_of(*two_paths()))["words"]
    assert (words["tiny"], words["vanished"], words["cancelled"]) == (
        sentences.TINY,
        verdict.VANISHED,
        verdict.CANCELLED,
    )
    assert words["sentences"] == sentences.SENTENCES
    assert words["conditions"] == sentences.CONDITIONS


def test_a_value_that_is_not_upstream_is_on_the_page_too():
    elsewhere = Value(1.0, "elsewhere")
    data = data_of(page_of(two_paths()[0], elsewhere))
    assert data["variables"][data["wrt"]][1] == "elsewhere"


def test_a_row_of_other_rows_needs_no_javascript_and_a_primitive_does():
    row("cube_root", "∛", "sign(a) * abs(a) ** 0.3333333333333333", "y / (3 * a)")
    primitive("mystery", lambda a: a)
    row("mystery", "?", "mystery(a)", "1")
    try:
        assert "f.sign(a) * f.pow(" in javascript.program(["cube_root"])
        with pytest.raises(ValueError, match=r"mystery is in Python alone and the page cannot do it: give its row a"):
            javascript.program(["mystery"])
    finally:
        del TABLE["cube_root"], TABLE["mystery"], PRIMITIVES["mystery"]


def framed(shown):
    text = shown._repr_html_()
    assert 'sandbox="allow-scripts allow-downloads allow-forms"' in text
    return html.unescape(re.search(r'srcdoc="([^"]*)"', text)[1])


def test_a_page_is_saved_by_its_suffix(tmp_path):
    output, wrt = two_paths()
    chain_rule(output, wrt).save(tmp_path / "chain.html")
    render(output, tmp_path / "graph.HTML")
    assert (tmp_path / "chain.html").read_text(encoding="utf-8") == page_of(output, wrt)
    assert (tmp_path / "graph.HTML").read_text(encoding="utf-8") == page_of(output)


def test_a_batch_of_a_hundred_examples_is_a_page_of_less_than_a_megabyte():
    model = MLP(2, [16, 16, 1], seed=0)
    loss = mean_squared_error([model([0.01 * i, 0.5]) for i in range(100)], [1.0] * 100)
    assert len(page_of(loss)) < 1e6
    assert len(explore(loss)._repr_html_()) < 1e6


def test_a_notebook_gets_the_page_in_a_frame_of_its_own():
    output, wrt = two_paths()
    assert framed(explore(output, wrt)) == framed(chain_rule(output, wrt).explore()) == page_of(output, wrt)
    assert framed(output.explore()) == page_of(output)


def test_wrong_arguments_say_what_to_pass():
    x = Value(1.0, "x")
    with pytest.raises(TypeError, match="must be Values, not float"):
        page_of(1.0)
    with pytest.raises(ValueError, match="one of labels, operations, not 'layers'"):
        page_of(x, by="layers")


def test_a_page_too_large_for_a_notebook_is_a_picture_there(monkeypatch):
    shown = explore(*two_paths())
    assert 'class="whygrad-picture"' in shown._repr_html_()  # for where the frame is taken away
    monkeypatch.setattr(sys.modules["engine.page.page"], "LARGEST", 1000)
    text = shown._repr_html_()
    assert "<iframe" not in text
    assert 'class="whygrad-picture"' in text
    assert "explore a loss of fewer examples, or save it to a file" in text
