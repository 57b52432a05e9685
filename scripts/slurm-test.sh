#!/usr/bin/env bash
# An array job on a real Slurm and a real MPI: tasks killed, requeued, merged; every digest equal to that of a single run.
#
#   bash scripts/slurm-test.sh [PROGRAM]
#
# Starts slurmctld, slurmd and munged of its own, on this machine, in a temporary folder, and ends them. Needs root, and Debian's
# packages slurm-wlm, munge and openmpi-bin, which it installs where it can; says plainly when it is skipped.
set -euo pipefail
cd "$(dirname "$0")/.."
program=$(realpath "${1:-target/debug/matsieve}")

skipped() {
    echo "slurm-test: SKIPPED: $*" >&2
    exit 0
}

[ "$(id -u)" = 0 ] || skipped "not root, which slurmd needs"
have_all() {
    local name
    for name in slurmctld slurmd munged srun mpirun; do command -v "$name" >/dev/null 2>&1 || return 1; done
}
if ! have_all; then
    command -v apt-get >/dev/null 2>&1 || skipped "no slurmctld, slurmd, munged, mpirun, and no apt-get to install them"
    echo "slurm-test: installing slurm-wlm munge openmpi-bin" >&2
    { env DEBIAN_FRONTEND=noninteractive apt-get update -qq &&
        env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends slurm-wlm munge openmpi-bin; } >/dev/null 2>&1 ||
        skipped "slurm-wlm, munge and openmpi-bin cannot be installed"
fi

work=$(mktemp -d)
node=$(hostname -s)
plan=$PWD/examples/solar_absorbers.toml
# Some processor seconds.
settings=(--set 'source.space.num_elements=2-4' --set 'source.space.max_atoms=8')

finish() {
    code=$?
    for daemon in slurmd slurmctld munged; do
        [ ! -s "$work/$daemon.pid" ] || kill "$(cat "$work/$daemon.pid")" 2>/dev/null || true
    done
    [ "$code" = 0 ] || tail -n 20 "$work"/*.log "$work"/*/log/*.log >&2 2>/dev/null || true
    # The daemons write until they are gone.
    rm -rf "$work" 2>/dev/null || { sleep 2 && rm -rf "$work"; } || true
    exit "$code"
}
trap finish EXIT

head -c 1024 /dev/urandom >"$work/munge.key"
chmod 400 "$work/munge.key"
mkdir "$work/state" "$work/spool"
munged --force --socket="$work/munge.sock" --key-file="$work/munge.key" --pid-file="$work/munged.pid" \
    --log-file="$work/munged.log" --seed-file="$work/munge.seed"
cat >"$work/slurm.conf" <<CONF
ClusterName=matsieve
SlurmctldHost=$node(127.0.0.1)
AuthType=auth/munge
AuthInfo=socket=$work/munge.sock,cred_expire=5
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
SlurmctldPort=26817
SlurmdPort=26818
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=batch_sched_delay=0,sched_interval=2
ReturnToService=2
KillWait=2
NodeName=$node NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
export SLURM_CONF=$work/slurm.conf
slurmctld -f "$SLURM_CONF" && slurmd -f "$SLURM_CONF" || skipped "slurmctld or slurmd does not start here"
for _ in $(seq 30); do
    [ "$(sinfo -h -o %t 2>/dev/null)" != idle ] || break
    sleep 1
done
[ "$(sinfo -h -o %t)" = idle ] || skipped "the node of the test's Slurm does not become idle"

digest() { "$program" verify "$1" --quiet | tail -n 1 | awk '{ print $NF }'; }
same() {
    [ "$(digest "$1")" = "$expected" ] || { echo "slurm-test: FAILED: $1 has another digest than a single run" >&2; exit 1; }
    echo "slurm-test: $2: the digest of a single run" >&2
}
# Waits until no job is left, at most ten minutes.
drain() {
    for _ in $(seq 600); do
        [ -n "$(squeue -h)" ] || return 0
        sleep 1
    done
    squeue >&2
    echo "slurm-test: FAILED: jobs are left after ten minutes" >&2
    exit 1
}

begun=$(date +%s%N)
"$program" screen "$plan" "${settings[@]}" -o "$work/single.h5" --threads 2 --quiet
# A third of what one of two tasks with one thread takes.
budget=$(awk -v ns="$(($(date +%s%N) - begun))" 'BEGIN { printf "%.2fs", ns / 3e9 }')
expected=$(digest "$work/single.h5")

# 1. submit: the array, and the merge after it.
"$program" submit "$plan" --scheduler slurm --shards 4 -o "$work/array" "${settings[@]}" -- --time=10 >/dev/null
drain
same "$work/array.h5" "an array of 4 tasks and its merge job"

# 2. Tasks are killed: scancel --signal=KILL of the whole task, requeue, SIGTERM; the same array again finishes them.
"$program" submit "$plan" --scheduler slurm --shards 4 -o "$work/killed" "${settings[@]}" -- --time=10 >"$work/ids"
read -r array merge <"$work/ids"
for round in 1 2 3 4; do
    sleep 2
    for task in $(squeue -h -r -t RUNNING -j "$array" -o %a:%i 2>/dev/null | cut -d: -f2 | head -n 2); do
        case $((round % 3)) in
        0) scancel --signal=KILL --full "$task" || true ;;
        1) scontrol requeue "$task" || true ;;
        2) scancel --signal=TERM --full "$task" || true ;;
        esac
    done
done
scancel "$merge" 2>/dev/null || true
drain
missing=$("$program" status "$work/killed" | sed -n 's/^--array=//p')
echo "slurm-test: killed tasks to run again: ${missing:-none}" >&2
if [ -n "$missing" ]; then
    sbatch --parsable --time=10 --array="$missing" "$work/killed/array.sh" >/dev/null
    drain
fi
"$program" merge "$work/killed" -o "$work/killed.h5" --quiet
same "$work/killed.h5" "killed, requeued and resubmitted tasks"

# 3. A time limit of the program itself: exit code 3, requeue, until it is done.
mkdir -p "$work/short/log"
"$program" submit "$plan" --scheduler slurm --shards 2 -o "$work/short" "${settings[@]}" --dry-run |
    sed -n '/^#!/,/^# .*merge.sh/p' | sed '$d' | sed 's| &$| --time-budget '"$budget"' \&|' >"$work/short/array.sh"
sbatch --parsable --time=10 "$work/short/array.sh" >/dev/null
drain
grep -qh 'back into the queue' "$work"/short/log/*.log || { echo "slurm-test: FAILED: no task was requeued" >&2; exit 1; }
"$program" merge "$work/short" -o "$work/short.h5" --quiet
same "$work/short.h5" "tasks that requeue themselves at the end of their time"

# 4. srun and mpirun: ranks are shards.
srun -n 2 "$program" screen "$plan" "${settings[@]}" --shard auto -o "$work/srun" --quiet
"$program" merge "$work/srun" -o "$work/srun.h5" --quiet
same "$work/srun.h5" "srun -n 2"
mpirun --allow-run-as-root --oversubscribe -n 4 "$program" screen "$plan" "${settings[@]}" --shard auto -o "$work/mpi" --quiet
"$program" merge "$work/mpi" -o "$work/mpi.h5" --quiet
same "$work/mpi.h5" "mpirun -n 4"
echo "slurm-test: passed" >&2
