# One command from nothing to the table, and again; other data; the lesson the data should teach.
# shellcheck source=tests/pipeline/support.sh
. "$(dirname "$0")/support.sh"

# mean_of MODEL: from the table, in hundredths of a percent.
mean_of() {
    awk -v model="$1" '$1 == model { print int($4 * 10000 + 0.5) }' stdout
}

expect_exit 0 quickstart
l1=$(mean_of nearest-mean-l1) l2=$(mean_of nearest-mean-l2) linear=$(mean_of linear)
[ "$l1" -gt 8000 ] || fail "nearest-mean-l1 is no good: $l1"
[ "$l1" -lt "$linear" ] || fail "linear does not beat nearest-mean-l1: $linear, $l1"
[ "$l2" -lt "$linear" ] || fail "linear does not beat nearest-mean-l2: $linear, $l2"
[ "$linear" -lt 10000 ] || fail "linear is perfect"
expect_text stdout 'Try next'
expect_text quern-quickstart/linear/evaluation.json "\"mean_class_accuracy\":0.9"

before=$(stamps_of quern-quickstart/digits quern-quickstart/store.h5 \
    quern-quickstart/linear/run/epoch-0020.h5)
grep accuracy -A 3 stdout >table
expect_exit 0 quickstart
[ "$before" = "$(stamps_of quern-quickstart/digits quern-quickstart/store.h5 \
    quern-quickstart/linear/run/epoch-0020.h5)" ] || fail "made again: $before"
grep accuracy -A 3 stdout | cmp - table

# A tree of one's own, with names and a number of classes of its own.
draw_digits
for split in train valid; do
    mv digits/$split/3 "digits/$split/a \"three\""
    cp -r digits/$split/7 digits/$split/eight
done
expect_exit 0 quickstart --data digits --work-dir 'other work'
expect_text stdout 'eight'
expect_text stdout 'a \"three\"'
expect_text stdout 'the split valid'
[ "$(awk '/^linear/ { print NF }' stdout)" -eq 7 ] || fail "the table has not three classes"

# The commands that it prints can be run as they are, wherever its files are.
printf '#!/bin/sh\nset -e\n' >next
sed -n '/^Try next/,$ s/^  //p' stdout >>next
[ "$(wc -l <next)" -eq 7 ] || fail "printed: $(cat next)"
expect_exit 0 sh next
expect_file 'other work/longer/epoch-0100.h5' 'other work/predictions.csv'

# Options that quern-ingest recommends, and a classifier of one's own.
mkdir photos
cp -r digits/train/7 digits/train/eight photos
expect_exit 2 quickstart --data photos --work-dir photographed
expect_text stderr 'valid-fraction 0.2'
expect_text stderr 'an option that the message above names can be given here too'
expect_exit 0 quickstart --data photos --work-dir=photographed --valid-fraction 0.3 --size=8x8 \
    --train-options "$lesson --epochs 3"
expect_text stdout 'images of 8x8 gray'
grep -q '^own  ' stdout || fail "the table lacks the classifier of one's own"
expect_file photographed/own/run/epoch-0003.h5
expect_exit 65 quickstart --data digits --work-dir photographed
expect_text stderr 'give --force'
expect_exit 0 quickstart --data digits --work-dir photographed --force
tar -cf digits.tar -C digits .
expect_exit 0 quickstart --data digits.tar --work-dir unpacked

expect_exit 2 quickstart --data digits --size
expect_exit 2 quickstart --data digits --sice 8x8
expect_text stderr 'unknown option --sice'
expect_exit 2 quickstart --data digits --mnist-sample
expect_exit 2 quickstart --data missing
expect_exit 2 quickstart --epochs 3
expect_exit 69 quickstart --programs missing
expect_exit 0 quickstart --help
