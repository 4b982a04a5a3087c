# Devices, pipes and directories are refused at once, and what names them stays.
make_store store.h5
quern-train store.h5 --recipe lesson --output run --model nearest-mean >/dev/null
mkfifo pipe
mkdir directory
ln -s /proc/self/fd/1 stdout # as /dev/stdout is
ln -s /dev/null null
for output in pipe directory null stdout; do
    for force in '' --force; do
        # shellcheck disable=SC2086 # nothing or an option
        expect 74 timeout 20 quern-evaluate run/epoch-0001.h5 store.h5 --output $output $force | cat
    done
done
# A file that standard output goes to is the file of somebody else.
expect 65 quern-evaluate run/epoch-0001.h5 store.h5 --output stdout >results
[ ! -s results ]
[ -p pipe ]
[ -L stdout ]
[ -c null ]
ls
