#!/bin/sh
# bench/run.sh on a tiny tree: every row is measured, with the peers that are there and with none.
# bench/scale.sh on two small sizes.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fail() {
    echo "FAILED: $*"
    for log in stdout stderr; do sed "s/^/$log: /" "$log"; done
    exit 1
}

bench() { # bench EXPECTED_CODE ARGUMENT...
    expected=$1 code=0
    shift
    "$QUERN_SOURCE/bench/run.sh" "$@" --build-dir "$QUERN_BUILD" --work-dir "$work" \
        --results results.tsv >stdout 2>stderr || code=$?
    [ "$code" -eq "$expected" ] || fail "exit code $code, expected $expected, of: $*"
}

num_lines() { # num_lines PATTERN FILE
    grep -c "$1" "$2" || true
}

bench 0 --help
rows=$(sed -n '/^Rows/,/^$/s/^  \([^ ]*\) .*/\1/p' stdout)
[ "$(echo "$rows" | wc -l)" -ge 8 ] || fail "too few rows in the help"
for wrong in --nonsense no-such-row --repeats; do
    code=0
    "$QUERN_SOURCE/bench/run.sh" "$wrong" >stdout 2>stderr || code=$?
    [ "$code" -eq 2 ] || fail "exit code $code, expected 2, of: $wrong"
done
bench 2 --repeats 0
bench 2 --data no-such-folder

"$QUERN_BUILD/bin/quern-draw" digits --train 300 --valid 40 --size 12x12 >/dev/null 2>&1
bench 0 --data digits --quick
for row in $rows; do
    # Without PIL there are no JPEG files to measure on, which is said.
    ! grep -q "row $row left out" stderr || continue
    [ "$(num_lines "^$row " stdout)" -ge 1 ] || fail "no row $row"
    awk -v row="$row" '$1 == row { found = NF == 4 && $3 > 0 && ($4 == "-" || $4 > 0) }
                       END { exit !found }' results.tsv || fail "$row: not measured"
done
grep -q '^processors: [1-9]' stdout || fail "the machine is not described"

# An archive, no peers, and only the rows that were asked for.
tar -czf digits.tar.gz digits
QUERN_PYTHON=false bench 0 --data digits.tar.gz --repeats 2 --markdown threads-256 ingest-opencv
[ "$(num_lines '^| ' stdout)" -eq 4 ] || fail "expected a head of two lines and two rows"
grep -q '^| ingest-opencv .* not installed: .*python3-opencv' stdout || fail "no missing peer"
[ "$(num_lines '^threads-256	[12]	[0-9.e-]*	[0-9.e-]*$' results.tsv)" -eq 2 ] ||
    fail "expected two measurements of both sides"

"$QUERN_SOURCE/bench/scale.sh" --sizes 2000,1000 --repeats 1 --build-dir "$QUERN_BUILD" \
    --work-dir . --plot plot.svg --results scale.tsv >stdout 2>stderr || fail "scale.sh failed"
awk '$1 !~ /^#/ && NF == 8 { sizes = sizes $1 " "; for (i = 3; i <= 8; i++) if ($i <= 0) exit 1 }
     END { exit sizes != "1000 2000 " }' scale.tsv || fail "scale.tsv is not what it should be"
grep -q '^ *2000 ' stdout || fail "no row of the largest size"
grep -q '</svg>' plot.svg || fail "no drawing"
[ "$(find . -name 'work.*')" = "" ] || fail "something was left behind"
