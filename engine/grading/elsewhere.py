"""Whether a formula that is right here is right nearby, too: at x = 2, 2 x is 4, but so are x² and 4."""

from __future__ import annotations

import math

from ..chain import ChainRule
from ..core import book_name, short_number, total_derivative
from .written import DERIVED, Written, read

MOST = 2000  # operations of a graph that is computed again
MOVED = 1.0 + 2.0**-7  # times a leaf's number; near enough for kinks to stay as they are
SLACK = 1e-6  # of the derivative: the digits that a difference in a formula may lose


def only_here(chain: ChainRule, written: Written) -> str:
    """Why a formula with the right number is not the derivative, found by moving each leaf in turn; "" if it is.

    >>> from engine import Value, chain_rule
    >>> x = Value(2.0, "x")
    >>> y = x**3
    >>> chain = chain_rule(y, x)
    >>> only_here(chain, read("6 x", {"x": 2.0}))
    '6 x is right where x = 2 only: where x = 2.016 it is 12.09, and doutput/dx is 12.19'
    >>> only_here(chain, read("3 x²", {"x": 2.0}))
    ''
    """
    graph, names = chain.graph, chain.naming.names
    if not written.names or len(graph.nodes) > MOST:
        return ""
    index_of = {node: i for i, node in enumerate(graph.nodes)}
    for leaf, name in names.items():
        if leaf.op or leaf not in index_of or not leaf.data:
            continue
        at = {index_of[leaf]: leaf.data * MOVED}
        data, slope = graph.forward(at), graph.elsewhere(at)[0][index_of[chain.wrt]]
        number = read(written.text, {str(label): data[index_of[node]] for node, label in names.items()})
        off = abs(number.number - slope)
        if math.isfinite(off) and off > max(SLACK * abs(slope), DERIVED * abs(chain.total)) + 2 * written.tolerance:
            moved = f"where {book_name(name)} = {short_number(leaf.data * MOVED)} it is {short_number(number.number)}"
            right = f"{total_derivative(names[chain.output], names[chain.wrt])} is {short_number(slope)}"
            return f"{written} is right where {book_name(name)} = {short_number(leaf.data)} only: {moved}, and {right}"
    return ""
