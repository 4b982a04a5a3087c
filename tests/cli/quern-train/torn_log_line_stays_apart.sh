# What a process that died left of a line, or a disk that was full.
command -v python3 >/dev/null || skip "no python3"
make_store store.h5
quern-train store.h5 --recipe lesson --output run --epochs 1 >/dev/null
printf '{"event":"epoch","time":"2026' >>run/log.jsonl
quern-train store.h5 --recipe lesson --output run --epochs 2 --resume >/dev/null
python3 - run/log.jsonl <<'PYTHON'
import json, sys

for line in open(sys.argv[1], encoding="utf-8"):
    record = json.loads(line)
    print(record["event"], record.get("text", ""))
PYTHON
