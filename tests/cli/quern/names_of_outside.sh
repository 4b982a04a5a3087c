# Names of files that would drive a terminal, in the messages and results of the programs that take them.
e=$(printf 'es\033[31mc\302\233')
commands=0
quiet_bytes() {
    code=0
    "$@" >"$PWD/out" 2>&1 || code=$?
    commands=$((commands + 1))
    if grep -q "$(printf '\033')" out || grep -q "$(printf '\302\233')" out; then
        echo "$1 ended with $code and let control bytes through:"
        cat -v out
    fi
}
quiet_bytes quern-draw "tree$e" --classes 3,7 --train 20 --valid 10 --size 12x12
quiet_bytes quern-ingest "tree$e" "store$e.h5" --dry-run
quiet_bytes quern-ingest "tree$e" "store$e.h5"
quiet_bytes quern-ingest "tree$e" "store$e.h5"
quiet_bytes quern-ingest "tree$e" "store$e.h5" --size 10x10
quiet_bytes quern-ingest "tree$e" --write-list "list$e"
quiet_bytes quern-ingest --shards 2 --shard 0 "tree$e" "shard0$e.h5"
quiet_bytes quern-ingest --shards 2 --shard 1 "tree$e" "shard1$e.h5"
quiet_bytes quern-ingest --merge "merged$e.h5" "shard0$e.h5" "shard1$e.h5"
mkdir -p "bad$e/train/a$e" "bad$e/valid/a$e" "bad$e/train/b$e"
cp "$images/dark.png" "bad$e/train/a$e/1$e.png"
cp "$images/white.png" "bad$e/train/b$e/2$e.png"
cp "$images/white.png" "bad$e/valid/a$e/3$e.png"
echo no image >"bad$e/train/a$e/4$e.png"
quiet_bytes quern-ingest "bad$e" bad.h5
quiet_bytes quern-ingest "bad$e" bad.h5 --skip-bad
quiet_bytes quern-ingest "bad$e" --dry-run bad.h5
train="quern-train store$e.h5 --layers dense:4 --optimizer sgd --schedule constant"
# shellcheck disable=SC2086 # words
quiet_bytes $train --output "run$e" --epochs 2 --dry-run
# shellcheck disable=SC2086
{
    quiet_bytes $train --output "run$e" --epochs 2
    quiet_bytes $train --output "run$e" --epochs 2
    quiet_bytes $train --output "run$e" --epochs 3
    quiet_bytes $train --output "run$e" --epochs 4 --resume
    quiet_bytes $train --output "run$e" --epochs 4 --resume
    quiet_bytes $train --output "next$e" --epochs 1 --init-from "run$e"
    quiet_bytes $train --output "run$e" --epochs 9 --batch 3 --resume
}
# unseal FROM TO: without the seal at its end, as another program leaves a file.
unseal() {
    head -c $(($(wc -c <"$1") - 52)) "$1" >bare
    mv bare "$2"
}
unseal "store$e.h5" "store$e.h5"
unseal "run$e/epoch-0004.h5" "run$e/epoch-0004.h5"
# shellcheck disable=SC2086
quiet_bytes $train --output "run$e" --epochs 5 --resume
quiet_bytes quern-evaluate "run$e" "store$e.h5" --output "a$e.h5" --report "a$e.html"
quiet_bytes quern-evaluate "run$e/epoch-0004.h5" "store$e.h5" --output "b$e.h5"
quiet_bytes quern-evaluate "run$e" "next$e" "store$e.h5"
quiet_bytes quern-evaluate "run$e" "store$e.h5" --select best --split valid
quiet_bytes quern-evaluate "run$e" "merged$e.h5" --split test
unseal "a$e.h5" "c$e.h5"
quiet_bytes quern-evaluate --compare "c$e.h5" "b$e.h5"
quiet_bytes quern-predict "run$e" "bad$e" --output "predictions$e.csv"
quiet_bytes quern-predict "run$e" "bad$e" --output "predictions$e.h5"
quiet_bytes quern-predict "run$e/epoch-0004.h5" "tree$e" --output "predictions$e.csv"
for view in "run$e" "run$e/epoch-0004.h5" "a$e.h5" "store$e.h5" "shard0$e.h5"; do
    quiet_bytes quern-show "$view"
    quiet_bytes quern-show "$view" --diff "next$e/epoch-0001.h5"
done
quiet_bytes quern-show "a$e.h5" --mistakes --png "m$e.png"
quiet_bytes quern-show "run$e" --weights --png "w$e.png"
quiet_bytes quern-show "store$e.h5" --mean --png "m$e.png"
quiet_bytes quern-show "store$e.h5" --grid 2x2
echo "$commands commands"
