# Sourced by run.sh: a real Slurm, a controller and four nodes, on this machine alone, in the folder
# $cluster.  Without systemd or cgroups, as root or not; nothing outside of that folder is written.
# shellcheck shell=sh disable=SC2154

num_nodes=4
cpus_per_node=2

# Several machines' worth of daemons on one: ports that nothing listens on, tried from one that
# depends on the process, so that two runs do not meet.
find_ports() {
    port=$((20000 + $$ % 1000 * 10 + ${1:-0} * 7))
    while ! ports_are_free; do
        port=$((port + num_nodes + 1))
    done
}

ports_are_free() {
    cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v first="$port" -v count=$((num_nodes + 1)) '
        BEGIN { for (i = 0; i < count; i++) taken[sprintf("%04X", first + i)] = 1 }
        { split($2, address, ":"); if (address[2] in taken) found = 1 }
        END { exit found }'
}

# Tasks are bound to CPUs where this machine has the ones that the nodes claim to have.
write_configuration() {
    host=$(hostname -s)
    task_plugin=task/none
    ! taskset -c "0-$((cpus_per_node - 1))" true 2>/dev/null || task_plugin=task/affinity
    # Daemons listen where the host's own name leads to; that is loopback alone on most machines.
    only_there=
    ! getent hosts "$host" >/dev/null || only_there=NoInAddrAny,NoCtldInAddrAny
    cat >"$cluster/slurm.conf" <<CONF
ClusterName=quern
SlurmctldHost=$host
SlurmctldPort=$port
${only_there:+CommunicationParameters=$only_there}
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/munge
# A job that goes back into the queue may start again only when its credential has expired.
AuthInfo=socket=$cluster/munge.socket,cred_expire=5
CredType=cred/munge
StateSaveLocation=$cluster/state
SlurmdSpoolDir=$cluster/spool.%n
TmpFS=$cluster/tmp.%n
SlurmctldPidFile=$cluster/slurmctld.pid
SlurmdPidFile=$cluster/slurmd.%n.pid
SlurmctldLogFile=$cluster/slurmctld.log
SlurmdLogFile=$cluster/slurmd.%n.log
MailProg=/bin/true
ProctrackType=proctrack/linuxproc
TaskPlugin=$task_plugin
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0
PriorityType=priority/basic
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SlurmdParameters=config_overrides
JobRequeue=1
KillWait=10
MinJobAge=3600
ReturnToService=0
NodeName=n[1-$num_nodes] NodeHostname=$host Port=[$((port + 1))-$((port + num_nodes))] CPUs=$cpus_per_node RealMemory=1000
PartitionName=main Nodes=ALL Default=YES MaxTime=60 PriorityTier=1 GraceTime=20
PartitionName=urgent Nodes=ALL MaxTime=60 PriorityTier=9 PreemptMode=OFF
CONF
}

# start_cluster: 1 if it did not come up; its logs are then in $cluster.
start_cluster() {
    # This may itself be a job.
    for variable in $(env | sed -n 's/^\(\(SLURM\|SBATCH\|SQUEUE\|SCANCEL\|SINFO\|PMIX\|OMPI\)_[A-Z_0-9]*\)=.*/\1/p'); do
        unset "$variable"
    done
    setsid sh "$here/keeper.sh" $$ "$cluster" </dev/null >/dev/null 2>&1 &
    export SLURM_CONF="$cluster/slurm.conf"
    # The nodes share one machine: Open MPI must not take their ranks for neighbours in memory, and
    # ranks and threads that wait are to leave the CPUs to the others.
    export OMPI_MCA_btl=tcp,self OMPI_MCA_btl_tcp_if_include=lo OMPI_MCA_oob_tcp_if_include=lo
    export OMPI_MCA_mpi_yield_when_idle=1 OMP_WAIT_POLICY=passive
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

    PATH=$PATH:/usr/sbin:/sbin
    chmod 755 "$cluster"
    mkdir "$cluster/state"
    (umask 077 && head -c 1024 /dev/urandom >"$cluster/munge.key")
    munged --key-file="$cluster/munge.key" --socket="$cluster/munge.socket" \
        --pid-file="$cluster/munged.pid" --log-file="$cluster/munged.log" \
        --seed-file="$cluster/munge.seed" || return 1
    for attempt in 0 1 2; do
        find_ports "$attempt"
        write_configuration
        start_daemons && return 0
        stop_daemons
        rm -f "$cluster"/state/*
    done
    return 1
}

start_daemons() {
    slurmctld || return 1
    for node in $(seq "$num_nodes"); do
        start_node "n$node" || return 1
    done
    wait_until 120 all_idle
}

start_node() {
    mkdir -p "$cluster/tmp.$1"
    slurmd -N "$1"
}

# cut_power NODE JOB: every process of the node, on which there is one job, dies at once.
cut_power() {
    processes=$(cat "$cluster/slurmd.$1.pid"
        for process in $(cluster_processes); do
            # The daemon of a step, and what the step has started.
            if grep -qa "^slurmstepd: \[$2\." "/proc/$process/cmdline" 2>/dev/null ||
                grep -qzx "SLURM_JOB_ID=$2" "/proc/$process/environ" 2>/dev/null; then
                printf '%s\n' "$process"
            fi
        done)
    # shellcheck disable=SC2086
    kill -s KILL $processes
}

all_idle() {
    [ "$(sinfo --noheader --partition=main --states=idle --format=%D 2>/dev/null)" = "$num_nodes" ]
}

# Daemons, jobs, stages, commands: all have the cluster's folder in the environment that they were
# started with.  The shell that started the cluster, and its subshells, have not.
cluster_processes() {
    grep -lszxF "SLURM_CONF=$cluster/slurm.conf" /proc/[0-9]*/environ | cut -d / -f 3
}

# Jobs and their stages too, and at once: nothing of it is needed any more.
stop_daemons() {
    for _ in 1 2 3 4 5; do
        processes=$(cluster_processes)
        [ -n "$processes" ] || return 0
        # shellcheck disable=SC2086
        kill -s KILL $processes 2>/dev/null
        sleep 0.2
    done
}
