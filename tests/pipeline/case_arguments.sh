# Help, version, wrong arguments, and a dry run that touches nothing.
# shellcheck source=tests/pipeline/support.sh
. "$(dirname "$0")/support.sh"

expect_exit 0 pipeline --help
expect_text stdout '--work-dir DIR'
[ ! -s stderr ] || fail "--help wrote to stderr"
# Their options are the same, in the help and in the manual.
grep -oE '^  --[a-z-]+' stdout | tr -d ' ' | sort >in_help
grep -A1 -x '\.TP' "$QUERN_SOURCE/docs/man/quern-pipeline.1" | sed -n 's/^\.BI* \\-\\-/--/p' |
    sed 's/\\-/-/g; s/ .*//' | sort >in_manual
[ "$(wc -l <in_help)" -gt 10 ] || fail "found too few options in the help"
diff in_help in_manual || fail "the help and the manual differ in their options"

expect_exit 0 pipeline --version
expect_text stdout "$("$QUERN_BIN/quern-ingest" --version | sed 's/.*(quern)/(quern)/')"

# wrong TEXT ARGUMENT...: refused with TEXT on stderr, nothing on stdout.
wrong() {
    text=$1
    shift
    expect_exit 2 pipeline "$@"
    expect_text stderr "$text"
    [ ! -s stdout ] || fail "wrote to stdout: $*"
    expect_no_file work
}

wrong 'no work folder'
wrong 'no work folder' --source digits
wrong 'no source' --work-dir work
wrong 'unknown option --sauce' --sauce digits
wrong 'unknown option --all-options' --all-options x
wrong 'unexpected argument digits' digits
wrong '--from takes' --source digits --work-dir work --from start
wrong '--only takes' --source digits --work-dir work --only all
wrong 'exclude each other' --work-dir work --from train --only train
wrong 'needs a value' --work-dir
wrong 'needs a value' --work-dir=
for words in '--help' '--resume' '--out x' '--epochs 3 --output=x' '--dry-run' '--' "'--version'"; do
    wrong 'cannot be given here' --work-dir work --only train --train-options "$words"
done
for words in '--json' '--output x'; do
    wrong 'cannot be given here' --work-dir work --only evaluate --evaluate-options "$words"
done
wrong 'cannot be given here' --source digits --work-dir work --ingest-options '--dry-run'
wrong 'a quote is not closed' --work-dir work --only train --train-options '--seed "1'

expect_exit 0 pipeline --source=-digits --work-dir work --dry-run --train-options "--recipe lesson --seed 2 'a b'"
expect_text stdout "quern-ingest ./-digits work/store.h5"
expect_text stdout "quern-train work/store.h5 --output work/run --resume --recipe lesson --seed 2 'a b'"
expect_no_file work
