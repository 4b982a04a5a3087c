# What the tests of reports share; read by them.  Needs $QUERN_BIN and python3.
set -eu
PATH=$QUERN_BIN:$PATH
command -v python3 >/dev/null || { echo "skipped: no python3"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# quiet COMMAND...: runs it and shows what it printed only if it fails.
quiet() {
    "$@" >out.log 2>&1 || { echo "failed: $*"; cat out.log; exit 1; }
}
