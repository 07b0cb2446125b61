"""Whether a formula that is right here is right nearby, too: at x = 2, 2 x is 4, but so are x² and 4."""

from __future__ import annotations

import math
from collections.abc import Mapping

from ..chain import ChainRule
from ..core import Value, book_name, short_number, total_derivative
from .written import DERIVED, Written, read

MOST = 2000  # operations up to which every leaf is moved, and not only those in the formula
MOVED = 2.0**-7  # of a leaf's number; near enough for kinks to stay as they are
SMALL = 0.01  # smaller numbers are moved by MOVED itself, in both directions, one of which meets no kink
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
    if not written.names:
        return ""
    index_of = {node: i for i, node in enumerate(graph.nodes)}
    for leaf, name in names.items():
        is_asked = leaf is chain.wrt or name in written.names or len(graph.nodes) <= MOST
        if leaf.op or leaf not in index_of or not is_asked:
            continue
        moves = (leaf.data,) if abs(leaf.data) >= SMALL else (1.0, -1.0)
        found = [_where_off(chain, written, index_of, leaf, leaf.data + MOVED * move) for move in moves]
        if all(found):
            return f"{written} is right where {book_name(name)} = {short_number(leaf.data)} only: {found[0]}"
    return ""


def _where_off(chain: ChainRule, written: Written, index_of: Mapping[Value, int], leaf: Value, moved: float) -> str:
    """The formula and the derivative at another number of a leaf, in words; "" if they are equal."""
    graph, names, at = chain.graph, chain.naming.names, {index_of[leaf]: moved}
    data, slope = graph.forward(at), graph.elsewhere(at)[0][index_of[chain.wrt]]
    number = read(written.text, {str(label): data[index_of[node]] for node, label in names.items()}).number
    off = abs(number - slope)
    if not (math.isfinite(off) and off > max(SLACK * abs(slope), DERIVED * abs(chain.total)) + 2 * written.tolerance):
        return ""
    right = f"{total_derivative(names[chain.output], names[chain.wrt])} is {short_number(slope)}"
    return f"where {book_name(names[leaf])} = {short_number(moved)} it is {short_number(number)}, and {right}"
