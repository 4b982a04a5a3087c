#!/bin/sh
# Names of every kind through the whole pipeline, and what the programs write where.
#
# Usage: names.sh BIN_DIR
#
# Classes and files are named with UTF-8, blanks, newlines, quotes, escape sequences and bytes that
# are not UTF-8.  The files must keep them, texts must show them escaped, JSON must be JSON, and a
# program must write nothing but what it was told to.
# Exit status: 0 passed, 1 not.
set -eu

[ $# -eq 1 ] || {
    sed -n 's/^# Usage/Usage/p' "$0" >&2
    exit 2
}
PATH=$(CDPATH='' cd -- "$1" && pwd):$PATH
scratch=$(mktemp -d)
trap 'chmod -R u+w "$scratch"; rm -rf "$scratch"' EXIT
cd "$scratch"

fail() {
    echo "$*"
    exit 1
}

# has_no_control FILE: nothing in it that a terminal obeys but newlines.
has_no_control() {
    [ "$(LC_ALL=C tr -d '\n\040-\176\200-\377' <"$1" | wc -c)" -eq 0 ] ||
        fail "control characters in $1: $(od -c "$1" | head -n 20)"
    ! LC_ALL=C grep -q "$(printf '\302\233')" "$1" || fail "a C1 control character in $1"
}

# lists everything under the working folder but what is given, with size and checksum
list_all() {
    find . -type f ! -path './out/*' ! -name '*.listing' -exec cksum {} + | sort
    find . -type d | grep -v '^\./out' | sort
}

quern-draw --train 4 --valid 2 plain >/dev/null 2>&1
good=$(find plain/train -name '*.png' | sort | head -n 1)
other=$(find plain/train -name '*.png' | sort | tail -n 1)

newline=$(printf 'two\nlines')
escape=$(printf 'a\033[31mred\033]0;title\007')
csi=$(printf 'c1\302\233 31m')
utf8='naïve 数字 🙂'
quotes="quo\"te's \\ back, comma % %s \$(touch pwned)"
dash='-rf'
for class in "$newline" "$escape" "$csi" "$utf8" "$quotes" "$dash"; do
    for split in train valid; do
        mkdir -p "tree/$split/$class"
        cp "$good" "tree/$split/$class/$newline.png"
        cp "$other" "tree/$split/$class/$escape $utf8.png"
        cp "$other" "tree/$split/$class/$quotes.png"
    done
done
printf 'not a PNG' >"tree/train/$newline/bad$escape.png"
mkdir out
list_all >before.listing
chmod -R a-w tree plain

code=0
quern-ingest tree out/refused.h5 >out/refused.txt 2>&1 || code=$?
[ "$code" -eq 65 ] || fail "a bad image: ended with $code"
[ ! -e out/refused.h5 ] || fail "a store was written all the same"
quern-ingest tree out/store.h5 --skip-bad >out/ingest.txt 2>&1 || fail "$(cat out/ingest.txt)"
quern-train out/store.h5 --recipe lesson --output out/run --epochs 2 >out/train.txt 2>&1 ||
    fail "$(cat out/train.txt)"
quern-evaluate out/run out/store.h5 --output out/evaluation.h5 >out/evaluate.txt 2>&1 ||
    fail "$(cat out/evaluate.txt)"
quern-evaluate out/run out/store.h5 --json >out/evaluate.json 2>out/json.txt
quern-predict out/run tree/valid --jsonl out/image.txt 2>out/predict.txt
for view in '' --mean '--grid 2x2' '--image train/0' '--image train/0 --pixels'; do
    # shellcheck disable=SC2086
    quern-show out/store.h5 $view || fail "quern-show $view: ended with $?"
    # shellcheck disable=SC2086
    [ -z "$view" ] || quern-show out/store.h5 $view --png out/picture.png --force
done >out/show.txt 2>&1
quern-show out/evaluation.h5 >out/show_evaluation.txt 2>&1
quern-show out/run >out/show_run.txt 2>&1
rm out/picture.png
for file in out/refused.txt out/ingest.txt out/train.txt out/evaluate.txt out/evaluate.json \
    out/show.txt out/show_evaluation.txt out/show_run.txt out/json.txt out/image.txt out/predict.txt out/run/log.jsonl; do
    has_no_control "$file"
done
grep -qF 'two\nlines' out/evaluate.txt || fail "a class with a newline is not shown escaped"
grep -qF 'two\nlines' out/show.txt || fail "quern-show does not show a newline escaped"
grep -qF '数字' out/show.txt || fail "quern-show does not show UTF-8 as it is"
grep -qF '数字' out/evaluate.txt || fail "a class in UTF-8 is not shown as it is"
list_all >after.listing
diff before.listing after.listing || fail "written outside of what was named"
written=$(find out -type f ! -name '*.txt' ! -name '*.json' | sort | tr '\n' ' ')
expected='out/evaluation.h5 out/run/best.h5 out/run/epoch-0000.h5 out/run/epoch-0001.h5 out/run/epoch-0002.h5 '
expected="${expected}out/run/log.jsonl out/store.h5 "
[ "$written" = "$expected" ] || fail "written: $written"

# Bytes that are not UTF-8: whether taken or refused, never shown as they are.
mkdir -p latin/1/a "latin/1/b$(printf '\351')"
cp "$good" latin/1/a/1.png
cp "$good" "latin/1/b$(printf '\351')/1.png"
code=0
quern-ingest latin/1 out/latin.h5 --valid-fraction 0.5 >out/latin.txt 2>&1 || code=$?
case $code in
0 | 2 | 65) ;;
*) fail "a name that is not UTF-8: ended with $code" ;;
esac
iconv -f UTF-8 -t UTF-8 out/latin.txt >/dev/null || fail "a message is not UTF-8"

# Readers of others.
python=${QUERN_PYTHON:-python3}
if "$python" -c 'import h5py' 2>/dev/null; then
    "$python" - <<'PYTHON' || fail "h5py or json sees other names"
import h5py, json, os
names = set(os.listdir("tree/train"))
with h5py.File("out/store.h5") as store:
    assert set(store["classes"].asstr()[:]) == names
    for path in store["train/paths"].asstr()[:]:
        assert os.path.exists(os.path.join("tree", path)), path
with h5py.File("out/run/epoch-0002.h5") as checkpoint:
    assert set(checkpoint["classes"].asstr()[:]) == names
with h5py.File("out/evaluation.h5") as evaluation:
    assert set(evaluation["classes"].asstr()[:]) == names
with open("out/evaluate.json") as file:
    assert {entry["name"] for entry in json.load(file)["classes"]} == names
with open("out/run/log.jsonl") as file:
    for line in file:
        json.loads(line)
PYTHON
fi
if command -v h5dump >/dev/null; then
    h5dump -d /classes out/run/epoch-0002.h5 >out/dump.txt || fail "h5dump cannot read the classes"
    # It shows bytes beyond ASCII in a notation of its own, and escapes nothing.
    grep -q 'CSET H5T_CSET_UTF8' out/dump.txt || fail "h5dump sees no UTF-8"
    grep -q 'SIMPLE { ( 6 )' out/dump.txt || fail "h5dump sees other classes"
fi

# What the system was asked to write to, where it can be traced.
if strace -f -o out/strace -e trace=%file true 2>/dev/null; then
    mkdir traced
    for command in 'quern-ingest tree traced/store.h5 --skip-bad' \
        'quern-train traced/store.h5 --recipe lesson --output traced/run --epochs 1' \
        'quern-evaluate traced/run traced/store.h5 --output traced/evaluation.h5'; do
        # shellcheck disable=SC2086
        strace -f -s 4096 -o out/strace -e trace=%file $command >/dev/null 2>&1 ||
            fail "under strace: $command"
        # -f puts the process in front; what creates or changes a name, or opens for writing
        strange=$(grep -E '^[0-9]* *(creat|rename|unlink|mkdir|rmdir|link|symlink|truncate|chmod|chown|mknod|utime)[a-z0-9]*\(|O_(WRONLY|RDWR|CREAT|TRUNC)' out/strace |
            grep -v '"traced[/"]' | grep -v '"/dev/null"' | grep -v '"/proc/' |
            grep -v '"/sys/' || true)
        [ -z "$strange" ] || fail "$command touched: $strange"
    done
    grep -q 'O_WRONLY\|O_RDWR' out/strace || fail "the trace holds no write"
fi
