#!/usr/bin/env python3
"""Computes the tables of docs/scaling.md, and checks the model behind them against this machine.

    bench/scaling.py                 # the tables, from the figures below
    bench/scaling.py check           # trains on 1, 2 and 4 ranks here and compares with the model
    bench/scaling.py --help

Plain Python, no packages.  `check` needs mpirun and a build with -DQUERN_BENCH=ON.
"""
import argparse
import json
import math
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SLICE_ROWS = 32            # model/model.h
GATHER_NBYTES = 64 * 1024  # train/ranks/exchange.h
LINE = 64                  # bytes; parameters and messages are padded to it

# Seconds, measured on one core of this machine (docs/scaling.md says which), by `check`.
ADD = 0.04e-9              # one addition of two gradients, a value; copies and updates count alike
EXCHANGE = 2.0e-6          # packing, headers and looking after the messages of a step
MESSAGE = 0.5e-6           # the processor's part of sending or receiving one message of many
THREADS_MEET = 1.0e-6      # one barrier of a node's threads; there are three in a step
CORES = 16                 # of a node in the tables, one thread each


class Model:
    """side x side images and so many classes; without shapes of tensors a linear model."""

    def __init__(self, name, side, classes, sample_seconds, tensors=None, options=(), is_rgb=False):
        self.name, self.side, self.classes = name, side, classes
        self.sample_seconds, self.options, self.is_rgb = sample_seconds, options, is_rgb
        self.is_network = tensors is not None
        self.inputs = side * side
        outputs = 1 if classes == 2 else classes
        pad = LINE // 4
        if not self.is_network:
            tensors = [outputs * self.inputs, outputs]
        self.parameters = sum(-(-n // pad) * pad for n in tensors)
        self.gradient_nbytes = 4 * self.parameters


def tensors_of(*layers):
    """Sizes of weight and bias of each layer: (outputs, inputs of one output)."""
    return [n for outputs, inputs in layers for n in (outputs * inputs, outputs)]


CIFAR_LAYERS = ('conv:32 relu conv:32 relu pool conv:64 relu conv:64 relu pool '
                'conv:128 relu conv:128 relu pool dense:256 relu')
MODELS = [
    Model('linear, 2 classes, 28x28', 28, 2, 38e-9),
    Model('softmax, 10 classes, 28x28', 28, 10, 240e-9),
    Model('softmax, 10 classes, 128x128', 128, 10, 4.2e-6),
    Model('mlp 784-512, 2 classes', 28, 2, 14e-6, tensors_of((512, 784), (1, 512)),
          ('--model', 'mlp', '--hidden', '512')),
    Model('cnn, 2 classes, 28x28', 28, 2, 74e-6,
          tensors_of((16, 9), (32, 9 * 16), (128, 32 * 49), (1, 128)), ('--model', 'cnn')),
    Model('conv 32 32 64 64 128 128 dense 256', 32, 10, 1.7e-3,
          tensors_of((32, 27), (32, 9 * 32), (64, 9 * 32), (64, 9 * 64), (128, 9 * 64),
                     (128, 9 * 128), (256, 128 * 16), (10, 256)),
          ('--layers', CIFAR_LAYERS), is_rgb=True),
]
FIT_SAMPLE_SECONDS = 0.11e-6  # nearest-mean, 28x28


class Network:
    def __init__(self, name, latency, bandwidth):
        self.name, self.latency, self.bandwidth = name, latency, bandwidth


NETWORKS = [
    Network('10 Gb Ethernet: 30 us, 1.1 GB/s', 30e-6, 1.1e9),
    Network('100 Gb InfiniBand: 1.5 us, 11 GB/s', 1.5e-6, 11e9),
]


# ---- What a step sends, as train/ranks/exchange.c does ------------------------------------------------

def num_sums(slices, ranks):
    """Partial sums of each rank: the subtrees that its run of slices is made of."""
    sums = []
    for rank in range(ranks):
        first, end = rank * slices // ranks, (rank + 1) * slices // ranks
        count = 0
        while first < end:
            stride = 1
            while (first % (2 * stride) == 0 and first + stride < slices
                   and (first + 2 * stride <= end or end == slices)):
                stride *= 2
            first = min(first + stride, slices)
            count += 1
        sums.append(count)
    return sums


class Traffic:
    """Of the rank that sends most: messages and bytes of one step."""

    def __init__(self, model, batch, ranks):
        slices = -(-batch // SLICE_ROWS)
        sums = num_sums(slices, ranks)
        self.rounds = math.ceil(math.log2(ranks)) if ranks > 1 else 0
        self.sums = sum(sums)
        self.own_sums = max(sums)
        self.is_gathered = self.sums * model.gradient_nbytes <= GATHER_NBYTES
        header = -(-(16 + 8 * -(-slices // ranks)) // LINE) * LINE
        part = model.gradient_nbytes / ranks
        if ranks == 1:
            self.messages, self.nbytes = 0, 0
        elif self.is_gathered:
            self.messages = self.rounds
            self.nbytes = (self.sums - min(sums)) * model.gradient_nbytes + (ranks - 1) * header
        else:
            self.messages = ranks - 1 + 2 * self.rounds
            self.nbytes = ((ranks - 1) * (self.own_sums * part + header)
                           + (ranks - 1) * part)


def step_seconds(model, batch, ranks, network, threads, ranks_a_core=1):
    """The time of one step of the slowest rank."""
    traffic = Traffic(model, batch, ranks)
    own_slices = -(-(-(-batch // SLICE_ROWS)) // ranks)
    turns = -(-own_slices // threads)
    rows = min(batch, turns * SLICE_ROWS)
    seconds = rows * model.sample_seconds * ranks_a_core
    if threads > 1:
        seconds += 3 * THREADS_MEET
    if ranks == 1:
        return seconds
    share = model.parameters / (1 if traffic.is_gathered else ranks)
    additions = traffic.own_sums * model.parameters + (traffic.sums + 1) * share
    seconds += additions * ADD * ranks_a_core / min(threads, 4)
    seconds += EXCHANGE * ranks_a_core
    seconds += traffic.nbytes / network.bandwidth + traffic.rounds * network.latency
    if not traffic.is_gathered:
        seconds += network.latency + (ranks - 2) * MESSAGE
    return seconds


def fit_seconds(samples, model, ranks, network, threads):
    """Nearest-mean, one pass: sums of uint64, added over ranks."""
    nbytes = 8 * model.classes * (model.inputs + 1)
    seconds = samples / ranks / threads * FIT_SAMPLE_SECONDS
    if ranks > 1:
        seconds += (2 * math.ceil(math.log2(ranks)) * network.latency
                    + 2 * (ranks - 1) / ranks * nbytes / network.bandwidth)
    return seconds


# ---- Tables -------------------------------------------------------------------------------------

RANKS = [2, 4, 8, 16, 32, 64, 128, 256]


def print_table(head, rows):
    print('| ' + ' | '.join(head) + ' |')
    print('|' + '---|' * len(head))
    for row in rows:
        print('| ' + ' | '.join(row) + ' |')
    print()


def text_nbytes(nbytes):
    for unit in ('B', 'KB', 'MB'):
        if nbytes < 1000:
            return f'{nbytes:.3g} {unit}'
        nbytes /= 1000
    return f'{nbytes:.3g} GB'


def text_batch(batch):
    return '-' if batch is None else f'{batch:,}'


def efficient_batch(model, ranks, network, threads, wanted=0.5):
    """The smallest power of two whose step on so many nodes is at least half as fast as ideal."""
    batch = SLICE_ROWS
    while batch <= 2 ** 24:
        alone = step_seconds(model, batch, 1, network, threads)
        if alone / step_seconds(model, batch, ranks, network, threads) >= wanted * ranks:
            return batch
        batch *= 2
    return None


def print_tables():
    print('Messages and bytes that a rank sends in one step, one slice (32 samples) a rank:\n')
    rows = []
    for model in MODELS:
        cells = []
        for ranks in RANKS:
            traffic = Traffic(model, SLICE_ROWS * ranks, ranks)
            way = 'g' if traffic.is_gathered else 's'
            cells.append(f'{traffic.messages} {way}, {text_nbytes(traffic.nbytes)}')
        rows.append([model.name] + cells)
    print_table(['model'] + [f'{ranks} ranks' for ranks in RANKS], rows)

    for network in NETWORKS:
        print(f'{network.name}; nodes of {CORES} cores: times faster than one node\n')
        rows = []
        for model in MODELS:
            for batch in (256, 4096, 65536, 1048576):
                alone = step_seconds(model, batch, 1, network, CORES)
                speeds = [alone / step_seconds(model, batch, ranks, network, CORES)
                          for ranks in RANKS]
                best = max(speeds)
                rows.append([model.name, f'{batch:,}', f'{alone * 1e6:.0f} us']
                            + [f'**{speed:.2f}**' if speed == best and best > 1 else f'{speed:.2f}'
                               for speed in speeds])
        print_table(['model', 'batch', 'one node'] + [f'{ranks}' for ranks in RANKS], rows)

        print(f'{network.name}: the smallest batch that keeps half of so many nodes busy\n')
        rows = [[model.name] + [text_batch(efficient_batch(model, ranks, network, CORES))
                                for ranks in RANKS] for model in MODELS]
        print_table(['model'] + [f'{ranks} nodes' for ranks in RANKS], rows)

        print(f'{network.name}: nearest-mean, a pass over ten million images, times faster\n')
        model = MODELS[1]
        alone = fit_seconds(1e7, model, 1, network, CORES)
        print_table(['one node'] + [f'{ranks}' for ranks in RANKS],
                    [[f'{alone:.2f} s'] + [f'{alone / fit_seconds(1e7, model, r, network, CORES):.1f}'
                                           for r in RANKS]])


# ---- Against this machine -----------------------------------------------------------------------

def run(command, **options):
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            check=False, **options)
    if result.returncode != 0:
        sys.exit(f'{" ".join(command)}: ended with {result.returncode}:\n{result.stdout[-2000:]}')
    return result.stdout


def launch(ranks, command):
    return run([os.path.join(ROOT, 'tests/mpi/launch.sh'), str(ranks)] + command)


def measure_network(build, ranks):
    """Latency and bandwidth of a round between so many ranks of this machine."""
    figures = {}
    for line in launch(ranks, [os.path.join(build, 'bench/ranks')]).splitlines():
        words = line.split()
        if len(words) >= 2:
            figures[words[0]] = float(words[1])
    return Network(f'{ranks} ranks here', figures['round'] * 1e-6, figures['bandwidth'] * 1e9)


def measure_step(build, store, folder, batch, ranks, options=()):
    """The shortest epoch of many, which other work on this machine disturbed least, by steps."""
    output = tempfile.mkdtemp(dir=folder)
    launch(ranks, [os.path.join(build, 'bin/quern-train'), store, '--recipe', 'lesson', '--output', output,
                   '--threads', '1', '--batch-size', str(batch), '--learning-rate', '0.01',
                   '--loss', 'cross-entropy', '--checkpoint-every', '1000', *options])
    with open(os.path.join(output, 'log.jsonl'), encoding='utf-8') as log:
        events = [json.loads(line) for line in log]
    samples = next(e for e in events if e['event'] == 'start')['train_samples']
    seconds = min(e['seconds'] for e in events if e['event'] == 'epoch')
    return seconds / (samples / batch)


def check(build):
    bin_folder = os.path.join(build, 'bin')
    processors = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder:
        networks = {ranks: measure_network(build, ranks) for ranks in (2, 4)}
        for network in networks.values():
            print(f'{network.name}: a round {network.latency * 1e6:.1f} us, '
                  f'{network.bandwidth / 1e9:.2f} GB/s')
        print()
        rows = []
        for model in MODELS:
            tree, store = os.path.join(folder, 'tree'), os.path.join(folder, 'store.h5')
            run(['rm', '-rf', tree])
            digits = '3,7' if model.classes == 2 else '0,1,2,3,4,5,6,7,8,9'
            # An epoch as short as can be: on a busy machine only short ones are undisturbed.
            count = 16384 if model.classes == 2 else 2048 if model.side == 28 else 1024
            if model.is_network:
                count = 1024
            run([os.path.join(bin_folder, 'quern-draw'), tree, '--classes', digits, '--train',
                 str(-(-count // model.classes)), '--valid', '10', '--size',
                 f'{model.side}x{model.side}'] + (['--rgb'] if model.is_rgb else []))
            run([os.path.join(bin_folder, 'quern-ingest'), tree, store])
            for batch in (256, 1024):
                epochs = '400' if model.side == 28 else '100'
                if model.is_network:
                    epochs = '20' if model.side == 28 else '5'
                options = ('--epochs', epochs, *model.options)
                alone = measure_step(build, store, folder, batch, 1, options)
                model.sample_seconds = alone / batch
                for ranks in (1, 2, 4):
                    network = networks.get(ranks)
                    measured = alone if ranks == 1 else measure_step(build, store, folder, batch,
                                                                     ranks, options)
                    modelled = step_seconds(model, batch, ranks, network, 1,
                                            max(1, ranks / processors))
                    rows.append([model.name, str(batch), str(ranks), f'{measured * 1e6:.1f} us',
                                 f'{modelled * 1e6:.1f} us',
                                 f'{100 * (modelled / measured - 1):+.0f} %' if ranks > 1 else
                                 f'{alone / batch * 1e9:.0f} ns a sample'])
        print_table(['model', 'batch', 'ranks', 'a step, measured', 'modelled', 'error'], rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('what', nargs='?', default='tables', choices=['tables', 'check'])
    parser.add_argument('--build', default=os.path.join(ROOT, 'build/release'),
                        help='build folder (default: build/release)')
    arguments = parser.parse_args()
    if arguments.what == 'check':
        check(arguments.build)
    else:
        print_tables()


if __name__ == '__main__':
    main()
