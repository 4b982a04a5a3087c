# Names of classes and directories that would drive a terminal, or are wide, in every view of runs and evaluations.
for split in train valid; do
    image dark "tree/$split/$(printf 'a\033[31m')/1.png"
    image white "tree/$split/$(printf 'a\033[31m')/2.png"
    image dark "tree/$split/$(printf '\344\270\255\346\226\207')/1.png"
    image white "tree/$split/$(printf '\344\270\255\346\226\207')/2.png"
done
run=$(printf 'run\033[32m')
quern-ingest tree store.h5 >/dev/null 2>&1
quern-train store.h5 --output "$run" --layers "dense:4 relu" --epochs 2 >/dev/null 2>&1
quern-evaluate "$run" store.h5 --output evaluation.h5 >/dev/null 2>&1
LC_ALL=C.UTF-8 COLUMNS=40 quern-show evaluation.h5 | sed -n '/^confusion/,/^calibration/p'
for view in "evaluation.h5" "evaluation.h5 --mistakes" "RUN" "RUN RUN" "RUN --follow" "RUN --weights" "--diff RUN evaluation.h5"; do
    code=0
    (
        IFS=' '
        set -f
        set --
        for word in $view; do
            [ "$word" != RUN ] || word=$run
            set -- "$@" "$word"
        done
        quern-show "$@" >out 2>&1
    ) || code=$?
    echo "$view: $code, $(grep -c "$(printf '\033')" out || true) lines with an escape"
done
