# Notes on what becomes of the data are no progress: --quiet leaves them.
make_tree tree
echo notes >tree/train/day/notes.txt
image truncated tree/train/day/3.png
quern-ingest --skip-bad tree loud.h5 >/dev/null 2>loud.err
quern-ingest --quiet --skip-bad tree quiet.h5
