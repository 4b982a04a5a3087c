# Other software reads what the stages wrote.
# shellcheck source=tests/pipeline/support.sh
. "$(dirname "$0")/support.sh"

if [ -z "${QUERN_PYTHON:-}" ] || ! "$QUERN_PYTHON" -c 'import h5py' 2>/dev/null; then
    echo "QUERN_PYTHON names no python3 with h5py"
    exit "$skipped"
fi

draw_digits
expect_exit 0 pipeline --source digits --work-dir work --ingest-options '--classes 7,3' \
    --train-options '--epochs 2 --learning-rate 1'
expect_exit 0 "$QUERN_PYTHON" "$QUERN_SOURCE/tests/pipeline/read_with_h5py.py" work
