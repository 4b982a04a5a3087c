command -v python3 >/dev/null || skip "no python3"
make_store store.h5
quern-train store.h5 --recipe lesson --output run --epochs 2 >/dev/null
quern-train store.h5 --recipe lesson --output run --epochs 3 --resume >/dev/null
python3 - run/log.jsonl <<'PYTHON'
import json, sys

epoch_keys = {"epoch", "train_loss", "valid_loss", "valid_accuracy", "learning_rate", "seconds",
              "samples_per_second"}
for line in open(sys.argv[1], encoding="utf-8"):
    record = json.loads(line)
    print(record["event"], record.get("epoch", ""))
    if record["event"] == "epoch" and not epoch_keys <= record.keys():
        print("missing:", epoch_keys - record.keys())
PYTHON
