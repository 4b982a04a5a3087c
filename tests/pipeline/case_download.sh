# A download that fails, or that brings something else, is refused and leaves nothing behind.
# shellcheck source=tests/pipeline/support.sh
. "$(dirname "$0")/support.sh"
unset QUERN_MNIST_SAMPLE

mkdir path
PATH=$temporary/path:$PATH
export PATH

printf '%s\n' '#!/bin/sh' 'echo "curl: no route" >&2' 'exit 6' >path/curl
chmod +x path/curl
expect_exit 69 quickstart --mnist-sample
expect_text stderr 'curl: no route'
expect_text stderr 'QUERN_MNIST_SAMPLE'

# A page of a proxy, say; the output is the argument after --output.
# shellcheck disable=SC2016
printf '%s\n' '#!/bin/sh' 'while [ "$1" != --output ]; do shift; done' 'echo page >"$2"' >path/curl
expect_exit 65 quickstart --mnist-sample
expect_text stderr 'expected 3214948 bytes with MD5 2dbc7ec6f9259b583af0072c55816a88, found 5'
expect_no_file quern-quickstart/mnist_sample quern-quickstart/mnist_sample.tgz \
    quern-quickstart/mnist_sample.tgz.partial

# A local archive that holds something else.
mkdir stuff
tar -czf stuff.tar.gz stuff
QUERN_MNIST_SAMPLE=stuff.tar.gz
export QUERN_MNIST_SAMPLE
expect_exit 65 quickstart --mnist-sample
expect_text stderr 'mnist_sample/train'
echo noise >stuff.tar.gz
expect_exit 65 quickstart --mnist-sample
expect_text stderr 'cannot be unpacked'
expect_no_file quern-quickstart/mnist_sample
