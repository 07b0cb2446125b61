"""What a browser lacks is said: Graphviz that was not loaded, NumPy that is not installed, a format it cannot draw."""

from engine import RenderError, Value, chain_rule

chain = chain_rule(Value(2.0, "w") * Value(3.0, "x"), Value(1.0, "elsewhere"))
try:
    chain.save("why.svg")
except RenderError as error:
    print("graphviz:", error)
try:
    from engine import record

    record(lambda x: x * x, 2.0)
except ImportError as error:
    print("numpy:", str(error).splitlines()[0])
chain.save("why.html")
chain.save("why.dot")
