#!/bin/sh
# run.py on all documents, and on faulty ones, which it must refuse.  Skipped (77) without a python3.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
python=${QUERN_PYTHON:-python3}
command -v "$python" >/dev/null || { echo "skipped: no python3"; exit 77; }
"$python" "$here/test_documents.py"
exec "$python" "$here/run.py" "$@"
