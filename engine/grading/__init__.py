"""A learner's derivation, judged: the factors of one path (check.py), or all gradients at once (compare.py).

Read compare.py first: what is taken and what is given. Then explanations.py, the order of the questions and what counts
as evidence; mistakes/, the catalogue, in which one more mistake is one more row; reverse_sweep.py, which a mistake
changes; network.py and layers.py, what a graph is made of; given.py, names.py and wording.py, numbers and words.
"""
