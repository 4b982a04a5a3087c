# keeper.sh PID FOLDER: when the run PID is gone, whatever ended it, nothing of its cluster in FOLDER
# stays behind.
set -u
cluster=$2
# shellcheck source=tests/cluster/slurm.sh
. "$(dirname -- "$0")/slurm.sh"

while kill -0 "$1" 2>/dev/null; do
    sleep 1
done
[ -d "$cluster" ] || exit 0
stop_daemons
rm -rf "$cluster"
