"""Every control, in any order: the page logs no error, and its numbers stay those of the engine."""

import math
import random

import pytest
from graphs import labelled, random_graph, random_pool, two_paths
from pages import close, network

from engine import Value, softmax

DRIVE = """
const BUTTONS = "forth back leave descend undo reset fit closer farther quiz theme first".split(" ");
const [moves, done] = arguments, of = (list, n) => list[n % list.length];
const click = id => document.getElementById(id).click();
const closed = id => { click(id); click("close"); };
const acts = {
  press: n => click(of(BUTTONS, n)),
  texts: n => closed(of(["python", "latex", "link"], n)),
  files: n => of([toSvg, toPng], n)(),
  box: n => of([...boxes.values()], n).g.dispatchEvent(new MouseEvent("click", { bubbles: true })),
  open: n => { const some = [...boxes.values()].filter(box => box.group);
    if (some.length && boxes.size < 80) toggle(of(some, n).group); },
  close: n => { if ($("crumbs").children.length) of([...$("crumbs").children], n).click(); },
  field: (n, text) => { const field = of([...document.querySelectorAll("#sliders [type=number]")], n);
    if (field) { field.value = text; field.dispatchEvent(new Event("input")); } },
  slide: n => { const range = of([...document.querySelectorAll("#sliders [type=range]")], n);
    if (range) { range.value = range.min * 0.7 + range.max * 0.3; range.dispatchEvent(new Event("input")); } },
  choose: n => choose(n % variables.length),
  none: () => choose(null),
  expression: (n, text, expression) => { $("expression").value = expression; $("ask").requestSubmit(); },
  link: () => restore("#" + stateOf()),
  fill: (n, text, expression, answer) => {
    for (const field of document.querySelectorAll(".blank input")) field.value = answer;
    document.querySelector("#answer form")?.requestSubmit(); },
  more: n => { const some = document.querySelectorAll("#answer button, #paths button");
    if (some.length) of(some, n).click(); },
};
for (const [name, ...rest] of moves) acts[name](...rest);
done([toPython(), variables.map(v => [v.label, String(dataOf(v.i)), String(gradOf(v.i))])]);"""
ACTS = ["press", "texts", "files", "box", "open", "close", "field", "slide", "choose", "none", "expression", "link"]
ACTS += ["fill", "more"]
NUMBERS = ["0", "-1", "1e300", "", "50", "-0", "3.5"]
EXPRESSIONS = ["w*x", "log(w)/x", "sigmoid(w*x", "", "a=relu(w); a*a", "exp(w)^x", "w=1;x=w;x*x", "maximum(w,x)+w/0"]
ANSWERS = ["x", "2", "a(1-a)", "(", "0.5", "sigmoid'(w)", "-1", "w x"]


def opposites():
    x = Value(3.0, "x")
    return softmax([x, x * 2, Value(1.0, "<b>")])[0], x


GRAPHS = {
    "a leaf": lambda: (Value(3.0, "x"), None, "labels"),
    "two paths": lambda: (*two_paths(), "labels"),
    "elsewhere": lambda: (two_paths()[0], Value(1.0, "elsewhere"), "labels"),
    "network": lambda: (network()[0], None, "labels"),
    "random": lambda: (*random_graph(3, 30), "operations"),
    "a pool": lambda: (random_pool(200, 3)[-1], None, "operations"),
    "infinite": lambda: (labelled(Value(0.0, "x").log() * Value(math.inf, "y"), "z"), None, "labels"),
    "softmax": lambda: (*opposites(), "operations"),
}


@pytest.mark.parametrize("graph", GRAPHS)
def test_whatever_is_pressed_the_numbers_are_those_of_the_engine(visit, graph):
    rng = random.Random(graph)
    output, wrt, by = GRAPHS[graph]()
    browser = visit(output, wrt, by)
    for _ in range(6):
        moves = [
            [rng.choice(ACTS), rng.randrange(1000), *map(rng.choice, (NUMBERS, EXPRESSIONS, ANSWERS))]
            for _ in range(20)
        ]
        code, shown = browser.execute_async_script(DRIVE, moves)
        made = values(code)
        made[shown[-1][0]].backward()
        for label, data, grad in shown:
            if label in made:
                assert close(number(data), made[label].data), (label, moves)
                assert close(number(grad), made[label].grad), (label, moves)


def values(code):
    """The Values that the page's Python code makes, by label; a label that several have is left out."""
    scope = {}
    exec(code.rpartition("\nprint(")[0], scope)
    return {x.label: x for x in scope.values() if isinstance(x, Value) and x.label}


def number(text):
    return float(text.replace("Infinity", "inf"))
