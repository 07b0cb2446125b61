"""Neuron, Layer and MLP: micrograd's interface and numbers, labels by place, and errors."""

import math
import random
from functools import wraps

import pytest
from micrograd import nn as micrograd

from engine import Value, chain_rule, relu, row, sigmoid, softmax, tanh
from engine.table.formula import TABLE
from nn import MLP, RNN, Layer, Neuron


def twin(sizes, seed=1337):
    """Our MLP and micrograd's, with the same random numbers."""
    random.seed(seed)
    theirs = micrograd.MLP(sizes[0], sizes[1:])
    random.seed(seed)
    return MLP(sizes[0], sizes[1:]), theirs


@pytest.mark.parametrize("sizes", [[3, 4, 4, 1], [2, 16, 16, 1], [1, 2], [2, 3]])
def test_a_seed_gives_micrograds_weights_outputs_and_gradients(sizes):
    ours, theirs = twin(sizes)
    assert [p.data for p in ours.parameters()] == [p.data for p in theirs.parameters()]
    x = [random.uniform(-1, 1) for _ in range(sizes[0])]
    outputs = [module(x) for module in (ours, theirs)]
    for output in outputs:
        (sum(output) if isinstance(output, list) else output).backward()
    numbers = [[v.data for v in output] if isinstance(output, list) else output.data for output in outputs]
    assert numbers[0] == pytest.approx(numbers[1], rel=1e-12)
    gradients = [[p.grad for p in module.parameters()] for module in (ours, theirs)]
    assert gradients[0] == pytest.approx(gradients[1], rel=1e-12, abs=1e-15)


def test_prints_as_micrograd_does():
    ours, theirs = twin([3, 4, 4, 1])
    assert str(ours) == str(theirs)


def demo_loop(module, Number, X, y, steps):
    """The training loop of micrograd's demo notebook."""
    losses = []
    for k in range(steps):
        inputs = [list(map(Number, xrow)) for xrow in X]
        scores = list(map(module, inputs))
        svm = [(1 + -yi * scorei).relu() for yi, scorei in zip(y, scores, strict=True)]
        data_loss = sum(svm) * (1.0 / len(svm))
        alpha = 1e-4
        reg_loss = alpha * sum(p * p for p in module.parameters())
        total_loss = data_loss + reg_loss
        module.zero_grad()
        total_loss.backward()
        learning_rate = 1.0 - 0.9 * k / 100
        for p in module.parameters():
            p.data -= learning_rate * p.grad
        losses.append(total_loss.data)
    return losses


def test_the_loop_of_micrograds_demo_gives_its_losses():
    from micrograd.engine import Value as Theirs

    ours, theirs = twin([2, 8, 8, 1])
    rng = random.Random(0)
    X = [[rng.gauss(0, 1), rng.gauss(0, 1)] for _ in range(8)]
    y = [1 if x[0] * x[1] > 0 else -1 for x in X]
    assert demo_loop(ours, Value, X, y, 6) == pytest.approx(demo_loop(theirs, Theirs, X, y, 6), rel=1e-9)


def test_attributes_that_scripts_for_micrograd_read():
    model = MLP(3, [4, 1], seed=0)
    neuron = model.layers[0].neurons[2]
    assert [len(neuron.w), type(neuron.b), neuron.nonlin] == [3, Value, True]
    assert model.layers[1].neurons[0].nonlin is False
    assert Layer(2, 3, nonlin=False).neurons[1].nonlin is False


def test_parameters_are_labelled_by_place():
    labels = [p.label for p in MLP(2, [2, 1]).parameters()]
    first = [f"layer1.neuron{i}.{name}" for i in (1, 2) for name in ("w1", "w2", "b")]
    assert labels == [*first, "layer2.neuron1.w1", "layer2.neuron1.w2", "layer2.neuron1.b"]


def test_units_are_labelled_by_place_and_inputs_by_number():
    output = MLP(2, [2, 1], activation="tanh", seed=0)([0.5, -1.0])
    assert output.label == "layer2.neuron1.z"
    activations = output.operands[2:4]
    assert [a.label for a in activations] == ["layer1.neuron1.a", "layer1.neuron2.a"]
    (z,) = activations[1].operands
    assert z.label == "layer1.neuron2.z"
    assert [x.label for x in z.operands] == [
        *("layer1.neuron2.w1", "layer1.neuron2.w2", "x1", "x2", "layer1.neuron2.b"),
    ]


def test_numbers_are_wrapped_once_a_call():
    first, second = MLP(2, [3, 1], activation="tanh")([0.5, -1.0]).operands[3:5]
    assert first.operands[0].operands[2:4] == second.operands[0].operands[2:4]


def test_values_given_as_inputs_are_left_alone():
    h, anonymous = Value(0.5, "h"), Value(0.25)
    (z,) = Neuron(2, activation="tanh")([h, anonymous]).operands
    assert z.operands[2:4] == (h, anonymous)
    assert (h.label, anonymous.label) == ("h", "")


def test_alone_a_neuron_and_a_layer_have_short_labels():
    assert Neuron(1)([1.0]).label == "a"
    assert Neuron(1, nonlin=False)([1.0]).label == "z"
    assert [v.label for v in Layer(1, 2)([1.0])] == ["neuron1.a", "neuron2.a"]


@pytest.mark.parametrize("init", ["xavier", 0.5])
def test_without_a_bias_a_layer_is_a_matrix(init):
    layer = Layer(2, 3, init=init, bias=False, nonlin=False)
    assert [p.label for p in layer.parameters()] == [f"neuron{i}.w{j}" for i in (1, 2, 3) for j in (1, 2)]
    matrix = [[w.data for w in neuron.w] for neuron in layer.neurons]
    assert [z.data for z in layer([2.0, 4.0])] == [2.0 * row[0] + 4.0 * row[1] for row in matrix]


def test_the_chain_rule_names_places():
    model = MLP(1, [2, 1], activation="tanh", seed=0)
    chain = chain_rule(model([0.5]), model.layers[0].neurons[1].w[0])
    assert "w⁽¹⁾₂₁ → z⁽¹⁾₂ → a⁽¹⁾₂ → z⁽²⁾₁" in str(chain)


def test_a_single_output_comes_back_bare_and_several_as_a_list():
    assert isinstance(MLP(2, [3, 1])([1, 2]), Value)
    assert [type(v) for v in MLP(2, [3, 2])([1, 2])] == [Value, Value]


def test_a_hidden_layer_of_one_neuron():
    model = MLP(1, [1, 1, 2], activation="tanh", init=1.0)
    expected = math.tanh(math.tanh(0.5 + 1) + 1) + 1
    assert [v.data for v in model([0.5])] == pytest.approx([expected] * 2)


def test_one_number_or_value_stands_for_a_sequence_of_one():
    model = MLP(1, [2, 1], seed=0)
    assert model(0.5).data == model([0.5]).data == model(Value(0.5)).data


def test_arrays_are_inputs():
    np = pytest.importorskip("numpy")
    model = MLP(2, [2, 1], seed=0)
    assert model(np.array([0.5, -1.0])).data == model([0.5, -1.0]).data


@pytest.mark.parametrize("module", [Neuron(3), Layer(3, 2), MLP(3, [2, 1])], ids=lambda module: type(module).__name__)
@pytest.mark.parametrize("x", [[1.0, 2.0], [1.0] * 4, [], 1.0])
def test_a_wrong_number_of_inputs_is_refused(module, x):
    got = len(x) if isinstance(x, list) else 1
    with pytest.raises(ValueError, match=f"expected 3 inputs, got {got}"):
        module(x)


def test_what_is_no_number_is_refused_as_input():
    with pytest.raises(TypeError, match="data must be a real number, not str"):
        Neuron(1)(["a"])


@pytest.mark.parametrize(
    ("activation", "expected"),
    [
        ("relu", lambda z: max(z, 0.0)),
        ("leaky_relu", lambda z: z if z > 0 else 0.01 * z),
        ("tanh", math.tanh),
        ("sigmoid", lambda z: 1 / (1 + math.exp(-z))),
        ("softplus", lambda z: math.log1p(math.exp(z))),
        ("linear", lambda z: z),
        ("sin", math.sin),
        ("abs", abs),
    ],
)
@pytest.mark.parametrize("bias", [-0.75, 0.25])
def test_activations_by_name(activation, expected, bias):
    neuron = Neuron(1, activation=activation)
    neuron.w[0].data, neuron.b.data = 0.5, bias
    assert neuron([1.0]).data == pytest.approx(expected(0.5 + bias))


def test_a_row_added_to_the_table_is_an_activation():
    soft = row("soft", "soft", "a / (1 + abs(a))", "1 / (1 + abs(a)) ** 2")
    try:
        neuron = Neuron(1, activation="soft", init=1.0)
        assert neuron([2.0]).data == 0.75
        assert Neuron(1, activation=soft, init=1.0)([2.0]).data == 0.75
        assert str(neuron) == "SoftNeuron(1)"
    finally:
        del TABLE["soft"]


def test_an_activation_is_given_by_name_or_as_the_function():
    named = MLP(2, [3, 2, 2], activation="tanh", output_activation="softmax", seed=0)
    for f in (tanh, Value.tanh):
        model = MLP(2, [3, 2, 2], activation=f, output_activation=softmax, seed=0)
        assert str(model) == str(named)
        assert [p.data for p in model([0.5, -1.0])] == [p.data for p in named([0.5, -1.0])]
    weights, biases = [[[0.5]], [[2.0]], [[3.0]]], [[0.1], [0.2], [0.3]]
    by_name = MLP.from_arrays(weights, biases, ["tanh", "relu"], "sigmoid", rows="neurons")
    assert str(MLP.from_arrays(weights, biases, [tanh, relu], sigmoid, rows="neurons")) == str(by_name)
    assert str(RNN(1, 2, activation=relu).layer) == str(RNN(1, 2, activation="relu").layer)


@pytest.mark.parametrize("function", [math.tanh, lambda z: z, wraps(tanh)(lambda z: 2 * tanh(z)), tanh(0.5)])
def test_a_function_that_is_no_row_is_refused(function):
    with pytest.raises(TypeError, match=r"activation must be a row of the table, such as 'relu' or engine.relu"):
        MLP(2, [2, 1], activation=function)


@pytest.mark.parametrize("name", ["misch", "add", "dot", "data", ""])
def test_an_unknown_activation_lists_what_there_is(name):
    with pytest.raises(ValueError, match="no activation '.*': it must be linear or a row .* leaky_relu, .* sigmoid"):
        MLP(2, [2, 1], activation=name)


def test_names_of_activations_in_print():
    model = MLP(1, [1, 1], activation="leaky_relu", output_activation="sigmoid")
    assert str(model) == "MLP of [Layer of [LeakyReLUNeuron(1)], Layer of [SigmoidNeuron(1)]]"


def test_softmax_is_over_a_whole_layer():
    model = MLP(2, [3, 3], activation="tanh", output_activation="softmax", seed=0)
    logits = MLP(2, [3, 3], activation="tanh", seed=0)([0.5, -1.0])
    shares, powers = model([0.5, -1.0]), [math.exp(z.data) for z in logits]
    assert [p.data for p in shares] == pytest.approx([x / sum(powers) for x in powers], rel=1e-14)
    assert [p.label for p in shares] == [f"layer2.neuron{i}.a" for i in (1, 2, 3)]
    assert str(model.layers[1]).endswith("LinearNeuron(3)] with softmax")
    assert [p.label for p in Layer(1, 2, activation="softmax")([1.0])] == ["neuron1.a", "neuron2.a"]
    assert [z.label for z in Layer(1, 2, activation="softmax", nonlin=False)([1.0])] == ["neuron1.z", "neuron2.z"]


def test_every_parameter_a_number():
    model = MLP(2, [3, 3, 2], activation="sigmoid", output_activation="sigmoid", init=1.0)
    assert {p.data for p in model.parameters()} == {1.0}
    assert model([0.8, 0.4])[0].data == pytest.approx(0.9806907, abs=5e-8)


def test_initialisers_reach_the_weights():
    wide = MLP(2, [100, 1], init="xavier", seed=0)
    assert max(abs(w.data) for n in wide.layers[0].neurons for w in n.w) <= (6 / 102) ** 0.5
    with pytest.raises(ValueError, match="init must be a number or one of"):
        MLP(2, [1], init="zeros")


def test_the_same_seed_gives_the_same_network():
    assert MLP(2, [3, 1], seed=5).state_dict() == MLP(2, [3, 1], seed=5).state_dict()
    assert MLP(2, [3, 1], seed=5).state_dict() != MLP(2, [3, 1], seed=6).state_dict()
    assert MLP(2, [3, 1]).state_dict() != MLP(2, [3, 1]).state_dict()


@pytest.mark.parametrize("init", ["uniform", "xavier", "he"])
def test_the_global_seed_gives_the_network_of_a_generator_with_that_seed(init):
    random.seed(5)
    assert MLP(2, [3, 1], init=init).state_dict() == MLP(2, [3, 1], init=init, seed=random.Random(5)).state_dict()


def test_a_generator_goes_on_from_network_to_network():
    rng = random.Random(5)
    assert MLP(2, [3, 1], seed=rng).state_dict() != MLP(2, [3, 1], seed=rng).state_dict()


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((2, 3), TypeError, r"nouts must be the sizes of the layers, such as \[16, 16, 1\], not int 3"),
        ((2, []), TypeError, "nouts must be the sizes"),
        ((0, [1]), ValueError, "nin must be at least 1, not 0"),
        ((2, [3, 0]), ValueError, "nout must be at least 1, not 0"),
        ((2, [3, 1.5]), TypeError, "nout must be an int, not float 1.5"),
    ],
)
def test_sizes_that_make_no_network_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        MLP(*arguments)
