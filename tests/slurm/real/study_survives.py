"""A study under a real Slurm: signalled, preempted, taken back on another number of nodes, cancelled
and resubmitted, killed with its batch step, and at the end equal to an undisturbed one bit for bit.
Usage: study_survives.py ISOLOSS"""
import contextlib
import csv
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from one_machine import OneMachineSlurm, descendants

DEADLINE_SECONDS = 1500
ENOUGH_SECONDS = 6

STUDY = """\
study: survivor
data: {{text: text.txt, tokenizer: bytes, validation: 0.1}}
model: {{layers: 1, d_head: 8, sequence: 32}}
optimizer: {{name: adafactor, schedule: rsqrt, warmup_steps: 10, batch_tokens: 64}}
grid:
  architecture: [transformer]
  size: [{{name: a, d_model: 8}}, {{name: b, d_model: 16}}]
  budget: {{tokens: [64000, {tokens}]}}
  learning_rate: [0.03, 0.05]
evaluate: {{tokens: 1024}}
run: {{threads: 1}}
"""


def text():
    words = "alder birch cedar dusk ember frost grove harbor inlet jade kelp lark".split()
    number, parts = 7, []
    for i in range(20000):
        number = (number * 1103515245 + 12345) % 2**31
        parts.append(words[(number >> 16) % 12] + (".\n" if i % 9 == 8 else " "))
    return "".join(parts)


class Test:
    def __init__(self, slurm, isoloss):
        self.slurm, self.isoloss, self.folder = slurm, isoloss, slurm.folder
        (self.folder / "text.txt").write_text(text())
        self.make_undisturbed()

    def make_undisturbed(self):
        """A study that is long enough here to be disturbed, and what it ends with when it is not."""
        tokens, seconds = 200000, 0
        while seconds < ENOUGH_SECONDS:
            tokens *= 2
            shutil.rmtree(self.folder / "undisturbed", ignore_errors=True)
            (self.folder / "study.yaml").write_text(STUDY.format(tokens=tokens))
            began, computed = time.monotonic(), self.seconds_computed()
            self.run("run", "study.yaml", "--out", "undisturbed", "--ranks", "2")
            # On a machine that others use the clock alone would make it too short for a quiet one.
            seconds = min(time.monotonic() - began, (self.seconds_computed() - computed) / 2)
        print(f"undisturbed, {tokens} tokens a run: {seconds:.1f} s", flush=True)

    @staticmethod
    def seconds_computed():
        """By all processes that this one has started and seen end."""
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    def run(self, *arguments, status=0):
        done = subprocess.run([self.isoloss, *arguments], cwd=self.folder, capture_output=True,
                              text=True, stdin=subprocess.DEVNULL, env=self.slurm.environment)
        assert done.returncode == status, f"isoloss {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def points(self, out):
        """The comments of the CSV, and its rows without the seconds, which differ."""
        lines = self.run("points", out, "--all").splitlines()
        comments = [line for line in lines if line.startswith("#")]
        rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
        for row in rows:
            del row["wall_seconds"]
        assert len(rows) == 8, f"{out} has {len(rows)} points"
        return comments, rows

    def submit(self, out, site, *options):
        (self.folder / "site.yaml").write_text(site)
        said = self.run("submit", "study.yaml", "--site", "site.yaml", "--out", out, *options)
        return said.split()[-1]

    def occupy(self, nodes):
        """A job of the higher partition that takes whole nodes until it is cancelled."""
        return self.slurm.slurm("sbatch", "--parsable", "--partition=high", f"--nodes={nodes}",
                                "--exclusive", f"--output={self.folder}/high.out",
                                "--wrap=exec sleep 600")

    def trains(self, out):
        return any((self.folder / out).glob("runs/*/claim"))

    def begun(self, out, runs):
        """Whether so many runs have begun: from then on a stop leaves a checkpoint."""
        return len(list((self.folder / out).glob("runs/*/journal"))) >= runs

    def ranks(self, out):
        """Ranks that say what they do."""
        found = set()
        for path in (self.folder / out).glob("ranks/*.json"):
            try:
                found.add(json.loads(path.read_text())["rank"])
            except (OSError, ValueError):
                pass  # replaced or removed meanwhile
        return found

    def queued(self, states):
        """How many jobs of the study are in one of these states."""
        return len(self.slurm.slurm("squeue", "-h", "-r", "--name=survivor", f"--states={states}",
                                    "-o", "%i").split())

    def saved(self, out):
        return any((self.folder / out).glob("runs/*/checkpoint-*"))

    def wait_for(self, job, *states):
        self.slurm.wait_until(f"job {job} is {' or '.join(states)}",
                              lambda: self.slurm.state(job) in states)

    def log(self, job):
        return (self.folder / f"survivor-{job}.out").read_text()

    def expect_whole(self, out):
        self.run("verify", out)
        assert self.points(out) == self.points("undisturbed"), f"{out} differs from undisturbed"
        attempts = list((self.folder / out).glob("runs/*/attempt-*"))
        assert not attempts, f"a stop counted as a failure: {attempts}"

    def requeued_on_another_number_of_nodes(self):
        slurm = self.slurm
        job = self.submit("requeued", "partition: low\nnodes: 2\ntime: 10\noptions: [overcommit]\n")
        slurm.wait_until("two nodes train", lambda: self.begun("requeued", 2))
        slurm.slurm("scancel", "--batch", "--signal=USR1", job)
        self.wait_for(job, "PENDING")
        assert self.saved("requeued") and not self.trains("requeued")
        self.wait_for(job, "RUNNING")
        slurm.wait_until("it trains again", lambda: self.trains("requeued"))
        high = self.occupy(2)
        self.wait_for(high, "RUNNING")
        assert slurm.state(job) == "PENDING", slurm.state(job)
        assert not self.trains("requeued"), "a claim was left behind"
        slurm.slurm("scontrol", "update", f"JobId={job}", "NumNodes=1", "NumTasks=1")
        slurm.slurm("scancel", high)
        self.wait_for(job, "COMPLETED")
        assert slurm.detail(job, "NumNodes") == "1"
        assert int(slurm.detail(job, "Restarts")) >= 2, slurm.detail(job, "Restarts")
        assert "stopped early" in self.log(job)  # what earlier starts said is still there
        self.expect_whole("requeued")

    def requeued_by_srun(self):
        """Slurm signals the ranks of srun themselves."""
        job = self.submit("by_srun", "partition: low\ntasks_per_node: 2\nlauncher: srun\n"
                          "mpi: pmix\ntime: 10\n")
        self.slurm.wait_until("two ranks of srun train", lambda: self.begun("by_srun", 2))
        self.slurm.slurm("scancel", "--signal=TERM", job)
        self.wait_for(job, "PENDING")
        assert self.saved("by_srun") and not self.trains("by_srun")
        self.wait_for(job, "COMPLETED")
        self.expect_whole("by_srun")

    def joined_by_tcp(self):
        """The ranks of an srun that joins no MPI are one job, on two nodes."""
        job = self.submit("by_tcp", "partition: low\nnodes: 2\nlauncher: srun\nmpi: none\n"
                          "time: 10\n")
        self.slurm.wait_until("ranks 0 and 1 of one job train",
                              lambda: self.ranks("by_tcp") == {0, 1})
        self.wait_for(job, "COMPLETED")
        self.expect_whole("by_tcp")

    def cancelled_and_resubmitted(self):
        """Two allocations share the study; the site cancels both, and their successors go on."""
        slurm = self.slurm
        self.submit("shared", "partition: scavenge\npreempt_mode: cancel\ntime: 10\n",
                    "--array", "2")
        slurm.wait_until("two allocations train", lambda: self.begun("shared", 2))
        high = self.occupy(2)
        self.wait_for(high, "RUNNING")
        slurm.wait_until("both have left", lambda: not self.trains("shared"))
        assert self.saved("shared")
        assert self.queued("PENDING") == 2, "each has its successor"
        slurm.slurm("scancel", high)
        slurm.wait_until("nothing is queued any more",
                         lambda: self.queued("RUNNING,COMPLETING,PENDING") == 0)
        self.expect_whole("shared")

    def processes_of(self, job):
        """Numbers of what the slurmstepd of the job's steps have started, the batch step's first."""
        steps = {}
        for number in descendants():
            with contextlib.suppress(OSError):
                name = Path(f"/proc/{number}/cmdline").read_text()
                if f"slurmstepd: [{job}." in name:
                    steps[".batch]" not in name, number] = descendants(number)
        return [number for step in sorted(steps) for number in steps[step]]

    def killed_and_submitted_again(self):
        """kill -9 of the batch step and the ranks: Slurm requeues no job that failed."""
        site = "partition: low\ntasks_per_node: 2\ntime: 10\n"
        job = self.submit("killed", site)
        self.slurm.wait_until("two ranks of it train", lambda: self.begun("killed", 2))
        killed = self.processes_of(job)
        assert len(killed) >= 5, killed  # script, supervisor, mpirun, ranks
        for number in killed:
            with contextlib.suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        self.wait_for(job, "FAILED")
        assert self.trains("killed"), "somebody had time to give a claim up"
        job = self.submit("killed", site)
        self.wait_for(job, "COMPLETED")
        self.expect_whole("killed")


def main():
    def give_up(*_):
        raise TimeoutError(f"stopped from outside, or not over after {DEADLINE_SECONDS} s")
    for stop in (signal.SIGALRM, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(stop, give_up)
    signal.alarm(DEADLINE_SECONDS)
    with tempfile.TemporaryDirectory(prefix="isoloss-slurm-") as folder:
        with OneMachineSlurm(folder) as slurm:
            test = Test(slurm, sys.argv[1])
            test.requeued_on_another_number_of_nodes()
            test.requeued_by_srun()
            test.joined_by_tcp()
            test.cancelled_and_resubmitted()
            test.killed_and_submitted_again()
    print("the study survived")


if __name__ == "__main__":
    main()
