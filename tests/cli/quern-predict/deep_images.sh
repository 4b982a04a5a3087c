# A model of images of 8 bits: those of 16 are narrowed, with a note, and where that leaves next to
# nothing of them, with a warning.
python=${QUERN_PYTHON:-/usr/bin/python3}
"$python" -c '' 2>/dev/null || skip "no python3"
make_store store.h5
quern-train store.h5 --output run --model nearest-mean >/dev/null
# deep LOW HIGH FILE: 4x4 gray pixels of 16 bits, LOW and HIGH in turn.
deep() {
    "$python" -c '
import struct, sys, zlib
low, high = int(sys.argv[1]), int(sys.argv[2])
def chunk(kind, data):
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))
rows = (b"\0" + struct.pack(">4H", low, high, low, high)) * 4
open(sys.argv[3], "wb").write(b"\x89PNG\r\n\x1a\n"
    + chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 4, 16, 0, 0, 0, 0))
    + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))' "$@"
}
mkdir new
image black new/black.png
deep 257 65535 new/a.png
quern-predict run/epoch-0001.h5 new
deep 7 40000 new/b.png
quern-predict run/epoch-0001.h5 new
# 64 of the 256 values: 0 to 63; one less is too few.
deep 0 4095 new/e.png
deep 0 16191 new/c.png
deep 0 15934 new/d.png
quern-predict run/epoch-0001.h5 new/e.png new/c.png
quern-predict run/epoch-0001.h5 new/e.png new/d.png
# A model whose images had a range maps by it.
quern-ingest --range 0:4095 tree ranged.h5 >/dev/null 2>&1
quern-train ranged.h5 --output ranged --model nearest-mean >/dev/null
quern-predict ranged/epoch-0001.h5 new/e.png
