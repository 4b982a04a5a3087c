#!/usr/bin/env python3
"""Holds the figures of metrics/ against scikit-learn and scipy.

check.py PRINT_FIGURES         compares random and nasty inputs
check.py --write stored.h      writes what tests/test_metrics_figures.c is held to without them

What neither library has is computed here by the formula of docs/metrics.md.
"""
import json
import math
import subprocess
import sys
import warnings

try:
    import numpy as np
    import scipy.stats
    import sklearn
    import sklearn.metrics as sk
except ImportError:
    print("scikit-learn is not installed")
    sys.exit(77)

warnings.simplefilter("ignore")
NUM_BINS = 15
KEYS = ["recall", "precision", "f1", "roc_area", "average_precision"]


# ---- cases ----

def softmax(logits):
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return (e / e.sum(axis=1, keepdims=True)).astype(np.float32)


def random_case(rng, num_classes, num_samples, sharpness=2.0, present=None):
    labels = rng.choice(num_classes if present is None else present, num_samples)
    logits = rng.normal(size=(num_samples, num_classes))
    logits[np.arange(num_samples), labels] += 1.0
    return labels, softmax(logits * sharpness)


def cases():
    """name, labels, scores, are_probabilities"""
    rng = np.random.default_rng(7)
    yield "random", *random_case(rng, 3, 40), True
    yield "two classes", *random_case(rng, 2, 30), True
    labels, scores = random_case(rng, 4, 40)
    yield "ties", labels, np.round(scores * 4).astype(np.float32) / 4, False
    yield "absent class", *random_case(rng, 4, 30, present=[0, 2, 3]), True
    yield "one class present", *random_case(rng, 3, 12, present=[1]), True
    yield "two classes, one present", *random_case(rng, 2, 12, present=[1]), True
    labels, scores = random_case(rng, 3, 20)
    scores[:, 1] /= 64
    yield "class that nothing is taken for", labels, scores / scores.sum(axis=1, keepdims=True), True
    yield "twelve classes", *random_case(rng, 12, 48), True
    labels, scores = random_case(rng, 3, 24, sharpness=400.0)
    yield "saturated", labels, scores, True
    labels = np.arange(9) % 3
    yield "all right", labels, np.eye(3, dtype=np.float32)[labels], True
    yield "all wrong", labels, np.eye(3, dtype=np.float32)[(labels + 1) % 3], True
    yield "equal scores", labels, np.full((9, 3), np.float32(1 / 3)), True
    labels, scores = random_case(rng, 3, 30)
    yield "distances", labels, -np.abs(rng.normal(size=scores.shape)).astype(np.float32), False
    yield "two distances", rng.choice(2, 20), -np.abs(rng.normal(size=(20, 2))).astype(np.float32), False
    yield "one sample", np.array([1]), np.array([[0.25, 0.75]], dtype=np.float32), True


def many_cases():
    yield from cases()
    rng = np.random.default_rng(11)
    for i in range(24):
        num_classes = int(rng.integers(2, 25))
        num_samples = int(rng.integers(1, 250))
        labels, scores = random_case(rng, num_classes, num_samples, sharpness=10 ** rng.uniform(-2, 2))
        if i % 3 == 0 and num_classes > 2:
            scores = np.round(scores * 8).astype(np.float32) / 8
        yield f"random {i}", labels, scores.astype(np.float32), bool(i % 3 or num_classes == 2)


# ---- figures ----

def top_k(num_classes):
    return 5 if num_classes > 10 else 2 if num_classes > 2 else 0


def top_k_accuracy(labels, predictions, scores, k):
    """The predicted class, then by falling scores, of equal ones the lower class first."""
    hits = 0
    for label, prediction, row in zip(labels, predictions, scores):
        order = sorted(range(len(row)), key=lambda c: (c != prediction, -row[c], c))
        hits += label in order[:k]
    without_ties = all(len(set(row)) == len(row) for row in scores)
    if without_ties and 2 < scores.shape[1]:
        expected = sk.top_k_accuracy_score(labels, scores, k=k, labels=range(scores.shape[1]))
        assert math.isclose(hits / len(labels), expected)
    return hits / len(labels)


def brier(labels, scores):
    if scores.shape[1] == 2:
        return sk.brier_score_loss(labels, scores[:, 1].astype(float), pos_label=1)
    value = np.mean(((np.eye(scores.shape[1])[labels] - scores.astype(float)) ** 2).sum(axis=1))
    if tuple(int(n) for n in sklearn.__version__.split(".")[:2]) >= (1, 7):
        try:
            other = sk.brier_score_loss(labels, scores.astype(float), labels=range(scores.shape[1]))
            assert math.isclose(value, other, rel_tol=1e-6)
        except ValueError:
            pass  # rows that do not add up to 1
    return value


def calibration(labels, predictions, scores):
    confidence = scores[np.arange(len(labels)), predictions].astype(float)
    right = labels == predictions
    bins = np.clip(np.ceil(confidence * NUM_BINS).astype(int) - 1, 0, NUM_BINS - 1)
    gaps = [(np.sum(bins == b), abs(right[bins == b].mean() - confidence[bins == b].mean()))
            for b in range(NUM_BINS) if np.any(bins == b)]
    return sum(n * gap for n, gap in gaps) / len(labels), max(gap for _, gap in gaps)


def areas(labels, scores, are_probabilities, c):
    hits = labels == c
    one_score = are_probabilities and scores.shape[1] == 2
    values = (scores[:, 1] if c == 1 else -scores[:, 1]) if one_score else scores[:, c]
    roc = sk.roc_auc_score(hits, values) if 0 < hits.sum() < len(hits) else math.nan
    return roc, sk.average_precision_score(hits, values) if hits.any() else math.nan


def mean(values, weights):
    pairs = [(v, w) for v, w in zip(values, weights) if not math.isnan(v)]
    total = sum(w for _, w in pairs)
    return sum(v * w for v, w in pairs) / total if total > 0 else math.nan


def expected_figures(labels, scores, are_probabilities):
    num_classes = scores.shape[1]
    predictions = scores.argmax(axis=1)
    names = range(num_classes)
    support = np.bincount(labels, minlength=num_classes)
    options = {"labels": names, "zero_division": np.nan}
    by_class = sk.precision_recall_fscore_support(labels, predictions, **options)
    classes = {"precision": by_class[0], "recall": by_class[1], "f1": by_class[2]}
    found = [areas(labels, scores, are_probabilities, c) for c in names]
    classes["roc_area"], classes["average_precision"] = zip(*found)
    figures = {
        "accuracy": sk.accuracy_score(labels, predictions),
        "balanced_accuracy": sk.balanced_accuracy_score(labels, predictions),
        "top_k_accuracy": math.nan, "brier_score": math.nan,
        "expected_calibration_error": math.nan, "largest_calibration_error": math.nan,
        "macro": {}, "weighted": {},
        "classes": [{key: float(classes[key][c]) for key in KEYS} for c in names],
    }
    if top_k(num_classes):
        figures["top_k_accuracy"] = top_k_accuracy(labels, predictions, scores, top_k(num_classes))
    if are_probabilities:
        figures["brier_score"] = brier(labels, scores)
        figures["expected_calibration_error"], figures["largest_calibration_error"] = calibration(
            labels, predictions, scores)
    for key in KEYS:
        figures["macro"][key] = mean(classes[key], np.ones(num_classes))
        figures["weighted"][key] = mean(classes[key], support)
    for average in ("macro", "weighted"):
        other = sk.precision_recall_fscore_support(labels, predictions, average=average, **options)
        for key, value in zip(("precision", "recall", "f1"), other):
            # Where no class with samples has a precision, scikit-learn takes the others.
            if math.isnan(figures[average][key]):
                continue
            close(f"{average} {key} of scikit-learn", figures[average][key], value)
    wilson = scipy.stats.binomtest(int((labels == predictions).sum()), len(labels)).proportion_ci(
        method="wilson")
    figures["accuracy_interval"] = [wilson.low, wilson.high]
    return figures


# ---- intervals and tests ----

def wilson(hits, samples, z=1.959963984540054):
    p = hits / samples
    centre = (p + z * z / (2 * samples)) / (1 + z * z / samples)
    half = z * math.sqrt(p * (1 - p) / samples + z * z / (4 * samples ** 2)) / (1 + z * z / samples)
    return centre - half, centre + half


def stratified_wilson(pairs):
    pairs = [(h, n) for h, n in pairs if n]
    if not pairs:
        return math.nan, math.nan
    smooth = [(h + 0.5) / (n + 1) for h, n in pairs]
    variances = [p * (1 - p) / n for p, (_, n) in zip(smooth, pairs)]
    w = 1 / len(pairs)
    z = 1.959963984540054 * math.sqrt(sum(w * w * v for v in variances)) / sum(
        w * math.sqrt(v) for v in variances)
    ends = [wilson(h, n, z) for h, n in pairs]
    return sum(w * low for low, _ in ends), sum(w * high for _, high in ends)


def newcombe(both, first, second, neither):
    n = both + first + second + neither
    l1, u1 = wilson(both + first, n)
    l2, u2 = wilson(both + second, n)
    p1, p2 = (both + first) / n, (both + second) / n
    margin = (both + first) * (second + neither) * (both + second) * (first + neither)
    determinant = both * neither - first * second
    if determinant > 0:
        determinant = max(determinant - n / 2, 0)
    phi = determinant / math.sqrt(margin) if margin else 0
    d1, d2, e1, e2 = p1 - l1, u2 - p2, p2 - l2, u1 - p1
    return ((p1 - p2) - math.sqrt(d1 * d1 - 2 * phi * d1 * d2 + d2 * d2),
            (p1 - p2) + math.sqrt(e1 * e1 - 2 * phi * e1 * e2 + e2 * e2))


def mcnemar(first, second):
    if first + second < 1000:
        return scipy.stats.binomtest(first, first + second).pvalue if first + second else 1.0
    return scipy.stats.chi2.sf(max(abs(first - second) - 1, 0) ** 2 / (first + second), 1)


# ---- comparison ----

def close(what, found, expected, relative=1e-9):
    found = math.nan if found is None else found
    if math.isnan(found) and math.isnan(expected):
        return
    if not math.isclose(found, expected, rel_tol=relative, abs_tol=1e-12):
        sys.exit(f"{what}: {found!r} is not {expected!r}")


def compare(what, found, expected):
    if isinstance(expected, dict):
        for key in expected:
            compare(f"{what}, {key}", found[key], expected[key])
    elif isinstance(expected, (list, tuple)):
        assert len(found) == len(expected)
        for i, value in enumerate(expected):
            compare(f"{what} {i}", found[i], value)
    else:
        close(what, found, float(expected))


def request(labels, scores, are_probabilities, num_threads):
    rows = "\n".join(" ".join([str(label), str(prediction)] + [f"{score:.9g}" for score in row])
                     for label, prediction, row in zip(labels, scores.argmax(axis=1), scores))
    return (f"figures {scores.shape[1]} {len(labels)} {int(are_probabilities)} {num_threads}\n"
            f"{rows}\n")


def check(program):
    requests, expected = [], []
    for i, (name, labels, scores, are_probabilities) in enumerate(many_cases()):
        requests.append(request(labels, scores, are_probabilities, 1 + i % 3))
        expected.append((name, expected_figures(labels, scores, are_probabilities)))
    for hits, samples in [(0, 1), (1, 1), (0, 10), (10, 10), (7, 9), (81, 263), (999999, 1000000)]:
        requests.append(f"proportion {hits} {samples}\n")
        low, high = scipy.stats.binomtest(hits, samples).proportion_ci(method="wilson")
        expected.append((f"proportion {hits}/{samples}", {"interval": [low, high]}))
    for pairs in [[(3, 4)], [(3, 4), (9, 10)], [(5, 5), (7, 7)], [(0, 3), (4, 4)], [(1, 2), (0, 0)],
                  [(0, 0)], [(900, 1000), (10, 20), (3, 3)]]:
        requests.append(f"mean {len(pairs)} {' '.join(f'{h} {n}' for h, n in pairs)}\n")
        expected.append((f"mean {pairs}", {"interval": stratified_wilson(pairs)}))
    for counts in [(36, 12, 2, 0), (20, 12, 2, 16), (1, 0, 0, 0), (0, 5, 5, 0), (9700, 12, 90, 200)]:
        requests.append(f"difference {' '.join(map(str, counts))}\n")
        expected.append((f"difference {counts}", {"interval": newcombe(*counts)}))
    for pair in [(0, 0), (1, 0), (5, 5), (3, 12), (0, 40), (499, 500), (430, 560), (500, 500),
                 (600, 500), (900, 300), (100000, 101000)]:
        requests.append(f"mcnemar {pair[0]} {pair[1]}\n")
        expected.append((f"mcnemar {pair}", {"p_value": mcnemar(*pair)}))
    lines = subprocess.run([program], input="".join(requests), capture_output=True, text=True,
                           check=True).stdout.splitlines()
    assert len(lines) == len(expected), (len(lines), len(expected))
    for line, (name, figures) in zip(lines, expected):
        compare(name, json.loads(line), figures)
    print(f"{len(lines)} equal to those of scikit-learn {sklearn.__version__}")


# ---- stored values ----

def flatten(figures):
    first = ["accuracy", "balanced_accuracy", "top_k_accuracy", "brier_score",
             "expected_calibration_error", "largest_calibration_error"]
    yield from (figures[key] for key in first)
    yield from figures["accuracy_interval"]
    for part in [figures["macro"], figures["weighted"]] + figures["classes"]:
        yield from (part[key] for key in KEYS)


def array(name, kind, values):
    texts = ["NAN" if isinstance(v, float) and math.isnan(v) else f"{v!r}" for v in values]
    lines, line = [], "   "
    for text in texts:
        if len(line) + len(text) > 97:
            lines.append(line)
            line = "   "
        line += f" {text},"
    lines.append(line)
    return f"static const {kind} {name}[] = {{\n" + "\n".join(lines) + "\n};\n"


def write(path):
    with open(path, "w", encoding="utf-8") as out:
        out.write(f"/* Written by tests/metrics/check.py --write, with scikit-learn "
                  f"{sklearn.__version__} and scipy {scipy.__version__}. */\n/* clang-format off */\n")
        table = []
        for i, (name, labels, scores, are_probabilities) in enumerate(cases()):
            figures = expected_figures(labels, scores, are_probabilities)
            out.write(array(f"labels_{i}", "uint32_t", [int(v) for v in labels]))
            out.write(array(f"predictions_{i}", "uint32_t", [int(v) for v in scores.argmax(axis=1)]))
            out.write(array(f"scores_{i}", "float", [float(v) for v in scores.ravel()]))
            out.write(array(f"expected_{i}", "double", [float(v) for v in flatten(figures)]))
            table.append(f'    {{"{name}", {scores.shape[1]}, {len(labels)}, '
                         f'{str(are_probabilities).lower()}, labels_{i}, predictions_{i}, '
                         f'scores_{i}, expected_{i}}},\n')
        out.write("static const struct stored_case stored_cases[] = {\n" + "".join(table) + "};\n")


if __name__ == "__main__":
    if sys.argv[1] == "--write":
        write(sys.argv[2])
    else:
        check(sys.argv[1])
