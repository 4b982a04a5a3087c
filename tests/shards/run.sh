#!/bin/sh
# Shards of a store, merged, are the store that is made in one go, byte for byte.
# Lists of words are to be split, and cases are called by name.
# shellcheck disable=SC2086,SC2116,SC2317,SC2329
set -u

program=run.sh
root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd) || exit 74
# shellcheck source=tests/cases.sh
. "$root/tests/cases.sh"
QUERN_BIN=${QUERN_BIN:-$root/build/release/bin}
QUERN_STRIKE=${QUERN_STRIKE:-$QUERN_BIN/../tests/kill/strike}
all_cases='any_number_of_shards colour three_splits by_hash archive fewer_chunks_than_shards
    one_shard_in_colour rejects class_lost list_spares_walks wrong_list wrong_set damaged
    changed_source rerun other_kinds_of_file stop_merge kill_merge'

usage() {
    cat <<EOF
Usage: tests/shards/run.sh [CASE...]

Cases: $(echo $all_cases | fold -s -w 70 | sed '2,$s/^/       /')

Environment:
  QUERN_BIN        folder of the programs (default: build/release/bin)
  QUERN_STRIKE     the program that sends the signals (default: beside it, in tests/kill)

Exit status: 0 all passed, 1 one failed, 2 wrong arguments, 69 a program is missing.
EOF
}

take_cases "$@"
need "$QUERN_BIN/quern-ingest" "$QUERN_BIN/quern-draw" "$QUERN_STRIKE"
enter_work shards

# expect_same FILE FILE: equal bytes.
expect_same() {
    num_checks=$((num_checks + 1))
    cmp -s "$1" "$2" || fail "$1 and $2 differ"
}

ingest() {
    "$QUERN_BIN/quern-ingest" "$@"
}

draw() {
    expect 0 "$QUERN_BIN/quern-draw" --threads 2 "$@"
}

# write_shards N OPTION... SOURCE: part1.h5 to partN.h5, on one thread and on three in turn.
write_shards() {
    num_shards=$1
    shift
    rm -f part*.h5
    index=1
    while [ "$index" -le "$num_shards" ]; do
        expect 0 ingest --shard "$index/$num_shards" --threads $((1 + index % 2 * 2)) "$@" \
            "part$index.h5"
        index=$((index + 1))
    done
}

# expect_merged ONE_GO.h5: the parts, from the last to the first, are that store.
expect_merged() {
    whole=$1
    rm -f merged.h5
    set --  # the parts, the last first
    for part in part*.h5; do
        set -- "$part" "$@"
    done
    expect 0 ingest --merge merged.h5 "$@"
    expect_same "$whole" merged.h5
}

# ---- Cases: the same bytes -----------------------------------------------------------------------

any_number_of_shards() {
    expect 0 ingest --force gray whole.h5
    for number in 1 2 3 4 7; do
        write_shards $number gray
        expect_merged whole.h5
    done
}

colour() {
    draw --rgb --train 350 --valid 70 --size 40x24 rgb
    expect 0 ingest --force --threads 2 rgb whole.h5
    for number in 2 3; do
        write_shards $number rgb
        expect_merged whole.h5
    done
}

three_splits() {
    draw --classes 1,2,3 --train 300 --valid 90 --test 200 --size 32x32 three
    expect 0 ingest --force --compression-level 9 three whole.h5
    write_shards 4 --compression-level 9 three
    expect_merged whole.h5
}

by_hash() {
    expect 0 ingest --force --valid-fraction 0.3 --seed 5 --classes 7,3 gray/train whole.h5
    write_shards 3 --valid-fraction 0.3 --seed 5 --classes 7,3 gray/train
    expect_merged whole.h5
    # Which split an image falls into depends on all of the source, in each shard.
    expect 0 ingest --force --folds 3 --fold 2 --test-fraction 0.1 --group-by '0([0-9]).png' gray/train whole.h5
    write_shards 3 --folds 3 --fold 2 --test-fraction 0.1 --group-by '0([0-9]).png' gray/train
    expect_merged whole.h5
    expect 0 ingest --force --valid-fraction 0.3 --split-by content --deduplicate gray/train whole.h5
    write_shards 3 --valid-fraction 0.3 --split-by content --deduplicate gray/train
    expect_merged whole.h5
}

archive() {
    tar cf gray.tar gray || return
    expect 0 ingest --force gray.tar whole.h5
    write_shards 3 gray.tar
    expect_merged whole.h5
}

# Some shards have no image at all.
fewer_chunks_than_shards() {
    draw --train 6 --valid 2 few
    expect 0 ingest --force few whole.h5
    write_shards 4 few
    expect_merged whole.h5
    expect 0 ingest --force --size 9x7 few whole.h5
    write_shards 3 --size 9x7 few
    expect_merged whole.h5
}

list_spares_walks() {
    draw --train 300 --valid 80 listed
    strange=$(printf 'a new\nline \303\251')
    mkdir "listed/train/3/$strange"
    mv listed/train/3/000007.png "listed/train/3/$strange/x.png"
    expect 0 ingest --force listed whole.h5
    expect 0 ingest --write-list files.list listed
    expect_text 'wrote files.list: a list of 760 images'
    write_shards 3 --list files.list listed
    expect_merged whole.h5
    # What came since is not in the list, and folders are not looked at.
    cp listed/train/3/000001.png listed/train/3/000001a.png
    expect 0 ingest --list files.list listed again.h5
    expect_same whole.h5 again.h5
    expect 0 ingest --shard 2/3 --list files.list listed part2.h5
    expect_text 'part2.h5 is up to date'
    # What went is missing.
    rm listed/train/3/000001a.png listed/train/3/000002.png
    expect 65 ingest --list files.list listed again.h5
    expect_text 'train/3/000002.png: cannot be opened'
    # Without folders of splits.
    rm -f again.h5 whole.h5 # stores of another source
    expect 0 ingest --write-list classes.list --valid-fraction 0.5 listed/train
    expect 0 ingest --list classes.list --valid-fraction 0.2 --seed 9 listed/train again.h5
    expect 0 ingest --force --valid-fraction 0.2 --seed 9 listed/train whole.h5
    expect_same whole.h5 again.h5
}

# ---- Cases: what a shard cannot know of the others -----------------------------------------------

one_shard_in_colour() {
    cp -R gray mixed
    draw --rgb --train 1 --valid 0 pixel
    cp pixel/train/7/000000.png mixed/train/7/999999.png
    rm -f merged.h5
    write_shards 2 mixed
    expect 65 ingest --merge merged.h5 part1.h5 part2.h5
    expect_text 'holds RGB images, but part1.h5 gray ones: make all shards again with --channels rgb'
    expect_none merged.h5 .merged.h5.*.partial
    write_shards 2 --channels rgb mixed
    expect 0 ingest --force --channels rgb mixed whole.h5
    expect_merged whole.h5
    # What a store made in one go finds out by itself has the same rows.
    expect 0 ingest mixed auto.h5
    fingerprint=$(sed -n 's/.*fingerprint //p' log)
    expect 0 ingest --merge merged.h5 part1.h5 part2.h5
    expect_text "$fingerprint"
}

# Chunks behind a reject are cut elsewhere than in the shards, and made anew.
rejects() {
    cp -R gray broken
    for file in train/3/000000 train/3/000255 train/7/000399 valid/3/000010 valid/7/000077; do
        echo broken >broken/$file.png
    done
    rm -f part1.h5
    expect 65 ingest --shard 1/3 broken part1.h5
    expect_text '2 of 256 files are not readable images'
    expect_none part1.h5
    expect 0 ingest --force --skip-bad broken whole.h5
    for number in 1 2 3 7; do
        write_shards $number --skip-bad broken
        expect_merged whole.h5
    done
}

class_lost() {
    draw --train 4 --valid 2 lost
    for file in lost/valid/7/*; do
        echo broken >"$file"
    done
    expect 65 ingest --skip-bad lost whole.h5
    expect_text "class '7' has no readable image left in valid"
    rm -f merged.h5
    write_shards 2 --skip-bad lost
    expect 65 ingest --merge merged.h5 part1.h5 part2.h5
    expect_text "class '7' has no readable image left in valid"
    expect_none merged.h5 .merged.h5.*.partial
}

# ---- Cases: what is refused ----------------------------------------------------------------------

# expect_refused TEXT SHARD...
expect_refused() {
    text=$1
    shift
    expect 65 ingest --merge merged.h5 "$@"
    expect_text "$text"
    expect_none merged.h5 .merged.h5.*.partial
}

wrong_list() {
    rm -f list.h5
    expect 0 ingest --write-list gray.list gray
    expect 0 ingest --write-list gray.list gray
    # Of another source or layout: what it names is not there, or is no class.
    expect 65 ingest --list gray.list gray/train list.h5
    expect_text 'cannot be opened: No such file or directory'
    expect 2 ingest --list gray.list --valid-fraction 0.1 gray list.h5
    expect_text 'but --valid-fraction makes another valid split'
    head -c 2000 gray.list >cut.list
    expect 65 ingest --list cut.list gray list.h5
    expect_text 'is damaged or cut short: its seal does not fit'
    printf X | dd of=gray.list bs=1 seek=2000 conv=notrunc 2>dd.log
    expect 65 ingest --list gray.list gray list.h5
    expect_text 'is damaged or cut short: its seal does not fit'
    expect 0 ingest --force gray whole.h5
    expect 65 ingest --list whole.h5 gray list.h5
    expect_text 'is no list (quern-ingest --write-list makes one)'
    cp whole.h5 kept.h5
    expect 65 ingest --write-list whole.h5 gray
    expect_text 'exists and is no quern list'
    expect_same kept.h5 whole.h5
    expect 74 ingest --list nowhere.list gray list.h5
    expect_none list.h5 .list.h5.*.partial
}

wrong_set() {
    rm -f merged.h5
    write_shards 3 gray
    expect_refused 'shard 2 of 3 is not among the files given' part1.h5 part3.h5
    expect_refused 'shard 3 of 3 is not among the files given' part2.h5 part1.h5
    expect_refused 'is shard 2 of 3, as is part2.h5' part1.h5 part2.h5 part2.h5 part3.h5
    expect 0 ingest --force --shard 3/4 gray other.h5
    expect_refused 'is one of another number of shards' part1.h5 part2.h5 other.h5
    expect 0 ingest --force --shard 3/3 --compression-level 2 gray other.h5
    expect_refused 'expected compression-level=1, found compression-level=2' \
        part1.h5 part2.h5 other.h5
    expect 0 ingest --force --shard 3/3 --valid-fraction 0.5 gray/train other.h5
    expect_refused 'was made from another source than part1.h5' part1.h5 part2.h5 other.h5
    expect 0 ingest --force gray whole.h5
    expect_refused "expected 'quern shard', found 'quern store'" part1.h5 whole.h5
    expect 2 ingest --merge part1.h5 part2.h5 part1.h5 part3.h5
    expect_text 'is a shard to be merged, so it cannot be written'
}

damaged() {
    rm -f merged.h5
    write_shards 2 gray
    cp part2.h5 sound.h5
    printf X | dd of=part2.h5 bs=1 seek=20000 conv=notrunc 2>dd.log
    expect_refused 'part2.h5: the file is damaged: its CRC-32 is not that of its seal' \
        part1.h5 part2.h5
    # Made again, it is what it was.
    expect 0 ingest --shard 2/2 gray part2.h5
    expect_text 'made again: the shard is damaged'
    expect_same sound.h5 part2.h5
    head -c 10000 sound.h5 >part2.h5
    expect_refused part2.h5 part1.h5 part2.h5
    # Without its seal, nobody knows whether another program has changed it.
    head -c -52 sound.h5 >part2.h5
    expect_refused 'has no seal' part1.h5 part2.h5
    expect 74 ingest --merge merged.h5 part1.h5 nowhere.h5
    expect_text 'nowhere.h5'
}

changed_source() {
    rm -f merged.h5
    cp -R gray changing
    write_shards 2 changing
    # Another file: its shard is made again, and together they are of the new source.
    cp changing/train/3/000001.png changing/train/3/000000.png
    expect 0 ingest --shard 1/2 changing part1.h5
    expect_text 'made again: paths, sizes or times of the source have changed'
    expect 0 ingest --shard 2/2 changing part2.h5
    expect_text 'part2.h5 is up to date'
    expect 0 ingest --force changing whole.h5
    expect_merged whole.h5
    # One file more: which file is in which shard is not what it was.
    rm -f merged.h5
    cp changing/train/3/000001.png changing/train/3/000001a.png
    expect 0 ingest --shard 2/2 changing part2.h5
    expect_text 'made again: the source has other files now'
    expect_refused 'was made when the source had other files than for part1.h5' part1.h5 part2.h5
}

# ---- Cases: running again ------------------------------------------------------------------------

rerun() {
    rm -f merged.h5
    write_shards 2 gray
    expect 0 ingest --shard 1/2 gray part1.h5
    expect_text 'part1.h5 is up to date'
    expect 0 ingest --shard 1/2 --verify gray part1.h5
    expect_text 'part1.h5 is verified'
    expect 0 ingest --merge merged.h5 part1.h5 part2.h5
    expect_text 'wrote merged.h5'
    expect 0 ingest --merge merged.h5 part2.h5 part1.h5
    expect_text 'merged.h5 is up to date'
    expect 0 ingest --merge --force merged.h5 part2.h5 part1.h5
    expect_text 'wrote merged.h5'
    # To a run without shards it is the store that it would make.
    expect 0 ingest gray merged.h5
    expect_text 'merged.h5 is up to date'
    cp merged.h5 sound.h5
    printf X | dd of=merged.h5 bs=1 seek=20000 conv=notrunc 2>dd.log
    expect 0 ingest --merge merged.h5 part1.h5 part2.h5
    expect_text 'made again: the store is damaged'
    expect_same sound.h5 merged.h5
    expect 0 ingest --size 14x14 gray merged.h5
    expect 0 ingest --merge merged.h5 part1.h5 part2.h5
    expect_text 'made again: it is not of these shards'
    expect_same sound.h5 merged.h5
    expect 0 ingest --shard 2/3 gray part1.h5
    expect_text 'made again: was shard 1 of 2, is 2 of 3'
}

other_kinds_of_file() {
    write_shards 2 gray
    cp part1.h5 kept.h5
    expect 65 ingest gray part1.h5
    expect_text 'exists and is no quern store'
    expect 65 ingest --merge part1.h5 kept.h5 part2.h5
    expect_text 'exists and is no quern store'
    expect_same kept.h5 part1.h5
    expect 0 ingest --force gray whole.h5
    cp whole.h5 kept.h5
    expect 65 ingest --shard 1/2 gray whole.h5
    expect_text 'exists and is no quern shard'
    expect_same kept.h5 whole.h5
    expect 0 "$QUERN_BIN/quern-train" whole.h5 --recipe lesson --output trained --epochs 1
    for command in 'quern-train part2.h5 --recipe lesson --output run' \
        'quern-evaluate trained/epoch-0001.h5 part2.h5'; do
        expect 65 "$QUERN_BIN"/$command
        expect_text 'is one shard of a store, not all of it'
    done
}

# ---- Cases: interrupted merges -------------------------------------------------------------------

stop_merge() {
    write_shards 2 gray
    expect 0 ingest --force gray whole.h5
    for signal in TERM INT USR1; do
        rm -f merged.h5
        expect 75 "$QUERN_STRIKE" --signal "$signal" --caught \
            "$QUERN_BIN/quern-ingest" --merge merged.h5 part1.h5 part2.h5
        expect_text "stopped by SIG$signal"
        expect_none merged.h5 .merged.h5.*.partial
    done
    expect_merged whole.h5
}

kill_merge() {
    write_shards 2 gray
    expect 0 ingest --force gray whole.h5
    for after in 0 0.002 0.005; do
        rm -f merged.h5
        code=0
        "$QUERN_STRIKE" --signal KILL --when ".merged.h5.*.partial" --after $after \
            "$QUERN_BIN/quern-ingest" --merge merged.h5 part1.h5 part2.h5 >log 2>&1 || code=$?
        case $code in
        0) expect_same whole.h5 merged.h5 ;;
        137)
            # Killed after the rename, it leaves what it was to leave.
            [ ! -e merged.h5 ] || expect_same whole.h5 merged.h5
            ;;
        *) fail "ended with $code" ;;
        esac
        expect 0 ingest --merge merged.h5 part1.h5 part2.h5
        expect_same whole.h5 merged.h5
        expect_none .merged.h5.*.partial
    done
}

# ---- Main ----------------------------------------------------------------------------------------

whole=
or_exit "$QUERN_BIN/quern-draw" --threads 2 --train 400 --valid 130 gray
run_cases
