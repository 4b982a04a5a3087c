"""torch_products.py [gemm|conv]: PyTorch's GFLOP/s for what bench/products measures, on 1 and 2 threads.

Medians and the best of many calls; a call takes tensors in memory and writes into one that is
there already, where PyTorch lets it.
"""
import statistics
import sys
import time

import torch

REPEATS = 51
SHAPES = [(256, 784, 1024), (256, 784, 32), (4096, 144, 32), (784, 256, 512), (1024, 256, 784)]


def seconds_of(work):
    """Median and best seconds a call, of repeats that take about a millisecond each."""
    num_calls = 1
    while True:
        start = time.perf_counter()
        for _ in range(num_calls):
            work()
        if time.perf_counter() - start > 1e-3:
            break
        num_calls *= 2
    seconds = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        for _ in range(num_calls):
            work()
        seconds.append((time.perf_counter() - start) / num_calls)
    return statistics.median(seconds), min(seconds)


def report(name, gflop, work):
    median, best = seconds_of(work)
    print("%s %.1f GFLOP/s best %.1f (%.0f us)" % (name, gflop / median, gflop / best, median * 1e6), flush=True)


def measure_gemm(num_threads):
    for m, k, n in SHAPES:
        gflop = 2e-9 * m * k * n
        a, b, c = torch.rand(m, k) - 0.5, torch.rand(k, n) - 0.5, torch.zeros(m, n)
        weights = b.t().contiguous()
        transposed = a.t().contiguous()
        shape = "%dx%dx%d/%d" % (m, k, n, num_threads)
        report("torch/plain/" + shape, gflop, lambda: torch.mm(a, b, out=c))
        report("torch/weights/" + shape, gflop, lambda: torch.mm(a, weights.t(), out=c))
        if k == 256:
            report("torch/tree/" + shape, gflop, lambda: torch.mm(transposed.t(), b, out=c))


if __name__ == "__main__":
    torch.set_grad_enabled(False)
    for num_threads in (1, 2):
        torch.set_num_threads(num_threads)
        measure_gemm(num_threads)
