#!/bin/sh
# Each manual page has the sections that a reader looks for, names the version that is built, and
# mandoc finds nothing to warn of in it; no line of it or of --help is wider than 80; each program
# that is installed has a page, each page that a page refers to is there, and the scripts' options
# are in their pages.
#
# Exit status: 0 passed, 1 failed.
set -u

man=$QUERN_SOURCE/docs/man
num_failed=0

complain() {
    echo "$*"
    num_failed=$((num_failed + 1))
}

for program in "$QUERN_BIN"/quern "$QUERN_BIN"/quern-*; do
    page=$man/$(basename "$program").1
    [ -f "$page" ] || complain "$(basename "$program") has no manual page"
    # Where man looks when the programs of the build are in PATH.
    [ -f "$QUERN_BIN/../share/man/man1/$(basename "$program").1" ] ||
        complain "$(basename "$program") has no page beside the programs of the build"
done
for page in "$man"/*.1; do
    name=$(basename "$page" .1)
    version=$("$QUERN_BIN/$name" --version | sed 's/.* //')
    for section in NAME SYNOPSIS DESCRIPTION OPTIONS 'EXIT STATUS' ENVIRONMENT FILES EXAMPLES 'SEE ALSO'; do
        grep -q "^\.SH $section\$" "$page" || complain "$name.1 has no section $section"
    done
    grep -q "^\.TH .*\"quern $version\"" "$page" || complain "$name.1 is not of version $version"
    # shellcheck disable=SC2013
    for other in $(sed -n 's/\\-/-/g;s/^\.BR \(quern[a-z-]*\) (1).*/\1/p' "$page" | sort -u); do
        [ -f "$man/$other.1" ] || complain "$name.1 refers to $other.1, which is not there"
    done
    "$QUERN_BIN/$name" --help | awk -v name="$name" 'length > 80 { print name " --help is wider than 80: " $0 }' \
        >wide.$$
    if command -v mandoc >/dev/null; then
        mandoc -Tascii -Owidth=80 "$page" | col -bx |
            awk -v name="$name" 'length > 80 { print name ".1 is wider than 80: " $0 }' >>wide.$$
    fi
    [ ! -s wide.$$ ] || complain "$(cat wide.$$)"
    rm -f wide.$$
    # As tests/cli does for the programs.
    "$QUERN_BIN/$name" --help | sed -n 's/^  \(-h, \)\{0,1\}\(--[a-z0-9-]*\)[ ,].*/\2/p' | sort -u |
        while read -r option; do
            sed 's/\\-/-/g' "$page" | grep -qe "^\.B[IR]* .*$option\b" || echo "$name.1 does not have $option"
        done >missing.$$
    [ ! -s missing.$$ ] || complain "$(cat missing.$$)"
    rm -f missing.$$
done
if command -v mandoc >/dev/null; then
    warnings=$(mandoc -Tlint -Wwarning "$man"/*.1) || complain "$warnings"
else
    echo "not looked at by mandoc, which is not installed"
fi
[ "$num_failed" -eq 0 ]
