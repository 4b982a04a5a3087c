command -v python3 >/dev/null || skip "no python3"
make_store store.h5
quern-train store.h5 --recipe lesson --output run --model nearest-mean >/dev/null
quern-evaluate run/epoch-0001.h5 store.h5 --json >evaluation.json
python3 -c '
import json
result = json.load(open("evaluation.json"))
for key in ("model", "split", "correct", "total", "accuracy", "mean_class_accuracy", "confusion",
            "loss", "balanced_accuracy", "brier_score", "expected_calibration_error", "macro"):
    print(key, result[key])
for entry in result["classes"]:
    print(entry)
print(sorted(result))'
