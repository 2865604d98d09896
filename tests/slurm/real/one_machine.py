"""A Slurm of its own on this machine: munge, slurmctld and two slurmd in a folder of their own, on
loopback and ports of their own. Nothing outside the folder is changed. Everything that was started
is a descendant of this process (a subreaper) and is ended by number; should this process be killed,
the daemons go with it."""
import contextlib
import ctypes
import getpass
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

SKIPPED = 77
# Each wait ends as soon as what it waits for is there: long enough for a machine that is overloaded.
WAIT_SECONDS = 300
PROGRAMS = ["munged", "slurmctld", "slurmd", "sbatch", "scontrol", "squeue", "scancel", "mpirun"]
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
LIBC = ctypes.CDLL(None)

CONFIGURATION = """\
ClusterName=isoloss-test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/%n.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=batch_sched_delay=0,bf_interval=1,sched_interval=1
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
KillWait=60
ReturnToService=2
SlurmdParameters=config_overrides
MpiDefault=none
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]} CPUs=2 RealMemory=1000
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]} CPUs=2 RealMemory=1000
PartitionName=low Nodes=n1,n2 Default=YES PriorityTier=1 PreemptMode=REQUEUE
PartitionName=scavenge Nodes=n1,n2 PriorityTier=1 PreemptMode=CANCEL
PartitionName=high Nodes=n1,n2 PriorityTier=10 PreemptMode=OFF
"""


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def descendants(of=None):
    """Numbers of all processes below that one, this one by default; the nearest first."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            parents[int(entry.name)] = int(fields[1])
    found, level = [], {of or os.getpid()}
    while level:
        level = {child for child, parent in parents.items() if parent in level}
        found += level
    return found


def end_descendants():
    """SIGTERM, five seconds, SIGKILL; orphans come to this process, so none is missed."""
    for asked, seconds in ((signal.SIGTERM, 5), (signal.SIGKILL, 5)):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with contextlib.suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0] != 0:
                    pass
            alive = descendants()
            if not alive:
                return
            for number in alive:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(number, asked)
            time.sleep(0.2)


class OneMachineSlurm:
    """Use as a context: the daemons run inside."""

    def __init__(self, folder):
        os.environ["PATH"] += ":/usr/sbin:/sbin"
        missing = [name for name in PROGRAMS if shutil.which(name) is None]
        if missing:
            skip(f"{', '.join(missing)} not installed (Debian: apt-get install slurm-wlm munge)")
        self.folder = Path(folder)
        self.environment = {key: value for key, value in os.environ.items()
                            if not key.startswith(("SLURM_", "SBATCH_", "OMPI_", "PMIX_"))}
        self.environment["SLURM_CONF"] = str(self.folder / "slurm.conf")
        self.daemons = {}

    def __enter__(self):
        try:
            self.bring_up()
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def bring_up(self):
        LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        for name in ("state", "spool-n1", "spool-n2"):
            (self.folder / name).mkdir()
        (self.folder / "munge.key").write_bytes(os.urandom(128))
        (self.folder / "munge.key").chmod(0o600)
        self.folder.chmod(0o711)
        (self.folder / "slurm.conf").write_text(CONFIGURATION.format(
            host=socket.gethostname().split(".")[0], user=getpass.getuser(), folder=self.folder,
            ports=free_ports(3)))
        at = self.folder
        self.start("munged", "--foreground", "--force", f"--key-file={at}/munge.key",
                   f"--socket={at}/munge.socket", f"--pid-file={at}/munge.pid",
                   f"--log-file={at}/munged.daemon.log", f"--seed-file={at}/munge.seed")
        self.wait_until("munge answers", lambda: (at / "munge.socket").exists())
        self.start("slurmctld", "-D", "-c", "-f", f"{at}/slurm.conf")
        for node in ("n1", "n2"):
            self.start("slurmd", "-D", "-c", "-N", node, "-f", f"{at}/slurm.conf", name=node)
        try:
            self.wait_until("both nodes are idle", self.nodes_idle,
                            WAIT_SECONDS if os.geteuid() == 0 else 40)
        except AssertionError:
            if os.geteuid() != 0:
                skip("Slurm's daemons do not come up without root's rights here")
            raise

    def __exit__(self, *problem):
        if problem[0] not in (None, SystemExit):
            for log in sorted(self.folder.glob("*.log")) + sorted(self.folder.glob("*.out")):
                print(f"--- end of {log.name}\n{log.read_text(errors='replace')[-3000:]}")
        with contextlib.suppress(subprocess.SubprocessError, OSError):
            self.slurm("scancel", "--user", getpass.getuser(), check=False)
            time.sleep(1)
        end_descendants()

    def start(self, program, *arguments, name=None):
        name = name or program
        with open(self.folder / f"{name}.log", "wb") as log:
            self.daemons[name] = subprocess.Popen(
                [program, *arguments], stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, env=self.environment,
                preexec_fn=lambda: LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0))

    def slurm(self, *command, check=True):
        """What a command of Slurm says."""
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              env=self.environment, timeout=WAIT_SECONDS)
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
        return done.stdout.strip()

    def nodes_idle(self):
        return self.slurm("sinfo", "-h", "-N", "-p", "low", "-o", "%T", check=False).split() == [
            "idle", "idle"]

    def state(self, job):
        """PENDING, RUNNING, COMPLETED, ...; GONE where Slurm has forgotten it."""
        said = self.slurm("scontrol", "-o", "show", "job", job, check=False)
        return dict(word.split("=", 1) for word in said.split() if "=" in word).get(
            "JobState", "GONE")

    def detail(self, job, name):
        said = self.slurm("scontrol", "-o", "show", "job", job)
        return dict(word.split("=", 1) for word in said.split() if "=" in word)[name]

    def wait_until(self, what, holds, seconds=WAIT_SECONDS):
        end = time.monotonic() + seconds
        while not holds():
            for name, daemon in self.daemons.items():
                assert daemon.poll() is None, f"{name} ended while waiting until {what}"
            assert time.monotonic() < end, f"{what}: not after {seconds} s"
            time.sleep(0.2)
        print(f"{time.strftime('%H:%M:%S')} {what}", flush=True)
