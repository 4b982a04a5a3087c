# tests/run.sh with names: which tests it runs, and what it says of names that match none.
# shellcheck source=tests/pipeline/support.sh
. "$(dirname "$0")/support.sh"

# It runs in the checkout too, and must leave nothing there.
in_path cmake "echo \"\$*\" >>'$temporary/cmake.log'"
# shellcheck disable=SC2016
in_path ctest 'case $* in' \
    '*--show-only*) printf "  Test  #1: %s\n" unit/test_seal unit/test_store unit/test_store_shard \
        cli/quern-draw/help cli/quern-train/help cli/quern-train/resume_more kill/stages ;;' \
    '*) echo "$*" >ctest.log; exit "${CTEST_CODE:-0}" ;;' \
    'esac'

# expect_tests REGEX NAME...: the tests that match REGEX are run for these names.
expect_tests() {
    regex=$1
    shift
    rm -f ctest.log cmake.log
    expect_exit 0 "$QUERN_SOURCE/tests/run.sh" "$@"
    expect_text cmake.log "--build"
    expect_text ctest.log "--tests-regex ^($regex)\$"
}

expect_tests unit/test_seal unit/test_seal
expect_tests 'unit/test_store|unit/test_store_shard' unit/test_store
expect_tests unit/test_seal tests/test_seal.c
expect_tests cli/quern-train/help ./tests/cli/quern-train/help.err
expect_tests 'cli/quern-train/help|cli/quern-train/resume_more' cli/quern-train
expect_tests 'cli/quern-draw/help|cli/quern-train/help' 'cli/*/help'
expect_tests 'kill/stages|unit/test_seal' unit/test_seal kill unit/test_seal

rm ctest.log
expect_exit 2 "$QUERN_SOURCE/tests/run.sh" unit/test_seal unit/test_saal
expect_text stderr 'no test is named unit/test_saal'
expect_text stderr '  unit/test_seal'
expect_exit 2 "$QUERN_SOURCE/tests/run.sh" resume
expect_text stderr '  cli/quern-train/resume_more'
expect_exit 2 "$QUERN_SOURCE/tests/run.sh" --quick unit/test_seal
expect_exit 2 "$QUERN_SOURCE/tests/run.sh" --update
expect_exit 2 "$QUERN_SOURCE/tests/run.sh" --update unit/test_seal
expect_text stderr 'only the tests in cli/ have an expected output'
expect_exit 2 "$QUERN_SOURCE/tests/run.sh" --no-such-option
expect_no_file ctest.log

CTEST_CODE=8
export CTEST_CODE
expect_exit 1 "$QUERN_SOURCE/tests/run.sh" unit/test_seal
rm cmake.log
expect_exit 0 "$QUERN_SOURCE/tests/run.sh" --list kill unit/test_store_shard
[ "$(cat stdout)" = 'kill/stages
unit/test_store_shard' ] || fail "other names listed"
expect_no_text cmake.log '--build'

# What is expected is rewritten, after the difference is printed; what is empty has no file.
mkdir cases
echo 'echo new; exit 3' >cases/speak.sh
echo old >cases/speak.out
echo 'a message' >cases/speak.err
expect_exit 1 "$QUERN_SOURCE/tests/cli/run_case.sh" "$QUERN_BIN" cases/speak.sh
expect_exit 0 "$QUERN_SOURCE/tests/cli/run_case.sh" --update "$QUERN_BIN" cases/speak.sh
expect_text stdout '-old'
expect_text stdout '+new'
[ "$(cat cases/speak.out cases/speak.exit)" = 'new
3' ] || fail "not updated"
expect_no_file cases/speak.err
expect_exit 0 "$QUERN_SOURCE/tests/cli/run_case.sh" "$QUERN_BIN" cases/speak.sh
