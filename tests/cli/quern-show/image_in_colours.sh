# Half cells in 24 bits and in 256 colours; blanks where letters are ASCII.
image colour tree/train/a/1.png 2>/dev/null || image red tree/train/a/1.png
quern-ingest tree store.h5 --channels rgb --size 2x3 >log 2>&1
show() {
    quern-show store.h5 --image train/0 --scale 1 "$@" | tail -n +4 | sed 's/\x1b/ESC/g'
}
LC_ALL=C.UTF-8 show --colour 24bit
LC_ALL=C.UTF-8 show --colour 256
show --colour 24bit
QUERN_COLOUR=24bit LC_ALL=C.UTF-8 show
LC_ALL=C.UTF-8 show --graphics blocks
