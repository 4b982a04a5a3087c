#!/bin/sh
# The classes that quern-ingest lists, on a terminal of 40 columns: no line is longer, and none is cut.
# Skipped (77) without a python3.
set -eu
python=${QUERN_PYTHON:-python3}
command -v "$python" >/dev/null || { echo "skipped: no python3"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
"$QUERN_BIN/quern-draw" drawn --classes 3,7 --train 2 --valid 1 >/dev/null
for class in ant bee cat dog elephant fox; do
    for split in train valid; do
        mkdir -p "photos/$split/$class"
        cp drawn/$split/3/*.png "photos/$split/$class"
    done
done
"$python" - "$QUERN_BIN/quern-ingest" photos photos.h5 >listing <<'END'
import fcntl, os, pty, struct, sys, termios
process, terminal = pty.fork()
if process == 0:
    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 40, 0, 0))
    os.execv(sys.argv[1], sys.argv[1:])
try:
    while data := os.read(terminal, 4096):
        sys.stdout.write(data.decode().replace("\r\n", "\n"))
except OSError:
    pass
END
cat >expected <<'END'
train     12 images in 6 classes:  ant 2
  bee 2   cat 2   dog 2   elephant 2
  fox 2
valid      6 images in 6 classes:  ant 1
  bee 1   cat 1   dog 1   elephant 1
  fox 1
END
head -n 6 listing | diff -u expected -
