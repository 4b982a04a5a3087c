"""torch_products.py [gemm|conv] [REPEATS]: PyTorch's GFLOP/s for what bench/products measures.

On 1 and 2 threads.  Medians and the best of many calls; a call takes tensors in memory and writes
into one that is there already, where PyTorch lets it.  torch.mm and F.conv2d are oneDNN's or MKL's.
Convolutions are measured in both layouts that PyTorch has, nchw and nhwc (channels_last).
"""
import statistics
import sys
import time

import torch

REPEATS = next((int(argument) for argument in sys.argv[1:] if argument.isdigit()), 51)
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


LAYERS = [(28, 1, 16, 64), (14, 16, 32, 64), (32, 3, 32, 128), (32, 32, 32, 128),
          (16, 32, 64, 128), (16, 64, 64, 128), (8, 64, 128, 128), (8, 128, 128, 128)]


def measure_conv(num_threads, memory_format, format_name):
    for size, channels, outputs, batch in LAYERS:
        gflop = 2e-9 * batch * size * size * 9 * channels * outputs
        x = (torch.rand(batch, channels, size, size) - 0.5).to(memory_format=memory_format)
        w = (torch.rand(outputs, channels, 3, 3) - 0.5).to(memory_format=memory_format)
        bias = torch.rand(outputs)
        g = (torch.rand(batch, outputs, size, size) - 0.5).to(memory_format=memory_format)
        name = "%%s/%dx%dx%d-%d/%d/%d" % (size, size, channels, outputs, batch, num_threads)

        def backward(mask):
            return torch.ops.aten.convolution_backward(
                g, x, w, [outputs], [1, 1], [1, 1], [1, 1], False, [0, 0], 1, mask)

        name = "torch-" + format_name + "/" + name
        report(name % "forward", gflop, lambda: torch.relu_(torch.nn.functional.conv2d(x, w, bias, padding=1)))
        report(name % "input_gradient", gflop, lambda: backward([True, False, False]))
        report(name % "weight_gradient", gflop, lambda: backward([False, True, True]))


if __name__ == "__main__":
    torch.set_grad_enabled(False)
    for num_threads in (1, 2):
        torch.set_num_threads(num_threads)
        if "conv" not in sys.argv[1:]:
            measure_gemm(num_threads)
        if "gemm" not in sys.argv[1:]:
            measure_conv(num_threads, torch.contiguous_format, "nchw")
            measure_conv(num_threads, torch.channels_last, "nhwc")
