"""The JSON file: whole after every part, so that whoever is killed on the way has told what came
before; and the logs beside it."""
import contextlib
import json
import os
import time
import traceback

from processes import Stopped
from progress import say

UNFINISHED = "unfinished"
NOT_MEASURED = ["packing by processes and by MPS (trials share one process's streams here)",
                "plan --probe (it is the whole program's)"]


class ResultFile:
    def __init__(self, path, started):
        self.path, self.started = path, started
        path.parent.mkdir(parents=True, exist_ok=True)
        self.data = {"status": UNFINISHED, "running": "",
                     "date": time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime()), "seconds": 0,
                     "machine": {}, "build": {}, "first_device_call": "", "tests": {}, "bench": {},
                     "peaks": {}, "not_done": [], "errors": []}
        self.machine_log, self.build_log = self.beside("machine.log"), self.beside("build.log")
        self.tests_log, self.bench_log = self.beside("tests.log"), self.beside("bench.jsonl")
        self.state_log = self.beside("state.csv")

    def beside(self, ending):
        path = self.path.with_name(f"{self.path.stem}_{ending}")
        path.unlink(missing_ok=True)  # an earlier run's
        return path

    def save(self):
        self.data["seconds"] = round(time.monotonic() - self.started, 1)
        new = self.path.with_name(self.path.name + ".new")
        try:
            new.write_text(json.dumps(self.data, indent=1, default=str) + "\n")
            os.replace(new, self.path)
        except OSError as error:
            say(f"gpu_check: {self.path} could not be written ({error})")

    @contextlib.contextmanager
    def part(self, name):
        """What goes wrong in a part is written down, and the next one begins."""
        say(f"== {time.monotonic() - self.started:.0f} s: {name}")
        outer, self.data["running"] = self.data["running"], name
        self.save()
        try:
            yield
        except Stopped:
            if self.data["status"] == UNFINISHED:
                self.data["status"] = f"stopped in: {name}"
            raise
        except Exception:
            self.error(name)
        self.data["running"] = outer
        self.save()

    def error(self, name):
        self.data["errors"].append({"part": name, "traceback": traceback.format_exc()[-3000:]})
        say(traceback.format_exc())

    def finish(self):
        data = self.data
        data["status"] = status(data)
        if data["bench"]:
            data["not_done"] += NOT_MEASURED
        self.save()
        counts = {}
        for one in data["tests"].values():
            counts[one["result"]] = counts.get(one["result"], 0) + 1
        rows = sum(len(part["rows"]) for part in data["bench"].values())
        say(f"== {data['status']} after {data['seconds']} s; tests: {counts or 'none'}; bench rows: {rows}; "
            f"written to {self.path}")
        for what in failures(data)[:20]:
            say(f"   failed: {what}")
        for what in data["not_done"]:
            say(f"   not done: {what}")


def failures(data):
    """Names of what did not go as it should."""
    failed = [error["part"] for error in data["errors"]]
    failed += data["build"].get("not_built", [])
    for name, one in data["tests"].items():
        if one["result"] == "failed" or ("in_company" in one and not one["in_company"]["excused"]):
            failed.append(name)
    for part in data["bench"].values():
        failed += [f"{row.get('model')}, {row.get('kernel')}" for row in part["failed"]]
    return failed


def status(data):
    if data["status"] != UNFINISHED:
        return data["status"]
    if failures(data):
        return "failed"
    return "incomplete" if data["not_done"] else "passed"
