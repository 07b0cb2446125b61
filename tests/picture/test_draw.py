"""The picture as DOT: what is a box, what is on an edge, and that labels stay text."""

import re
from base64 import b64decode
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from graphs import labelled, micrograd, two_paths
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import Value, chain_rule, diagnose, dot, draw
from engine._notation import pretty_name, pretty_number
from engine.chain import explained
from engine.core import ancestors
from engine.picture.beside import beside
from engine.picture.diagram import Edge, Factor, View, diagram_of
from engine.picture.dot import to_dot
from engine.picture.graphviz import draw_dot
from engine.picture.grouping import MOST
from engine.picture.theme import printable, room
from nn import MLP, cross_entropy, mean_squared_error


def nodes(digraph):
    """The attributes of every node of a DOT source, by id."""
    found = {}
    for name, attributes in re.findall(r"^\t+(\w+) \[(.*)\]$", digraph.source, re.M):
        if name not in ("graph", "node", "edge"):
            found[name] = dict(re.findall(r'(\w+)=("(?:[^"\\]|\\.)*"|\S+)', attributes))
    return found


def drawing(output, wrt=None):
    return diagram_of(explained(output, wrt), View())


def kinds(digraph):
    return [attributes["class"].strip('"') for attributes in nodes(digraph).values()]


def label_of(attributes):
    return attributes["label"].strip('"').replace("\\n", "\n")


def saturated():
    w, x, y = Value(0.8, "w"), Value(62.5, "x"), Value(0.0, "y")
    z = labelled(w * x, "z")
    a = labelled(z.sigmoid(), "a")
    return labelled((a - y) ** 2, "L"), w


def test_the_whole_graph_has_a_box_a_variable_and_a_number_an_edge():
    loss, _ = two_paths()
    source = draw(loss).source
    labels = [label_of(node) for node in nodes(draw(loss)).values()]
    assert any(label.startswith("z₁ = w₁·x + b₁\ndata 0.5\ngrad −0.7") for label in labels)
    assert sorted(label.split("\n")[0].split(" ")[0] for label in labels) == sorted(
        ["w₁", "b₁", "x", "v₁₁", "v₁₂", "y₁", "y₂", "z₁", "h₁", "o₁", "o₂", "L"]
    )
    assert len(re.findall(r" -> ", source)) == 3 + 1 + 4 + 4


def test_the_same_graph_gives_the_same_dot():
    assert draw(*two_paths()).source == draw(*two_paths()).source


def test_a_chain_rule_puts_a_factor_on_every_edge_of_its_paths():
    loss, w1 = two_paths()
    drawn = chain_rule(loss, w1).draw()
    assert sum(kind.startswith("factor") for kind in kinds(drawn)) == 6
    labels = [label_of(node) for node in nodes(drawn).values()]
    assert "∂h₁/∂z₁\n1 − h₁²\n× 0.7864" in labels
    assert sum("(1)" in label for label in labels) == 2  # the first path's own factors, as (1) where fonts lack ①
    assert any(kind == "variable dim" for kind in kinds(drawn))


def test_factors_pull_with_the_total_or_against_it():
    x = Value(1.0, "x")
    a, b = labelled(3 * x, "a"), labelled(-2 * x, "b")
    drawn = nodes(draw(labelled(a + b, "y"), x))
    assert sorted(node["class"] for node in drawn.values() if "factor" in node["class"]) == [
        '"factor against"', '"factor against"', '"factor for"', '"factor for"',
    ]  # fmt: skip


def test_a_killing_factor_is_crimson_dashed_and_marked():
    drawn = draw(*saturated())
    (dead,) = [node for node in nodes(drawn).values() if "dead" in node["class"]]
    assert "dashed" in dead["style"]
    assert label_of(dead) == "∂a/∂z\nσ′(z)\nX 1.929e−22"
    assert "killed \\lraising w by 0.001 raises L by about 2.411e−23; " in drawn.source  # the headline
    assert "because z = 50: the sigmoid is saturated" in drawn.source.replace("\\l", "")
    assert "style=dashed" in drawn.source


def test_the_sum_stands_under_the_graph_and_equals_backward():
    loss, w1 = two_paths()
    loss.backward()
    rows = drawing(loss, w1).rows
    texts = ["".join(words for line in row for _, words in line) for row in rows]
    assert any("sum of 2 paths" in text for text in texts)
    shown = next(row[3][0][1] for row in rows if len(row) == 4 and row[3] and "total" in row[3][0][0])
    assert float(shown.replace("−", "-")) == pytest.approx(w1.grad, rel=1e-3)


def test_a_neuron_is_a_box_and_the_others_of_its_layer_are_one():
    model = MLP(2, [16, 16, 1], activation="tanh", seed=0)
    loss = labelled((model([0.6, -0.4]) - 1.0) ** 2, "L")
    drawn = nodes(draw(loss, model.layers[0].neurons[4].w[0]))
    labels = [label_of(node).split("\n") for node in drawn.values()]
    assert ["15 more tanh neurons of layer 1", "a⁽¹⁾₁ … a⁽¹⁾₁₆"] in [lines[:2] for lines in labels]
    assert ["12 more tanh neurons of layer 2", "a⁽²⁾₁ … a⁽²⁾₁₆"] in [lines[:2] for lines in labels]
    for beginning, shown in {"z⁽¹⁾": 1, "a⁽¹⁾": 1, "z⁽²⁾": 4, "a⁽²⁾": 4, "w⁽¹⁾₅₂": 0}.items():
        assert sum(lines[0].startswith(beginning) for lines in labels) == shown


@pytest.mark.parametrize("by_label", [True, False])
@pytest.mark.parametrize("sizes", [[3, 1], [4, 3], [5, 4, 1]])
def test_a_picture_has_the_factors_of_the_text(sizes, by_label):
    model = MLP(2, sizes, activation="tanh", seed=1)
    outputs = [model(x) for x in ([0.5, -1.0], [0.3, 0.2])]
    loss = cross_entropy(outputs, [0, 1]) if sizes[-1] > 1 else mean_squared_error(outputs, [0.2, 0.7])
    for node in () if by_label else ancestors(loss):
        node.label = ""
    for wrt in (model.layers[0].neurons[1].w[0], model.layers[-1].neurons[0].b):
        chain, drawn = chain_rule(loss, wrt), drawing(loss, wrt)
        shown = {arrow.step: arrow.box for arrow in drawn.edges if isinstance(arrow, Factor)}
        count = max((k for k in range(9) if steps_of(chain, k) <= shown.keys()), default=0)
        assert count > 0
        assert shown.keys() == steps_of(chain, count)


def steps_of(chain, k):
    return {(f.link.of, f.link.wrt, f.link.slot) for path in chain.paths(k) for f in path.factors}


def network(labels, sizes=(3, 2, 1)):
    """The loss of a network on two examples, with or without labels."""
    model = MLP(2, list(sizes), activation="tanh", seed=1)
    loss = sum((model(x) - 1.0) ** 2 for x in ([0.3, -0.7], [0.1, 0.2]))
    for node in () if labels else ancestors(loss):
        node.label = ""
    return loss


def test_a_network_without_labels_has_the_same_neurons_and_layers():
    names = [
        f"layer{i}.neuron{k}.{'a' if i < 3 else 'z'}[{n}]"
        for i, size in enumerate((3, 2, 1), 1)
        for k in range(1, size + 1)
        for n in (1, 2)
    ]
    for labels in (True, False):
        drawn = nodes(draw(network(labels)))
        found = [label_of(node).split("\n")[0].partition(" = ")[0] for node in drawn.values()]
        assert sorted(name for name in found if "⁽" in name) == sorted(map(pretty_name, names))


def test_a_crowd_without_labels_is_grouped_by_its_layers():
    labels = [label_of(node) for node in nodes(draw(network(False, (64, 64, 1)))).values()]
    assert [" ".join(label.split("\n")[:2]) for label in labels if "outputs" in label] == [
        "128 outputs of 64 tanh neurons of layer 1", "128 outputs of 64 tanh neurons of layer 2",
    ]  # fmt: skip


def test_diagnosis_and_picture_name_the_same_units():
    model = MLP(2, [3, 1], activation="tanh", seed=1)
    for p in model.parameters():
        p.data = 0.5
    loss = sum((model(x) - 1.0) ** 2 for x in ([0.3, -0.7], [0.1, 0.2], [1.0, 0.0]))
    for node in ancestors(loss):
        node.label = ""
    (symmetric,) = [finding for finding in diagnose(loss, model.parameters()) if finding.kind == "symmetric"]
    assert symmetric.where == ("layer1.neuron1", "layer1.neuron2", "layer1.neuron3")
    assert all(f'label="{pretty_name(name + ".a[1]")} ' in draw(loss).source for name in symmetric.where)


def test_a_label_with_a_dot_makes_no_neuron():
    x, scale = Value(2.0, "loss.x"), Value(3.0, "loss.scale")
    mean = labelled(x * x, "loss.mean")
    scaled = labelled(scale * mean, "loss.scaled")
    source = draw(labelled(scaled.exp(), "L")).source
    assert all(f'label="loss.{name}' in source for name in ("x", "scale", "mean", "scaled"))


def test_by_operations_a_number_is_called_by_itself():
    w, x = Value(0.8, "w"), Value(2.0)
    source = draw((w * x + 0.25).tanh(), by="operations").source
    for number in ("2", "0.25"):  # made where they are used
        assert f'label="{number}\\ngrad ' in source
    assert 'label="w\\ndata 0.8\\ngrad' in source


def test_a_disconnected_question_is_answered_in_the_picture():
    w7, h1 = Value(0.5, "w7"), Value(0.6, "h1")
    source = draw(w7, h1).source
    assert "w₇ is an independent variable: it does not depend on h₁" in source
    assert "w₇" in source
    assert "h₁" in source


def test_a_crowd_is_grouped_by_label_and_says_so():
    leaves = [Value(0.1, f"layer{i % 3}.unit{i}") for i in range(600)]
    y = labelled(dot(leaves[:300], leaves[300:]), "y")
    drawn = draw(y)
    assert len(nodes(drawn)) <= MOST
    assert "601 variables: 600 of them stand together. Ask for one weight, wrt=..." in drawn.source.replace("\\l", "")


@pytest.mark.parametrize("by", ["labels", "operations"])
def test_never_more_boxes_than_can_be_looked_at(by):
    x = u = Value(1.0, "x")
    for i in range(2000):
        u = labelled(u * 1.001, f"u{i}")
    leaves = [Value(0.1, f"{chr(97 + i % 26)}{chr(97 + i % 25)}{i}") for i in range(5000)]
    for output, wrt in [(u, None), (u, x), (labelled(dot(leaves[:2500], leaves[2500:]), "y"), leaves[3])]:
        drawn = draw(output, wrt, by=by)
        assert 0 < sum("factor" not in kind for kind in kinds(drawn)) <= MOST
        assert "stand together" in drawn.source


def test_an_unnamed_chain_of_ten_thousand_operations_is_drawn():
    x = u = Value(1.0, "x")
    for _ in range(10_000):
        u = u * 1.00001
    drawn = nodes(draw(u, x))
    assert any(label_of(node).startswith("9,991 operations\nf … v₄₀₀") for node in drawn.values())
    assert len(drawn) < 30


def test_boxes_and_factors_together_stay_few():
    model = MLP(2, [40, 40, 1], activation="tanh", seed=0)
    loss = labelled(sum((model([x, 0.5]) - 1.0) ** 2 for x in (0.1, 0.2, 0.3)), "L")
    assert len(nodes(draw(loss, model.layers[0].neurons[0].w[0]))) <= MOST
    assert len(nodes(draw(loss))) <= MOST


def test_ids_are_in_topological_order():
    for source in (draw(two_paths()[0]).source, draw(*two_paths()).source):
        steps = re.findall(r"^\t+f?([ne]\d+) -> f?([ne]\d+) ", source, re.M)
        assert steps
        assert all(int(a[1:]) < int(b[1:]) for a, b in steps if a[0] == b[0] == "n")


def test_every_box_is_wide_enough_for_what_an_svg_writes_in_it():
    loss, w1 = two_paths()
    drawn = drawing(loss, w1)
    factors = [arrow.box for arrow in drawn.edges if isinstance(arrow, Factor)]
    widths = {name: float(attributes["width"]) * 72 for name, attributes in nodes(to_dot(drawn)).items()}
    for box in (*drawn.boxes, *factors):
        assert widths.pop(box.id) >= max(map(room, box.lines))
    assert not widths


def test_a_picture_marks_as_killing_what_the_verdict_does():
    z = Value(10.0, "z")
    chain = chain_rule(labelled(z.sigmoid(), "a"), z)
    assert chain.verdict == "killed"
    assert "factor dead" in kinds(chain.draw())


def test_a_factor_of_a_living_path_does_not_kill_and_nothing_is_red():
    x = Value(0.7, "x")
    off, on = labelled((x - 2).relu(), "off"), labelled(x.relu(), "on")
    loss = labelled(off + on, "L")
    drawn = drawing(loss, x)
    assert sorted(kind for kind in kinds(to_dot(drawn)) if "factor" in kind) == [
        "factor for", "factor for", "factor for", "factor idle",
    ]  # fmt: skip
    (box,) = [box for box in drawn.boxes if box.id == drawn.box_of[x]]
    assert ("number", "1") in box.lines[2]  # its gradient lives, by the other path
    assert "dead" not in to_dot(drawn).source
    assert not any("dead" in name for row in drawn.rows for line in row for name, _ in line)
    assert "dies here" not in to_dot(drawn).source
    assert "next to no gradient passes along dashed edges, but other paths carry it" in to_dot(drawn).source


def test_infinite_and_missing_numbers_are_drawn():
    y = labelled(Value(-1.0, "z").log(), "y")
    drawn = draw(labelled(y * Value(float("inf"), "k"), "n"), y)
    assert "penwidth=1.2" in drawn.source
    assert not re.search(r"penwidth=\W*(nan|inf)", drawn.source)
    assert "! ∞" in drawn.source
    assert [kind for kind in kinds(drawn) if "factor" in kind] == ["factor wild dead"]
    assert "! the factor is inf or nan" in drawn.source
    z = Value(40.0, "z")
    loss = labelled(-(1 - labelled(z.sigmoid(), "p")).log(), "L")
    assert "factor dead" not in kinds(draw(loss, z))  # tiny, but times infinity


def test_paths_that_cancel_to_nothing_are_told_apart_and_shown_to_the_digit_that_is_left():
    x = Value(1.0, "x")
    exact = labelled(labelled(3 * x, "a") + labelled(-3 * x, "b"), "y")
    assert (
        sorted(kind for kind in kinds(draw(exact, x)) if "factor" in kind)
        == ["factor against"] * 2 + ["factor for"] * 2
    )
    close = labelled(labelled(3 * x, "a") + labelled(-2.9999 * x, "b"), "y")
    rows = drawing(close, x).rows
    assert [row[3][-1][1] for row in rows if len(row) == 4 and row[3]] == ["3", "−2.9999", "0.0001"]


def test_what_has_one_name_beside_the_paths_is_one_box():
    w = Value(0.5, "w")
    loss = labelled(sum((w * Value(0.1 * i, "x") - Value(1.0, "y")) ** 2 for i in range(1, 31)), "L")
    labels = [label_of(node) for node in nodes(draw(loss, w)).values()]
    assert any(label.startswith("30 × x\ndata 0.1 to 3\n") for label in labels)
    assert any(label.startswith("30 × y\ndata 1\n") for label in labels)


def test_a_crowd_leaves_out_of_its_boxes_what_is_few():
    model = MLP(2, [64, 64, 1], activation="tanh", seed=0)
    labels = [label_of(node) for node in nodes(draw(labelled(model([0.1, 0.2]) * 2, "L"))).values()]
    assert [label.split("\n")[0] for label in labels if "neurons" in label] == [
        "64 tanh neurons of layer 1", "64 tanh neurons of layer 2",
    ]  # fmt: skip
    assert any(label.startswith("x₁") for label in labels)


def test_what_has_no_common_name_is_named_from_first_to_last():
    leaves = [Value(0.1, chr(0x4E00 + i)) for i in range(500)]
    drawn = draw(labelled(dot(leaves[:250], leaves[250:]), "y"))
    assert any("500 variables\n一 … 俳\n" in label_of(node) for node in nodes(drawn).values())


def test_paths_that_meet_in_a_crowd_meet_in_one_point():
    x = Value(0.7, "x")
    source = draw(labelled(sum(labelled(x * i, f"h{i}") for i in range(1, 13)), "L"), x).source
    assert source.count("headport=w") == source.count("tailport=e") == 24
    assert "headport" not in draw(*two_paths()).source


def test_a_long_name_is_elided_but_whole_in_the_tooltip():
    x = Value(1.0, "encoder.block1.attention.head1.query.weight[1,1]")
    first = nodes(draw(labelled(x * 2, "y"), x))["n0"]
    assert label_of(first).split("\n")[0] == "encoder.block1.atten…d1.query.weight[1,1]"
    assert x.label in first["tooltip"]


def test_a_factor_between_long_names_keeps_its_formula():
    x = Value(1.0, "encoder.block1.weight1")
    other = Value(2.0, "encoder.block1.attention.weight2")
    a, b = labelled(3 * x, "encoder.block2.output1"), labelled(other * x, "encoder.block2.output2")
    labels = [label_of(node) for node in nodes(draw(labelled(a + b, "y"), x)).values()]
    assert {"(1)\n× 3", "(2)\nencoder.block1.attention.weight2\n× 2"} <= set(labels)


def test_a_label_keeps_its_own_signs():
    x = Value(1.0, "① ✕")
    assert "① ✕" in draw(labelled(x * 2, "y"), x).source


def test_a_theme_is_light_or_dark():
    light, dark = draw(*two_paths(), theme="light").source, draw(*two_paths(), theme="dark").source
    assert "bgcolor=white" in light or 'bgcolor="#ffffff"' in light
    assert "#14181f" in dark
    assert re.sub(r"#\w{6}", "", light) == re.sub(r"#\w{6}", "", dark)


def test_markup_has_the_fonts_and_the_sum_as_a_table():
    x = Value(1.0, "<b>&")
    source = to_dot(drawing(labelled(x * 2, "y"), x), "other").source
    assert "<B>2</B>" in source
    assert "&lt;b&gt;&amp;" in source
    assert "<HR/>" in source
    assert draw_dot(source, "svg").startswith(b"<?xml")


def test_depth_keeps_the_paths():
    loss, w1 = two_paths()
    labels = [label_of(node).split("\n")[0].split(" ")[0] for node in nodes(draw(loss, w1, depth=0)).values()]
    assert {"w₁", "z₁", "h₁", "o₁", "o₂", "L"} <= set(labels)
    assert not {"b₁", "y₁"} & set(labels)


def test_depth_keeps_what_is_near_the_output():
    loss, w1 = two_paths()
    names = {label_of(node).split("\n")[0].split(" ")[0] for node in nodes(draw(loss, depth=1)).values()}
    assert names == {"L", "o₁", "o₂", "y₁", "y₂"}
    assert len(nodes(draw(loss, depth=0))) == 1
    assert len(nodes(draw(loss, w1, depth=99))) == len(nodes(draw(loss, w1)))


def test_wrong_arguments_say_what_was_expected():
    with pytest.raises(TypeError, match="output and wrt must be Values, not float 3.0"):
        draw(3.0)
    with pytest.raises(ValueError, match="depth, a number of variables, must be at least 0, not -1"):
        draw(Value(1.0), depth=-1)
    with pytest.raises(ValueError, match="theme must be one of auto, light, dark, not 'black'"):
        draw(Value(1.0), theme="black")
    with pytest.raises(ValueError, match="by must be one of labels, operations, not 'nodes'"):
        draw(Value(1.0), by="nodes")


HOSTILE = [
    "<script>alert(1)</script>",
    'a"b',
    "{a|b}",
    "\\N \\l \\G",
    "<b>",
    "&lt;&amp;",
    "two\nlines",
    "😀",
    "]]>",
    "--",
    ";",
    " ",
]


@pytest.mark.parametrize("label", HOSTILE)
def test_hostile_labels_stay_text(label, tmp_path):
    x = Value(1.0, label)
    y = labelled((x * 2).sin(), label + "'")
    assert_is_text(label, chain_rule(y, x), tmp_path)


@settings(max_examples=25, deadline=None)
@given(label=st.text(min_size=1, max_size=12))
def test_any_label_stays_text(label, tmp_path_factory):
    x = Value(1.0, label)
    assert_is_text(label, chain_rule(labelled(x * 2, "y"), x), tmp_path_factory.mktemp("picture"))


def assert_is_text(label, chain, folder):
    chain.save(folder / "x.svg")
    root = ElementTree.parse(folder / "x.svg").getroot()
    texts = ["".join(text.itertext()) for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert any(printable(pretty_name(label)) in text for text in texts)
    assert not list(root.iter("{http://www.w3.org/2000/svg}script"))


def rows_of(output, wrt):
    """The rows under a picture as texts."""
    return ["".join(words for line in row for _, words in line) for row in drawing(output, wrt).rows]


def test_code_without_labels_shows_its_operations():
    g, a = micrograd()
    labels = [label_of(node) for node in nodes(draw(g)).values()]
    assert "c = a + b\ndata −2\ngrad −27.77" in labels
    assert "a\ndata −4\ngrad 138.8" in labels
    assert sum("data" in label for label in labels) == 27
    drawn = draw(g, a)
    assert "doutput/da = 138.8" in drawn.source
    assert chain_rule(g, a).path_count == 24
    assert any(label_of(node).endswith("\n2 x\n× −14") for node in nodes(drawn).values())


def heads(picture):
    """The first lines of the variables' boxes."""
    return {label_of(node).split("\n")[0] for name, node in nodes(picture).items() if name.startswith("n")}


def test_variables_without_labels_have_one_name_whatever_is_asked():
    g, a = micrograd()
    assert heads(draw(g, a)) <= heads(draw(g))
    w, x, b = Value(0.8), Value(0.5), Value(0.1)
    y = (w * x + b).tanh() * w
    assert heads(draw(y)) == {"a", "b", "c = a·b", "d", "f = c + d", "g = tanh(f)", "output = g·a"}
    assert heads(draw(y, w)) == heads(draw(y, x)) == heads(draw(y, b)) == heads(draw(y))


def test_one_operation_without_labels_shows_its_operands():
    a, b = Value(2.0), Value(3.0)
    _, y = b * b, a * b
    assert heads(draw(y)) == heads(draw(y, a)) == {"a", "b", "output = a·b"}


def test_all_formulas_of_a_chain_call_wrt_alike():
    w = Value(50.0)
    chain = chain_rule(w * w * w, w)
    assert (chain.closed_form, chain.folded.paths()[0].factors[0].formula) == ("3 * a ** 2", "3 * a ** 2")
    assert chain.check("3 * a**2").ok
    assert "input" not in str(chain) + str(chain.folded) + chain.to_latex() + chain.draw().source


def test_the_neurons_of_a_network_without_labels_have_one_name_whatever_is_asked():
    model = MLP(2, [3, 3], seed=1, activation="tanh")
    for parameter in model.parameters():
        parameter.label = ""
    hidden = [
        sum((w * x for w, x in zip(n.w, [0.5, -1.2], strict=True)), Value(0.0)).tanh() for n in model.layers[0].neurons
    ]
    loss = sum(
        (sum((w * h for w, h in zip(n.w, hidden, strict=True)), Value(0.0)).exp() for n in model.layers[1].neurons), 0.0
    )
    asked = {head.split(" = ")[0] for head in heads(draw(loss, model.layers[0].neurons[0].w[0]))}
    assert {"a⁽¹⁾₁", "z⁽²⁾₁", "z⁽²⁾₂", "z⁽²⁾₃"} <= asked & {head.split(" = ")[0] for head in heads(draw(loss))}


def test_the_inputs_of_a_network_stand_in_order():
    model = MLP(4, [6, 4], seed=2, activation="tanh")
    xs = [[0.1, -0.4, 0.5, 0.3], [1.0, 0.2, -0.3, 0.4]]
    diagram = drawing(cross_entropy([model(x) for x in xs], [1, 2]))
    names = {box.id: "".join(words for _, words in box.lines[0]) for box in diagram.boxes}
    first = [names[box] for box in diagram.layers[0]]
    assert first == [f"x{sign}[{example}]" for sign in "₁₂₃₄" for example in (1, 2)]


def test_a_long_formula_of_a_factor_is_whole_in_lines():
    model = MLP(2, [3, 3], seed=1)
    loss = cross_entropy([model([0.5, -1.2])], [1])
    chain = chain_rule(loss, model.parameters()[0])
    diagram = diagram_of(chain, View())
    factors = {x.step: x.box.lines for x in diagram.edges if isinstance(x, Factor)}
    of = {node.label: node for node in diagram.box_of}
    lines = ["".join(words for _, words in line) for line in factors[loss, of["layer2.neuron1.z"], None]]
    assert lines[1:-1] == ["exp(z⁽²⁾₁", "− logsumexp(z⁽²⁾₁, z⁽²⁾₂, z⁽²⁾₃))"]
    assert not any("…" in words for box in factors.values() for line in box for _, words in line)
    rows = ["".join(words for line in row for _, words in line) for row in diagram.rows]
    assert any("− logsumexp(z⁽²⁾₁, z⁽²⁾₂, z⁽²⁾₃))" in row for row in rows)


def test_leaves_have_letters_and_constants_their_numbers():
    w, x, y = Value(0.8), Value(0.5), Value(1.0)
    labels = [label_of(node).split("\n")[0] for node in nodes(draw(((w * x).tanh() - y) ** 2)).values()]
    assert sorted(labels) == ["a", "b", "c = a·b", "d = tanh(c)", "f", "g = d − f", "output = g²"]


def test_no_constants_float_beside_the_paths():
    x = Value(0.5)
    u = x
    for i in range(8):
        u = u * (i + 2.0) + 1.0
    assert not any("constants" in label_of(node) or "numbers" in label_of(node) for node in nodes(draw(u, x)).values())


def test_paths_that_read_the_same_are_one_row():
    x = Value(3.0, "x")
    rows = rows_of(x * x + x, x)
    assert len(set(rows)) == len(rows)
    assert any(row.startswith("①②") for row in rows)
    assert any(row == "2 paths, each  3 · 1=3" for row in rows)


def test_what_is_said_does_not_contradict_what_is_drawn():
    w7, h1 = Value(0.5, "w7"), Value(0.6, "h1")
    assert not any("backward()" in row for row in rows_of(w7, h1))
    x = Value(1.0, "x")
    rows = rows_of(labelled(labelled(3 * x, "a") + labelled(-3 * x, "b"), "y"), x)
    assert "◄ ochre paths pull downwards, blue ones upwards: they cancel to 0" in rows
    assert not any("against the total" in row for row in rows)
    rows = rows_of(*saturated())
    assert any(row.endswith("next to nothing passes along dashed edges") for row in rows)
    assert not any("receive none" in row for row in rows)


def test_against_has_a_mark_beside_its_colour():
    x = Value(1.0, "x")
    drawn = draw(labelled(labelled(3 * x, "a") + labelled(-2 * x, "b"), "y"), x)
    marked = [label_of(node) for node in nodes(drawn).values() if "◄" in label_of(node)]
    assert marked == ["∂y/∂b (2)\n◄ × 1", "∂b/∂x (2)\n◄ × −2"]
    assert drawn.source.count("arrowhead=empty") == 4
    assert "◄ −2" in " ".join(rows_of(labelled(labelled(3 * x, "a") + labelled(-2 * x, "b"), "y"), x))


def test_every_listed_factor_has_its_formula_and_every_row_its_symbols():
    model = MLP(2, [16, 16, 1], activation="tanh", seed=0)
    loss = labelled((model([0.6, -0.4]) - 1.0) ** 2, "L")
    wrt = model.layers[0].neurons[4].w[0]
    factors = [arrow.box for arrow in drawing(loss, wrt).edges if isinstance(arrow, Factor)]
    assert len(factors) == 2 + 4 * 3 + 1
    assert all(len(box.lines) == 3 for box in factors)
    assert {"1 − (a⁽²⁾₂)²", "w⁽²⁾₂₅"} <= {words for box in factors for line in box.lines for _, words in line}
    rows = rows_of(loss, wrt)
    assert "x₁ · (1 − (a⁽¹⁾₅)²) · w⁽²⁾₂₅ · (1 − (a⁽²⁾₂)²) · w⁽³⁾₁₂ · 2 (z⁽³⁾₁ − 1)" in rows[2]
    assert rows[3] == "0.6 · 0.9911 · (−0.8391) · 0.9653 · (−0.8012) · (−1.45)=−0.5596"


def test_the_closed_form_stands_beside_the_total():
    w, x, y = Value(0.4, "w"), Value(0.7, "x"), Value(1.0, "y")
    p = labelled((w * x).sigmoid(), "p")
    loss = labelled(-(y * p.log() + (1 - y) * (1 - p).log()), "L")
    assert any(row.startswith("dL/dw") and "(p − y)·x" in row for row in rows_of(loss, w))


def width_of(digraph):
    return float(re.search(r'width="(\d+)pt"', draw_dot(digraph.source, "svg").decode())[1])


def test_a_long_way_leads_downwards_and_its_middle_stands_together():
    x = u = Value(0.9, "x")
    for i in range(1, 41):
        u = labelled(u * 0.9 + 0.1, f"u{i}")
    drawn = draw(u, x)
    assert "rankdir=TB" in drawn.source
    assert "rankdir=LR" in draw(*saturated()).source
    assert any(label_of(node).startswith("31 variables\nu₅ … u₃₅") for node in nodes(drawn).values())
    assert width_of(drawn) < 975
    assert width_of(draw(u)) < 975


def test_a_network_opens_layer_by_layer():
    model = MLP(2, [16, 16, 1], activation="tanh", seed=0)
    drawn = draw(labelled((model([0.6, -0.4]) - 1.0) ** 2, "L"))
    labels = [label_of(node).split("\n") for node in nodes(drawn).values()]
    assert ["16 tanh neurons of layer 1", "a⁽¹⁾₁ … a⁽¹⁾₁₆"] in [lines[:2] for lines in labels]
    assert "32 of them stand together. Ask for one weight, wrt=..." in drawn.source
    assert width_of(drawn) < 975


def test_a_notebook_shows_the_picture():
    loss, w1 = two_paths()
    chain = chain_rule(loss, w1)
    bundles = [chain._repr_mimebundle_(), draw(loss, w1)._repr_mimebundle_(), chain.draw()._repr_mimebundle_()]
    for shown in (loss._repr_html_(), *(bundle["text/html"] for bundle in bundles)):
        svg = b64decode(re.search(r'src="data:image/svg\+xml;base64,([^"]+)"', shown)[1]).decode()
        assert ElementTree.fromstring(svg).get("class") == "whygrad"
        assert "max-width: 100%" in shown
    assert "aligned" in bundles[0]["text/latex"]
    assert bundles[1]["text/plain"].startswith("digraph")


def test_the_wrong_factor_of_a_derivation_is_marked():
    loss, w1 = two_paths()
    found = chain_rule(loss, w1).check(["x", "h1", "v11", "2 * (o1 - y1)"])
    drawn = found.draw()
    (wrong,) = [label_of(node) for node in nodes(drawn).values() if "dead" in node["class"]]
    assert wrong == "∂h₁/∂z₁\nX yours: h1 = 0.4621\nright: 1 − h₁² = 0.7864"
    assert "A factor is wrong" in drawn.source
    assert "that is h1 itself, not its derivative" in drawn.source.replace("\\l", "")
    right = chain_rule(loss, w1).check(["x", "1 - h1**2", "v11", "2 * (o1 - y1)"])
    with pytest.raises(ValueError, match="there is no wrong factor to mark: right for path 1 of 2"):
        right.draw()


def test_the_derivative_in_a_pre_activation_is_called_delta_and_says_what_it_is_made_of():
    model = MLP(2, [3, 2], activation="sigmoid", seed=0)
    a = model([0.5, -1.0])
    cost = labelled(a[0] ** 2 + a[1] ** 2, "C")
    z = next(node for node in ancestors(cost) if node.label == "layer1.neuron2.z")
    chain = chain_rule(cost, z)
    assert "δ⁽¹⁾₂ = dC/dz⁽¹⁾₂ = " in chain.draw().source
    name, numbers = next(pair for pair in pairwise(rows_of(cost, z)) if pair[0].startswith("δ"))
    assert name == "δ⁽¹⁾₂ = a⁽¹⁾₂·(1 − a⁽¹⁾₂) · (w⁽²⁾₂₂ δ⁽²⁾₂ + w⁽²⁾₁₂ δ⁽²⁾₁)"
    python = numbers.replace("−", "-").replace("·", "*").replace("=", "").replace("e-", "E-").strip()
    assert eval(python) == pytest.approx(chain.total, rel=1e-3)  # as it is printed, with four digits
    assert sum("δ⁽²⁾" in label_of(node) for node in nodes(chain.draw()).values()) == 2
    assert not any("δ" in row for row in rows_of(cost, model.layers[0].neurons[1].w[0]))


def test_pictures_stand_beside_each_other_with_a_sign_or_below():
    w, x = Value(1.0, "w"), Value(2.0, "x")
    product = labelled(w * x, "y")
    chains = {
        name: replace(diagram_of(chain_rule(product, v), View()), headline=[], rows=[])
        for name, v in (("in w", w), ("in x", x))
    }
    root = ElementTree.fromstring(beside(chains, ["Two derivatives"], "="))
    places = [(float(svg.get("x")), float(svg.get("y"))) for svg in root if svg.tag.endswith("svg")]
    assert places[0][1] == places[1][1]
    assert places[0][0] < places[1][0]
    texts = ["".join(text.itertext()) for text in root if text.tag.endswith("text")]
    assert texts == ["Two derivatives", "in w", "in x", "="]
    wide = {name: diagram_of(chain_rule(*two_paths()), View()) for name in "abc"}
    root = ElementTree.fromstring(beside(wide, sign="="))
    places = [(float(svg.get("x")), float(svg.get("y"))) for svg in root if svg.tag.endswith("svg")]
    assert places[0][1] < places[1][1]
    assert not any("".join(text.itertext()) == "=" for text in root if text.tag.endswith("text"))


def test_a_small_network_tells_the_gradient_of_every_weight():
    model = MLP(2, [3, 1], activation="tanh", seed=1)
    loss = sum((model(x) - 1.0) ** 2 for x in ([0.3, -0.7], [0.1, 0.2]))
    loss.backward()
    lines = [line for node in nodes(draw(loss)).values() for line in label_of(node).split("\n")]
    for weight in model.parameters():
        name, data, gradient = pretty_name(weight.label), pretty_number(weight.data), pretty_number(weight.grad)
        assert lines.count(f"{name} {data}  grad {gradient}") == 1  # not for each example again


def test_a_layer_tells_its_shape_and_between_what_its_gradients_are():
    model = MLP(2, [16, 16, 1], activation="tanh", seed=0)
    loss = (model([0.6, -0.4]) - 1.0) ** 2
    loss.backward()
    labels = [label_of(node).split("\n") for node in nodes(draw(loss)).values()]
    gradients = sorted(p.grad for p in model.layers[1].parameters())
    ends = f"their grad {pretty_number(gradients[0])} to {pretty_number(gradients[-1])}"
    assert ["16 × 16 weights, 16 biases", ends] in [lines[-2:] for lines in labels]
    assert ["16 weights, 1 bias"] in [lines[-2:-1] for lines in labels]


def test_paths_that_are_not_drawn_are_told_and_coloured_in_their_group():
    model = MLP(2, [16, 16, 1], activation="tanh", seed=0)
    loss = labelled((model([0.6, -0.4]) - 1.0) ** 2, "L")
    weight = model.layers[0].neurons[4].w[0]
    drawn = drawing(loss, weight)
    (group,) = [box for box in drawn.boxes if box.lines[0][0][1] == "12 more tanh neurons of layer 2"]
    sides = {(edge.tail, edge.head): (edge.side, edge.share) for edge in drawn.edges if isinstance(edge, Edge)}
    products = [path.product for path in chain_rule(loss, weight).paths(16)]
    into, out = (drawn.box_of[layer[4 if i == 0 else 0]] for i, layer in enumerate(outputs(loss)))
    for ends in ((into, group.id), (group.id, out)):
        assert sides[ends] == ("for", pytest.approx(sum(products[4:]) / sum(products[:4])))
    assert any(row.startswith("The 4 strongest of 16 paths are drawn") for row in rows_of(loss, weight))


def outputs(loss):
    """What the neurons of the first and of the last layer pass on."""
    names = {node.label: node for node in ancestors(loss)}
    return [names[f"layer1.neuron{i}.a"] for i in range(1, 17)], [names["layer3.neuron1.z"]]


def test_a_batch_leaves_one_name_for_each_example():
    w = Value(0.5, "w")
    loss = labelled(sum((w * Value(0.1 * i, "x1")) ** 2 for i in range(1, 3)), "L")
    assert "x₁[2]" in draw(loss, w).source


def test_the_neurons_of_a_layer_stand_in_their_order():
    model = MLP(2, [11, 4, 1], activation="tanh", seed=0)
    svg = draw_dot(draw(labelled((model([0.6, -0.4]) - 1.0) ** 2, "L")).source, "svg").decode()
    found = re.findall(r'<text[^>]* x="([-\d.]+)" y="[-\d.]+"[^>]*>(a⁽¹⁾[₀-₉]+)', svg)
    names = [name for _, name in sorted(found, key=lambda text: float(text[0]))]
    assert names == [pretty_name(f"layer1.neuron{i}.a") for i in range(1, 12)]


@pytest.mark.parametrize("suffix", ["svg", "dot", "html"])
def test_numbers_set_after_a_chain_rule_was_made_are_not_in_its_pictures(tmp_path, suffix):
    w, x = Value(2.0, "w"), Value(3.0, "x")
    z = w * x
    z.label = "z"
    chain = chain_rule(z.tanh() + z, w)
    chain.save(tmp_path / f"before.{suffix}")
    for node in (w, x, z):
        node.data = 5.0
    chain.save(tmp_path / f"after.{suffix}")
    before, after = ((tmp_path / f"{when}.{suffix}").read_text("utf-8") for when in ("before", "after"))
    assert before == after
    assert "data" in before
