#!/bin/sh
# Makes the pictures of docs/tutorial.md anew, and what the page shows of the programs' output, by the page's own
# commands.  Takes some minutes.
#
# Needs $QUERN_BIN, and the data by $QUERN_MNIST_SAMPLE, $QUERN_MNIST_PNG and $QUERN_CIFAR10: archives or folders.
set -eu
: "${QUERN_BIN:?names the folder of the programs}"
: "${QUERN_MNIST_SAMPLE:?}" "${QUERN_MNIST_PNG:?}" "${QUERN_CIFAR10:?}"
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
exec python3 "$here/../../tests/docs/run.py" --full --update docs/tutorial.md
