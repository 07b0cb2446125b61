"""An expression typed into the page: read as the command line reads it, explained as the engine does, never run."""

import random
from html import unescape

import pytest
from graphs import two_paths
from pages import TOTAL, VERDICT, address, ask, close, plain, press

from engine import chain_rule
from engine._expression import read
from engine.table.formula import TABLE, evaluate

EXPRESSIONS = [
    "(sigmoid(w*x + b) - y)^2",
    "w = 0.8; x = 62.5; y = 0; (σ(w·x) − y)²",
    "u = w*x + b; h = tanh(u); L = (h - y)**2; w = 1/3",
    "-w**2 / -x**-y",
    "sigmoid(a*z) + tanh(C*z) + tanh(C*z)",
    "log(softplus(w) + exp(-x)) * 2 ** w - abs(w - 3)",
    "dot([w, x], [1, x], 2) + logsumexp([w, 2*x, 0]) * maximum(w, x)",
    "b = w; b * 2",
    "2w(1 − x)² + σ'(w x) √2 + ln(π x) − [w > 0.5] + [w ≤ 0.5] x·[0 < w < 3]",
    "h = tanh(w*x); (h - y)^2; w = 3; x = -1e-3",
    "a = w*w; b = a; sqrt(b) + 1e-3*erf(.5*a)",
    "where(x < 1, sqrt(x - 1), 2x) * w",
    "z = w*x + 1; where(z > 0 and w ≤ 2 or not (0 < x < 3), log(z), z**2)",
    "where(~(w > 0) & (x >= 1) | (x < w), w, exp(x)) + where(¬(w > 2) ∧ x ≥ 0 ∨ 3 < w, sin(w), w) * x",
]
SHOWN = """return variables.map(v => [v.label, String(dataOf(v.i)), String(gradOf(v.i)), definition(v.i)])"""


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_the_graph_is_that_of_the_command_line(visit, expression):
    browser = visit(*two_paths())
    ask(browser, expression)
    shown = {label: rest for label, *rest in browser.execute_script(SHOWN)}
    given = browser.execute_script("return leaves.map(i => variables[i].label)")
    leaves = [name for name in given if name in expression and f"{name} =" not in expression]
    expected = read(expression, [f"{name}=1" for name in leaves])
    nodes = [*expected.leaves, *(value for value, _ in expected.parts)]
    assert set(shown) == {node.label for node in nodes}
    for leaf in nodes:
        chain = chain_rule(expected.output, leaf).folded  # as the page has it
        data, grad, made = shown[leaf.label]
        assert close(float(data), leaf.data), leaf
        assert close(float(grad.replace("Infinity", "inf")), chain.total), leaf
        assert made == chain.naming.definition(leaf, "pretty")
    browser.execute_script("choose(0)")
    chain = chain_rule(expected.output, next(x for x in nodes if x.label == next(iter(shown)))).folded
    assert plain(browser.execute_script(VERDICT)) == plain(f"{chain.verdict}: {chain.sentence}".replace("_", "-"))


READ = """return arguments[0].map(text => {
  try {
    const tree = parse(text, 0, new Set(["w", "x1", "é"]));
    evaluate(tree, Object.fromEntries(namesIn(tree).map(({ name }) => [name, 1])), () => 1);
    return true;
  } catch (error) {
    if (!(error instanceof FormulaError)) throw error;
    return false;
  }
});"""
PIECES = [
    *"w2+-*/()[],^²σ=.@!'é <>≤&|~¬∧",
    " and ",
    "or",
    " not ",
    "<=",
    "where(",
    "w > 1",
    "x1",
    "0.5",
    "1e-3",
    ".5",
    "**",
    "exp(",
    "sum([",
    "])",
    "lambda",
    "if",
    "maximum(",
]
FORMS = [
    "({})",
    "-{}",
    "{} + {}",
    "{}*{}",
    "{}/{}",
    "{} ** {}",
    "{} - {}",
    "exp({})",
    "maximum({}, {},)",
    "sum([{}, {}])",
    "where({} < {}, {}, {})",
    "where(0 <= {} < {} or not ({} ≥ 1 and x1 > {}), {}, 2)",
    "where((w > {}) & ~(x1 < {}) | (x1 ≤ w), 1, {})",
]


def formula(rng, depth=0):
    if depth > 3 or rng.random() < 0.3:
        return rng.choice(["w", "x1", "2", "0.5", "1e-3", ".5", "3.", "é", "2w", "x1²"])
    form = rng.choice(FORMS)
    return form.format(*(formula(rng, depth + 1) for _ in range(form.count("{}"))))


def broken(rng, text):
    i = rng.randrange(len(text) + 1)
    return text[:i] + rng.choice(PIECES) + text[i + rng.randint(0, 1) :]


def one(name, *operands):
    """An algebra with the one number 1, in which sequences are lists."""
    row = TABLE[name]
    if row.variadic and [isinstance(x, list) for x in operands] != [name.isupper() for name in row.variables]:
        raise ValueError(name)
    return 1.0


def python_reads(text):
    from engine._expression import _formula, _names
    from engine.table.formula import parse

    try:
        formula = _formula(text, ["w", "x1", "é"])
        evaluate(formula, dict.fromkeys(_names(parse(formula)), 1.0), one)
    except (ValueError, OverflowError):
        return False
    return True


def test_a_text_is_a_formula_on_the_page_where_it_is_one_in_the_table(browser):
    from engine.page.javascript import program, runnable
    from engine.page.page import _file

    rng = random.Random(5)
    texts = [formula(rng) for _ in range(300)]
    texts += [broken(rng, text) for text in texts for _ in range(8)]
    script = "\n".join([program(runnable()), _file("tokens.js"), _file("parse.js"), READ])
    found = dict(zip(texts, browser.execute_script(script, texts), strict=True))
    expected = {text: python_reads(text) for text in texts}
    assert 500 < sum(expected.values()) < 2000
    assert [text for text in texts if found[text] != expected[text]] == []


ERRORS = [
    ("w + sigmod(x)", "there is no function sigmod: sigmoid is one", 4),
    ("w + (x & 2)", "& combines comparisons", 5),
    ("where(w, x, 1)", "where is written where(condition, a, b)", 0),
    ("where(w > 0 & x > 0, x, 1)", "& combines comparisons", 10),
    ("w and x > 0", "and combines comparisons", 0),
    ("where(w == 0, x, 1)", "not of =", 8),
    ("a = w; a + wrong(x)", "there is no function wrong", 11),
    ("w + sigmoid(w, x)", "sigmoid is written sigmoid(a)", 4),
    ("w + x)", "has no operator before it", 5),
    ("(w + x", "the formula ends before its )", 6),
    ("w +", "the formula ends too early", 3),
    ("w 2", "2 has no operator before it", 2),
    ("lambda: 1", "lambda is a Python keyword", 0),
    ("x.data + 1", "not of .", 1),
    ("alert(1)", "there is no function alert", 0),
    ("constructor(w)", "there is no function constructor", 0),
    ("__proto__(w)", "there is no function __proto__", 0),
    ("w; w", "only the last part may have no name", 0),
    ("a = w; a = w; a", "a has two meanings", 11),
    ("2 + 3", "there is no variable in it", 0),
    ("", "there is no expression", 0),
    ("[w, w]", "a list of 2", 0),
    ("(" * 300 + "w", "nested too deeply", None),
    ("w * " + "9" * 400, "too large", 4),
]


@pytest.mark.parametrize(("expression", "said", "at"), ERRORS)
def test_what_is_no_expression_is_refused_where_it_stands_and_all_stays(visit, expression, said, at):
    browser = visit(*two_paths())
    total = browser.execute_script(TOTAL)
    ask(browser, expression)
    text, code = browser.execute_script(
        "return [$('refused').textContent, $('refused').querySelector('code')?.innerHTML]"
    )
    assert said in text
    if at is not None:
        assert unescape(code.partition("<mark>")[0]) == expression[:at]
    assert browser.execute_script(TOTAL) == total
    assert "e=" not in address(browser)


def test_hostile_expressions_are_text(visit):
    browser = visit(*two_paths())
    for expression in [
        "<img src=x onerror=alert(1)>",
        "w*</script><script>alert(1)</script>",
        "constructor + __proto__",
    ]:
        ask(browser, expression)
        assert browser.execute_script("return document.querySelectorAll('img, script').length") == 2
    assert browser.execute_script("return leaves.map(i => variables[i].label)") == ["constructor", "__proto__"]
    assert browser.execute_script(TOTAL) == 1.0


def test_numbers_of_names_that_stay_are_kept_and_back_is_the_first_graph(visit):
    browser = visit(*two_paths())
    ask(browser, "w * x")
    browser.execute_script("change(0, 3)")
    ask(browser, "w * x + b")
    assert browser.execute_script("return leaves.map(i => [variables[i].label, dataOf(i)])") == [
        ["w", 3],
        ["x", 1],
        ["b", 1],
    ]
    press(browser, "first")
    assert close(browser.execute_script(TOTAL), chain_rule(*two_paths()).total)
