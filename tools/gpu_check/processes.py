"""Programs that are run with a limit: each writes into a log that stays, whatever becomes of this one."""
import ctypes
import os
import pathlib
import signal
import subprocess
import time
import typing

OUT_OF_TIME = "ran out of time"
ASKED_TO_END = "gpu_check was asked to end"
LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1
MOST_TEXT = 4_000_000  # bytes that a program may print; a file of results must stay small


class Stopped(BaseException):
    """Somebody asked this program to end."""


class Ended(typing.NamedTuple):
    status: typing.Optional[int]  # None: it was stopped
    text: str  # standard output and errors
    why: str  # "" or why it was stopped

    def reason(self):
        """Why it did not end well, with the last of what it said."""
        what = self.why or f"the program ended with status {self.status}"
        said = " | ".join(line for line in self.text.splitlines()[-6:] if not line.startswith("{"))
        return f"{what}: {said[-600:]}" if said else what


def start(command, **options):
    """Starts it as the leader of a process group; it does not outlive this program."""
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True, **options,
                            preexec_fn=lambda: LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0))


def stop(process):
    """Ends it and what it started; whether it died, which a call into a broken driver may not. First
    it is asked: ninja's jobs have process groups of their own, and it alone ends them."""
    signal_group(process, signal.SIGTERM)
    end = time.monotonic() + 2
    while time.monotonic() < end and (process.poll() is None or signal_group(process, 0)):
        time.sleep(0.02)
    signal_group(process, signal.SIGKILL)
    try:
        process.wait(timeout=10)
        return True
    except subprocess.TimeoutExpired:
        return False


def signal_group(process, which):
    """Whether anything of its group is there."""
    try:
        os.killpg(process.pid, which)
        return True
    except ProcessLookupError:
        return False


def run(command, seconds, log, silent=None, environment=None, take=None):
    """Runs it for at most `seconds`, and `silent` without a word, with its output behind what the
    file `log` has. `take` is given what is returned, also where Stopped is raised."""
    with open(log, "ab") as out:
        out.write(f"== {' '.join(map(str, command))}\n".encode())
        out.flush()
        beginning = out.tell()
        try:
            process = start(command, stdout=out, stderr=subprocess.STDOUT,
                            env=dict(os.environ, **(environment or {})))
        except OSError as error:
            return Ended(127, str(error), "")
    try:
        why = watch(process, seconds, silent, pathlib.Path(log), beginning)
    except Stopped as stopped:
        try:
            ended = end_of(process, ASKED_TO_END, log, beginning)
            if take:
                take(ended)
        finally:
            raise stopped  # whatever became of that
    except BaseException:
        stop(process)
        raise
    ended = end_of(process, why, log, beginning)
    if take:
        take(ended)
    return ended


def end_of(process, why, log, beginning):
    """What it came to, which has ended or for a reason `why` has to."""
    if why and not stop(process):
        why += " (it did not die)"
    with open(log, "rb") as file:
        file.seek(beginning)
        text = file.read(MOST_TEXT).decode(errors="replace")
    with open(log, "ab") as out:
        out.write(f"== {why or f'status {process.returncode}'}\n".encode())
    return Ended(None if why else process.returncode, text, why)


def watch(process, seconds, silent, log, start):
    """Waits until it ends: ""; or says why it has to be stopped."""
    began = grew = time.monotonic()
    size = start
    while True:
        try:
            process.wait(timeout=0.1)
            return ""
        except subprocess.TimeoutExpired:
            pass
        now = time.monotonic()
        if log.stat().st_size != size:
            size, grew = log.stat().st_size, now
        if now - began > seconds:
            return f"{OUT_OF_TIME} ({seconds:.0f} s)"
        if silent is not None and now - grew > silent:
            return f"printed nothing for {silent:.0f} s and was stopped"
        if size - start > MOST_TEXT:
            return f"printed more than {MOST_TEXT} bytes and was stopped"
