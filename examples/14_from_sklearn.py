"""A network that scikit-learn trained, explained: what one of its weights does, and why it names one flower as it does.

Exercise: which factors lead from x to the probability p?

    whygrad "a = tanh(w*x + b); p = sigmoid(v*a); p" w=0.5 x=1 b=0.1 v=2 --wrt x --check "..."
"""

import argparse
from pathlib import Path

from sklearn.datasets import load_iris
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

from engine import Value, chain_rule, grad
from nn import cross_entropy, from_sklearn


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--flower", type=int, default=83, help="which of the 150 to explain (default: 83)")
    parser.add_argument("--seed", type=int, default=0, help="of scikit-learn's weights (default: 0)")
    parser.add_argument("--out", type=Path, default=Path("out"), metavar="DIR", help="where pictures go (default: out)")
    flower, seed, out = vars(parser.parse_args()).values()
    out.mkdir(parents=True, exist_ok=True)

    iris = load_iris()
    X, y, kinds = StandardScaler().fit_transform(iris.data), iris.target, iris.target_names
    classifier = MLPClassifier([4], activation="tanh", solver="lbfgs", alpha=0.3, random_state=seed).fit(X, y)
    model = from_sklearn(classifier)  # the same network: its outputs are those of predict_proba
    logits = from_sklearn(classifier, logits=True)  # without the softmax, as the loss wants it

    inputs = [Value(x, name.removesuffix(" (cm)")) for x, name in zip(X[flower], iris.feature_names, strict=True)]
    shares = model(inputs)
    taken, true = max(range(3), key=lambda c: shares[c].data), int(y[flower])
    for name, share, theirs in zip(kinds, shares, classifier.predict_proba(X)[flower], strict=True):
        share.label = f"P({name})"
        print(f"{share.label:>14} = {share.data:.6f}, by scikit-learn {theirs:.6f}")

    print(f"\nFlower {flower}, {kinds[true]}, is taken for {kinds[taken]}. What speaks for that, and against:")
    pushes = zip(inputs, grad(shares[taken], inputs), strict=True)
    for x, slope in sorted(pushes, key=lambda push: -abs(push[0].data * push[1])):
        print(f"  {x.label:>12} is {x.data:+.2f}, in spreads from the mean, times {slope:+.4f} = {x.data * slope:+.4f}")

    loss = cross_entropy([logits(inputs)], [true])
    loss.label = "loss"
    loss.backward()
    weight = max((w for neuron in logits.layers[0].neurons for w in neuron.w), key=lambda w: abs(w.grad))
    why = chain_rule(loss, weight)
    print(f"\nThe weight of the first layer with the largest gradient:\n{why}")
    why.save(out / "14_weight.svg")
    prediction = chain_rule(shares[taken], max(inputs, key=lambda x: abs(grad(shares[taken], x)[0])))
    prediction.save(out / "14_prediction.svg")
    print(f"wrote {out / '14_weight.svg'} and {out / '14_prediction.svg'}")


if __name__ == "__main__":
    main()
