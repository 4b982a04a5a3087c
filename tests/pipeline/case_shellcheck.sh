# Every shell script of the project.
# shellcheck source=tests/pipeline/support.sh
. "$(dirname "$0")/support.sh"

if ! command -v shellcheck >/dev/null; then
    echo "shellcheck is not installed"
    exit "$skipped"
fi
cd "$QUERN_SOURCE"
find . -path './.git' -prune -o -path './build*' -prune -o -type f \
    \( -name '*.sh' -o -name '*.sbatch' -o -name '*.pbs' -o -path './.ci/run' \) -print >"$temporary/scripts"
[ "$(wc -l <"$temporary/scripts")" -gt 10 ] || fail "found too few scripts"
# Files that are only sourced, or run with sh, need not have a first line of their own.
xargs shellcheck --shell=sh --external-sources --source-path="$QUERN_SOURCE" <"$temporary/scripts"
