# Missing packages are installed by root, and listed for those who cannot.
# shellcheck source=tests/pipeline/support.sh
. "$(dirname "$0")/support.sh"

# shellcheck disable=SC2016
in_path dpkg-query 'for name; do :; done' \
    'case $name in gcc | make) printf installed ;; *) exit 1 ;; esac'
# shellcheck disable=SC2016
in_path apt-get 'echo "$*" >>apt-get.log'
in_path sudo 'exit 1'
in_path cmake 'echo "cmake: broken" >&2' 'exit 1'

in_path id 'echo 1000'
for script in tests/run.sh jobs/quickstart.sh; do
    expect_exit 69 "$QUERN_SOURCE/$script" </dev/null
    expect_text stdout 'libhdf5-dev libpng-dev'
    expect_no_text stdout 'gcc'
    expect_text stderr 'without root or sudo'
    expect_no_file apt-get.log
done

# Root has them installed, and the build that fails is reported.
in_path id 'echo 0'
expect_exit 1 "$QUERN_SOURCE/jobs/quickstart.sh"
expect_text stderr 'installing libc6-dev cmake'
expect_text apt-get.log 'install -y -qq --no-install-recommends libc6-dev cmake'
expect_no_text apt-get.log ' gcc'
expect_text stderr 'cmake: broken'
expect_text stderr 'the build failed'

in_path apt-get 'exit 100'
expect_exit 69 "$QUERN_SOURCE/tests/run.sh" --quick
expect_text stdout 'libcmocka-dev'
expect_text stderr 'apt-get failed'

expect_exit 2 "$QUERN_SOURCE/tests/run.sh" --slow
expect_exit 0 "$QUERN_SOURCE/tests/run.sh" --help
expect_text stdout '--quick'
