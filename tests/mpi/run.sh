#!/bin/sh
# Trains on several ranks of this machine: the same bytes as one process, whatever happens.
# Loops count trials.
# shellcheck disable=SC2034
set -u

program=run.sh
root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd) || exit 74
# shellcheck source=tests/cases.sh
. "$root/tests/cases.sh"
launch=$root/tests/mpi/launch.sh
QUERN_BIN=${QUERN_BIN:-$root/build/release/bin}
train=$QUERN_BIN/quern-train
all_cases='same_bytes streamed streamed_damage silent_others stop_any_rank stop_all_ranks save_and_go_on lost_rank
    silent_rank singletons other_store other_options one_fails folder_in_use'

usage() {
    cat <<EOF
Usage: tests/mpi/run.sh [OPTION...] [CASE...]

Cases (default: all):
  same_bytes      1 to 4 ranks on 1 and 2 threads, several models and settings
  streamed        windows that the ranks of a node decompress together, on 1 to 4 of them
  streamed_damage one rank meets a damaged chunk
  silent_others   what is printed and logged is what one process prints and logs, once
  stop_any_rank   USR1, TERM and INT to one rank: exit code 75, then on with other ranks
  stop_all_ranks  the same to all at once
  save_and_go_on  USR2 to one rank
  lost_rank       one killed: a message, no hang, then on with other ranks
  silent_rank     one stands still for QUERN_RANK_TIMEOUT seconds
  singletons      a world that is not what the launcher promised is refused
  other_store     one rank has another store
  other_options   one rank has other options
  one_fails       one rank cannot read, or the first cannot write: said once, the right exit code
  folder_in_use   two runs in one folder

Options:
  --help          print this help and exit

Environment:
  QUERN_BIN        folder of the programs (default: build/release/bin)
  QUERN_MPIRUN     mpirun

Exit status: 0 all passed, 1 one failed, 2 wrong arguments, 69 a program is missing.
EOF
}

take_cases "$@"
need "$train" "${QUERN_MPIRUN:-mpirun}"
enter_work mpi

# expect_lines COUNT TEXT: so many lines of the log hold it.
expect_lines() {
    num_checks=$((num_checks + 1))
    num_lines=$(grep -cF -e "$2" log)
    [ "$num_lines" -eq "$1" ] || fail "$num_lines lines instead of $1 say: $2"
}

# expect_same A B: two run folders hold the same files, the run log apart.
expect_same() {
    num_checks=$((num_checks + 1))
    diff -r -x log.jsonl "$1" "$2" >different 2>&1 || fail "$2 is not $1: $(cat different)"
}

# each_rank COMMAND...: writes its process number to pid.RANK, then becomes the command, in which
# RANK stands for the number of the rank.
cat >each_rank <<'EOF'
#!/bin/sh
rank=${OMPI_COMM_WORLD_RANK:-$PMI_RANK}
echo $$ >"pid.$rank"
for word; do
    shift
    case $word in *RANK*) word=${word%%RANK*}$rank${word#*RANK} ;; esac
    set -- "$@" "$word"
done
exec "$@"
EOF
chmod +x each_rank

# wait_for COMMAND...: until it is true, 20 s at most.
wait_for() {
    num_waits=0
    while ! "$@" 2>/dev/null; do
        num_waits=$((num_waits + 1))
        if [ "$num_waits" -gt 1000 ]; then
            fail "waited too long for: $*"
            return 1
        fi
        sleep 0.02
    done
}

# A second or two of work.
long_options='large.h5 --recipe lesson --resume --threads 1 --epochs 1500 --batch-size 128 --loss cross-entropy
    --momentum 0.9 --learning-rate 0.05 --checkpoint-every 500'

# long NUM_RANKS FOLDER [OPTION...]: that run, of which one rank makes the folder `alone`.
long() {
    long_ranks=$1
    long_folder=$2
    shift 2
    # shellcheck disable=SC2086
    "$launch" "$long_ranks" ./each_rank "$train" $long_options --output "$long_folder" "$@"
}

# begin NUM_RANKS FOLDER [OPTION...]: starts it in the background, and returns in its midst.
begin() {
    rm -rf "$2" pid.*
    long "$@" >log 2>&1 &
    launcher=$!
    wait_for grep -q '"epoch":20,' "$2/log.jsonl"
}

# signal SIGNAL RANK...: to what began; false if it had ended before.
signal() {
    signal=$1
    shift
    for rank in "$@"; do
        kill -s "$signal" "$(cat "pid.$rank")" 2>/dev/null || return 1
    done
}

# interrupt SIGNAL RANKS NUM_RANKS FOLDER [OPTION...]: begins, signals, and leaves how it ended in
# code.  A signal that came after the end is no trial.
interrupt() {
    signal=$1 ranks=$2
    shift 2
    for trial in 1 2 3 4 5; do
        begin "$@"
        # shellcheck disable=SC2086
        signal "$signal" $ranks
        code=0
        wait "$launcher" || code=$?
        [ "$code" -eq 0 ] || break
    done
    num_checks=$((num_checks + 1))
}

ended_with() {
    [ "$code" -eq "$1" ] || fail "ended with $code instead of $1"
}

# ---- The bytes ---------------------------------------------------------------------------------

# compare NAME ARGUMENT...: of quern-train, without --output and --threads.
compare() {
    name=$1
    shift
    expect 0 "$train" "$@" --recipe lesson --output "$name" --threads 1
    for shape in 2:1 2:2 3:1 3:2 4:1 4:2; do
        expect 0 "$launch" "${shape%:*}" "$train" "$@" --recipe lesson --output "$name.$shape" \
            --threads "${shape#*:}"
        expect_same "$name" "$name.$shape"
    done
}

same_bytes() {
    # Fewer slices than ranks: two in a batch of 40, one in the last of 20.
    compare short two.h5 --epochs 2 --batch-size 40 --momentum 0.9 --learning-rate 0.1
    compare all two.h5 --epochs 3 --batch-size 100000 --loss cross-entropy
    compare accumulated two.h5 --epochs 2 --batch-size 70 --accumulate 3 --shuffle none \
        --weight-decay 0.01
    # A gradient of 92 KB, whose parts travel instead of the whole.
    compare large large.h5 --epochs 2 --batch-size 260 --momentum 0.5 --loss cross-entropy \
        --learning-rate 0.1 --accumulate 2
    compare means large.h5 --model nearest-mean
}

streamed() {
    window_options='many.h5 --recipe lesson --epochs 2 --batch-size 300 --shuffle window:1 --momentum 0.5'
    # shellcheck disable=SC2086
    expect 0 "$train" $window_options --output window --threads 1
    for shape in 1:2 2:1 3:2 4:1; do
        # shellcheck disable=SC2086
        expect 0 "$launch" "${shape%:*}" "$train" $window_options --output "window.$shape" \
            --threads "${shape#*:}" --memory-limit 3000K
        grep -q '"train_in_memory":false' "window.$shape/log.jsonl" || fail "$shape did not stream"
        expect_same window "window.$shape"
    done
}

# In the middle of the file are images; not every rank decompresses that chunk.
streamed_damage() {
    cp many.h5 damaged.h5
    middle=$(($(wc -c <damaged.h5) / 2))
    printf 'damage' | dd of=damaged.h5 bs=1 seek="$middle" conv=notrunc 2>/dev/null
    for num_ranks in 2 3; do
        rm -rf damaged
        expect 65 "$launch" "$num_ranks" "$train" damaged.h5 --recipe lesson --output damaged --epochs 2 \
            --shuffle window:1 --memory-limit 3000K --verify quick --threads 1
        expect_lines 1 'damaged.h5: /train/images, row'
        [ ! -e damaged/epoch-0001.h5 ] || fail "trained on what is damaged"
    done
}

silent_others() {
    expect 0 "$train" two.h5 --recipe lesson --output quiet.1 --epochs 3 --threads 1
    sed 's/quiet.1/quiet/g; s/^\( *[0-9]*\/[0-9]*\( *[0-9.]*\)\{3\}\) .*/\1/' log >expected
    expect 0 "$launch" 3 "$train" two.h5 --recipe lesson --output quiet.3 --epochs 3 --threads 1
    sed 's/quiet.3/quiet/g; s/^\( *[0-9]*\/[0-9]*\( *[0-9.]*\)\{3\}\) .*/\1/' log >found
    num_checks=$((num_checks + 2))
    diff expected found >different || fail "printed other lines: $(cat different)"
    [ "$(grep -c '"event":"start".*"ranks":3,' quiet.3/log.jsonl)" -eq 1 ] ||
        fail "the log does not tell of the ranks: $(head -1 quiet.3/log.jsonl)"
    [ "$(wc -l <quiet.1/log.jsonl)" -eq "$(wc -l <quiet.3/log.jsonl)" ] || fail "other lines logged"
}

# ---- Stops, losses -----------------------------------------------------------------------------

stop_any_rank() {
    for stop in USR1:0 TERM:2 INT:1; do
        signal=${stop%:*}
        interrupt "$signal" "${stop#*:}" 3 stopped
        ended_with 75
        expect_lines 1 "stopped by SIG$signal"
        [ -e stopped/interrupted.h5 ] || fail "no checkpoint after SIG$signal"
        expect 0 long 2 stopped
        expect_lines 1 'going on after epoch'
        expect_same alone stopped
    done
}

# A scheduler signals every process; then on with one rank, without a launcher.
stop_all_ranks() {
    interrupt TERM '0 1' 2 stopped
    ended_with 75
    expect_lines 1 'stopped by SIGTERM'
    # shellcheck disable=SC2086
    expect 0 "$train" $long_options --output stopped --threads 2
    expect_same alone stopped
}

save_and_go_on() {
    save_once saved
    expect_same alone saved
    # The last batch of an epoch, after which it cannot pause, is here each one.
    save_once saved --batch-size 600
}

# save_once FOLDER [OPTION...]: one rank's wish is one checkpoint more than the four of an
# undisturbed run.  When it comes after the end, or with one of those, that is no trial.
save_once() {
    for trial in 1 2 3 4 5; do
        begin 2 "$@"
        signal USR2 1
        code=0
        wait "$launcher" || code=$?
        num_saved=$(grep -c '"event":"checkpoint"' "$1/log.jsonl")
        if [ "$code" -ne 0 ] || [ "$num_saved" -ne 4 ]; then
            break
        fi
    done
    num_checks=$((num_checks + 2))
    ended_with 0
    [ "$num_saved" -eq 5 ] || fail "$num_saved checkpoints instead of 5"
}

lost_rank() {
    for rank in 0 2; do
        interrupt KILL "$rank" 3 lost
        num_checks=$((num_checks + 1))
        case $code in 0 | 75) fail "ended with $code" ;; esac
        grep -q 'another rank does not answer and may be lost' log || fail "nothing said of the loss"
        expect 0 long 4 lost
        expect_lines 1 'going on after epoch'
        expect_same alone lost
    done
}

silent_rank() {
    export QUERN_RANK_TIMEOUT=1
    interrupt STOP 1 2 silent
    ended_with 74
    unset QUERN_RANK_TIMEOUT
    # The one that is ended says so too, if it wakes up before.
    expect_lines 1 'rank 0 of 2: no word from another rank for 1 s'
    expect 0 long 2 silent
    expect_same alone silent
}

# ---- Refusals ----------------------------------------------------------------------------------

singletons() {
    for promise in SLURM_NTASKS=4 'SLURM_STEP_NUM_TASKS=4 SLURM_NTASKS=4 SLURM_PROCID=0' \
        'PMI_SIZE=2 SLURM_NTASKS=1'; do
        # shellcheck disable=SC2086
        expect 2 env $promise "$train" two.h5 --recipe lesson --output alone.out
        expect_lines 1 "expected ${promise%% *}, found 1"
    done
    # The others leave the message to the first.
    expect 2 env SLURM_NTASKS=4 SLURM_STEP_NUM_TASKS=4 SLURM_PROCID=3 "$train" two.h5 --recipe lesson \
        --output alone.out
    num_checks=$((num_checks + 2))
    [ ! -s log ] || fail "the fourth process says something too"
    [ ! -e alone.out ] || fail "the output was touched"
    # One process is a world of the right size, and a step of one counts before its job.
    expect 0 env SLURM_NTASKS=1 "$train" two.h5 --recipe lesson --output one.out --epochs 1
    expect 0 env SLURM_NTASKS=4 SLURM_STEP_NUM_TASKS=1 "$train" two.h5 --recipe lesson --output one.out --epochs 1
    expect 0 env SLURM_NTASKS=4 "$train" --help
    # A world of another size than its launcher says.
    expect 2 "$launch" 2 env OMPI_COMM_WORLD_SIZE=3 PMI_SIZE=3 "$train" two.h5 --recipe lesson --output alone.out
    expect_lines 1 'SIZE=3, found 2'
    [ ! -e alone.out ] || fail "the output was touched"
}

other_store() {
    cp two.h5 store.0.h5
    for other in large.h5 same_size.h5; do
        cp "$other" store.1.h5
        expect 65 "$launch" 2 ./each_rank "$train" store.RANK.h5 --recipe lesson --output refused
        expect_lines 1 'another store than that of rank 0 (rank 1 of 2)'
    done
    [ ! -e refused ] || fail "the output was touched"
}

other_options() {
    expect 2 "$launch" 3 ./each_rank "$train" two.h5 --recipe lesson --output refused --batch-size 3RANK
    expect_lines 1 'differs in batch_size (rank 1 of 3): expected 30, found 31'
    expect 2 "$launch" 3 ./each_rank "$train" two.h5 --recipe lesson --output refused --epochs 3RANK
    expect_lines 1 'started with another --epochs'
    [ ! -e refused ] || fail "the output was touched"
}

one_fails() {
    cp two.h5 some.0.h5
    cp two.h5 some.2.h5
    expect 74 "$launch" 3 ./each_rank "$train" some.RANK.h5 --recipe lesson --output refused
    expect_lines 1 'some.1.h5: cannot open: No such file or directory (rank 1 of 3)'
    expect 74 "$launch" 2 "$train" none.h5 --recipe lesson --output refused
    expect_lines 1 'none.h5: cannot open'
    expect 2 "$launch" 2 "$train" two.h5 --recipe lesson --output refused --epochs none
    expect_lines 1 '--epochs'
    [ ! -e refused ] || fail "the output was touched"
    echo 'no folder' >file
    expect 74 "$launch" 2 "$train" two.h5 --recipe lesson --output file/run
    expect_lines 1 'file/run'
    # A loss that all ranks see to be no number.
    expect 65 "$launch" 2 "$train" two.h5 --recipe lesson --output diverged --loss cross-entropy --epochs 3 \
        --learning-rate 1000000 --init-std 1000000 --weight-decay 1000000
    expect_lines 1 'is not finite'
}

# The first stands still meanwhile.
folder_in_use() {
    for trial in 1 2 3 4 5; do
        begin 2 used
        if signal STOP 0; then
            break
        fi
        wait "$launcher"
    done
    num_checks=$((num_checks + 2))
    code=0
    "$launch" 2 "$train" two.h5 --recipe lesson --output used >second 2>&1 || code=$?
    signal CONT 0 || fail "the first ended too early"
    ended_with 74
    grep -q 'another quern-train is at work' second || fail "the second does not say why"
    code=0
    wait "$launcher" || code=$?
    ended_with 0
    expect_same alone used
}

# ---- All ---------------------------------------------------------------------------------------

prepare() {
    "$QUERN_BIN/quern-draw" two_tree --train 250 --valid 50 &&
        "$QUERN_BIN/quern-draw" large_tree --classes 0,1,2,3,4,5,6,7,8,9 --train 60 --valid 10 \
            --size 48x48 &&
        "$QUERN_BIN/quern-draw" same_tree --train 250 --valid 50 --seed 9 &&
        "$QUERN_BIN/quern-draw" many_tree --train 8000 --valid 100 &&
        "$QUERN_BIN/quern-ingest" many_tree many.h5 &&
        "$QUERN_BIN/quern-ingest" two_tree two.h5 &&
        "$QUERN_BIN/quern-ingest" large_tree large.h5 &&
        "$QUERN_BIN/quern-ingest" same_tree same_size.h5 &&
        long 1 alone
}

or_exit prepare
run_cases
