# A pipe that is read no more, as head leaves one, ends every program in silence, by SIGPIPE (128 + 13).
mkfifo pipe
: <pipe &
exec 3>pipe
wait
unread() { "$@" >&3; }
expect 141 unread quern --help
for name in draw ingest train evaluate predict show; do
    expect 141 unread "quern-$name" --help
    expect 141 unread quern "$name" --help
done
make_digits store.h5
quern-train store.h5 --output run --layers "dense:4 relu" --epochs 1 >/dev/null 2>&1
quern-draw --train 40 --valid 20 --size 12x12 digits >/dev/null
expect 141 unread quern-predict --quiet run digits/valid
expect 141 unread quern-show store.h5
expect 141 unread quern-evaluate run store.h5
# What else goes wrong is said, and has its own code.
image black black.png
expect 65 unread quern-show black.png
# A training whose summary nobody reads is done nevertheless.
expect 141 unread quern-train --quiet store.h5 --output another --layers "dense:4 relu" --epochs 1
find another -name 'epoch-*'
