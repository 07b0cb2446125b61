"""A network opens as layers, neurons and weights, a batch as examples, a sequence as steps; pills never pile up."""

import pytest
from graphs import labelled, two_paths
from pages import TOTAL, choose, close, network

from engine import Value, chain_rule
from engine.chain import explained
from engine.page.page import page
from nn import MLP, RNN, Layer, mean_squared_error

TITLES = "return [...boxes.values()].map(box => box.title)"
OVERLAPS = """
const shapes = name => [...document.querySelectorAll(name)].map(g => (g.querySelector("rect")).getBBox());
const before = (a, b) => a.x + a.width <= b.x + .01 || a.y + a.height <= b.y + .01;
const apart = (a, b) => before(a, b) || before(b, a);
const all = [...shapes(".pill"), ...shapes(".box")];
return all.flatMap((a, i) => all.slice(i + 1).filter(b => !apart(a, b))).length;"""


def batch(size):
    model = MLP(2, [3, 1], seed=0)
    loss = mean_squared_error([model([0.1 * i, 0.5]) for i in range(size)], [1.0] * size)
    return labelled(loss, "loss"), model


def sequence():
    rnn, out = RNN(1, 3, seed=0), Layer(3, 1, nonlin=False, seed=1)
    z = out(rnn([[Value((-0.5) ** i, f"x{i}")] for i in range(1, 7)])[-1])
    return labelled((z - 1) ** 2, "loss")


def toggle(browser, title):
    """Click the sign in a box that opens it, or close it by its button above the picture."""
    browser.execute_script(
        "const box = [...boxes.values()].find(box => box.group && box.title === arguments[0]);"
        "if (box) box.g.querySelector('.opener').dispatchEvent(new MouseEvent('click', {bubbles: true}));"
        "else [...$('crumbs').children].find(b => b.textContent.startsWith(arguments[0] + ' ')).click()",
        title,
    )


def test_a_network_opens_layer_by_layer_down_to_a_weight(visit):
    browser = visit(network()[0])
    assert browser.execute_script(TITLES) == ["layer1", "x₁", "x₂", "layer2", "layer3.neuron1", "y", "L"]
    toggle(browser, "layer2")
    assert [f"neuron{i}" in browser.execute_script(TITLES) for i in (1, 16, 17)] == [True, True, False]
    toggle(browser, "neuron7")
    assert "w⁽²⁾₇₃" in browser.execute_script(TITLES)
    browser.execute_script(
        "[...boxes.values()].find(box => box.title === 'w⁽²⁾₇₃').g.dispatchEvent(new MouseEvent('click'))"
    )
    weight = next(w for w in network()[1] if w.label == "layer2.neuron7.w3")
    assert weight.label == browser.execute_script("return variables[chosen].label")
    toggle(browser, "layer2")
    assert "neuron7" not in browser.execute_script(TITLES)
    assert "layer2" in browser.execute_script(TITLES)


def test_a_strip_shows_how_large_the_gradients_are(visit):
    output, _ = network()
    output.backward()
    browser = visit(output)
    told = browser.execute_script(
        "return [...document.querySelectorAll('.cell title')].map(title => title.textContent)"
    )
    opacities = browser.execute_script(
        "return boxes.get('/layer2').strip.map(cell => Number(cell.getAttribute('fill-opacity')))"
    )
    sizes = [
        max(abs(x.grad) for x in chain_rule(output, output).graph.nodes if x.label.startswith(f"layer2.neuron{i}."))
        for i in range(1, 17)
    ]
    assert [sizes.index(x) for x in sorted(sizes)] == [opacities.index(x) for x in sorted(opacities)]
    assert sum(text.startswith("neuron") for text in told) == 32


def test_a_batch_stands_as_its_examples_and_a_sequence_as_its_steps(visit):
    browser = visit(batch(30)[0])
    assert "30 examples" in browser.execute_script(TITLES)
    toggle(browser, "30 examples")
    assert {"example 1", "example 30"} <= set(browser.execute_script(TITLES))
    toggle(browser, "example 7")
    assert any(title.startswith("z⁽") and title.endswith("[7]") for title in browser.execute_script(TITLES))
    browser = visit(sequence())
    titles = browser.execute_script(TITLES)
    assert [f"step {i}" for i in range(1, 7)] == [title for title in titles if title.startswith("step")]
    order = browser.execute_script("return [...boxes.values()].filter(b => b.title.startsWith('step')).map(b => b.x)")
    assert order == sorted(order)


def test_the_factor_between_neurons_is_that_of_their_results(visit):
    output, _ = network()
    browser = visit(output)
    toggle(browser, "layer2")
    arcs = browser.execute_script(
        "return [...arcs.values()].filter(({from, to}) => from.title === 'neuron5' && to.head !== null)"
        ".map(arc => [variables[arc.from.head].label, variables[arc.to.head].label, factorOf(arc)])"
    )
    assert len(arcs) == 1
    nodes = {x.label: x for x in chain_rule(output, output).graph.nodes}
    for wrt, of, factor in arcs:
        assert close(factor, chain_rule(nodes[of], nodes[wrt]).total), (wrt, of)


def crowded():
    """Forty unnamed layers of a product, by operations."""
    x = u = Value(0.9, "x")
    for i in range(400):
        u = u * (x + 0.001 * i)
    return u


def test_a_crowd_is_never_wide_and_opens_in_pieces(visit):
    browser = visit(crowded(), by="operations")
    assert browser.execute_script("return boxes.size") <= 40
    for _ in range(3):
        browser.execute_script("toggle([...boxes.values()].find(box => box.group).group)")
        assert browser.execute_script("return boxes.size") <= 150


GRAPHS = {
    "two paths": two_paths,
    "network": lambda: (network()[0], None),
    "batch": lambda: (batch(5)[0], None),
    "sequence": lambda: (sequence(), None),
}


@pytest.mark.parametrize("graph", GRAPHS)
def test_pills_lie_on_no_box_and_on_no_other_pill(visit, graph):
    browser = visit(*GRAPHS[graph]())
    for _ in range(4):
        assert browser.execute_script(OVERLAPS) == 0
        browser.execute_script(
            "const box = [...boxes.values()].find(box => box.group && !openGroups.has(box.group));"
            "if (box) toggle(box.group); choose(leaves[Math.floor(leaves.length / 2)])"
        )
    tips = browser.execute_script(
        "return [...document.querySelectorAll('.pill title')].map(title => title.textContent)"
    )
    assert all(tip.startswith("∂") and " = " in tip for tip in tips)


def test_what_is_far_from_the_output_stands_in_the_box_of_what_it_goes_into(browser, tmp_path):
    file = tmp_path / "graph.html"
    file.write_text(page(explained(two_paths()[0]), 1), encoding="utf-8")
    browser.get(file.as_uri())
    assert sorted(browser.execute_script(TITLES)) == ["L", "o₁", "o₂", "y₁", "y₂"]
    choose(browser, "w1")
    assert close(browser.execute_script(TOTAL), chain_rule(*two_paths()).total)


def test_the_page_has_no_layout_to_wait_for(browser, tmp_path):
    """In a frame that is not shown, as a notebook loads it, boxes and pills have their places; shown, they are seen."""
    from selenium.webdriver.support.wait import WebDriverWait

    file = tmp_path / "hidden.html"
    inner = page(explained(*two_paths())).replace("&", "&amp;").replace('"', "&quot;")
    file.write_text(f'<!doctype html><iframe style="display: none" srcdoc="{inner}"></iframe>', encoding="utf-8")
    browser.get(file.as_uri())
    browser.execute_script("document.querySelector('iframe').style.cssText = 'width: 900px; height: 600px'")
    browser.switch_to.frame(0)
    places = browser.execute_script(
        "return [...document.querySelectorAll('.box text')].map(t => `${t.getAttribute('x')},${t.getAttribute('y')}`)"
    )
    assert len(set(places)) == len(places) == 36
    assert browser.execute_script(OVERLAPS) == 0
    WebDriverWait(browser, 10, 0.1).until(lambda b: b.execute_script("return svg.viewBox.baseVal.width") > 100)
    browser.switch_to.default_content()
