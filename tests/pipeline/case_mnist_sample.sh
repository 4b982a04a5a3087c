# The figures of the fast.ai lesson, on its data.
# shellcheck source=tests/pipeline/support.sh
. "$(dirname "$0")/support.sh"

if [ -z "${QUERN_MNIST_SAMPLE:-}" ]; then
    echo "QUERN_MNIST_SAMPLE names no copy of the data"
    exit "$skipped"
fi

expect_exit 0 quickstart --mnist-sample
expect_text stdout 'train     12,396 images in 2 classes:  7 6,265   3 6,131'
expect_text stdout 'valid      2,038 images in 2 classes:  7 1,028   3 1,010'
# Columns: model, 7, 3, mean.
row_of() {
    awk -v model="$1" '$1 == model { print $2, $3, $4 }' stdout
}
[ "$(row_of nearest-mean-l1)" = '0.9854 0.9168 0.9511' ] || fail "nearest-mean-l1 differs"
[ "$(row_of nearest-mean-l2)" = '0.9737 0.9584 0.9661' ] || fail "nearest-mean-l2 differs"
row_of linear | awk '{ exit !($3 > 0.965 && $3 < 0.985) }' || fail "linear is out of its range"
