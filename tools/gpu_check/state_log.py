"""nvidia-smi's clocks, power, temperature and reasons of throttling, twenty times a second from the
first part to the last, which also keeps the driver up between programs."""
import datetime
import os
import shutil
import subprocess

from processes import start, stop

STATE = ["timestamp", "clocks.sm", "clocks.mem", "power.draw", "power.draw.instant", "temperature.gpu",
         "utilization.gpu", "clocks_event_reasons.active"]
# Bits of clocks_event_reasons.active that mean a GPU ran slower than it could (NVML's
# nvmlClocksEventReasons; idle and a clock that the user set are none).
THROTTLES = {0x4: "power cap", 0x8: "hardware slowdown", 0x20: "software thermal",
             0x40: "hardware thermal", 0x80: "power brake"}


class StateLog:
    def __init__(self, path, fields):
        """`fields`: those of STATE that the driver knows."""
        self.path, self.fields, self.process = path, fields, None
        if fields and shutil.which("nvidia-smi"):
            by_line = ["stdbuf", "-oL"] if shutil.which("stdbuf") else []
            with open(path, "w") as file:
                self.process = start(
                    [*by_line, "nvidia-smi", "-i", "0", f"--query-gpu={','.join(fields)}",
                     "--format=csv,noheader,nounits", "-lms", "50"],
                    stdout=file, stderr=subprocess.DEVNULL)

    def finish(self):
        if self.process is not None:
            stop(self.process)

    def samples(self):
        """(seconds since 1970, {field: value}), as far as they are written."""
        found = []
        text = self.path.read_text(errors="replace") if os.path.exists(self.path) else ""
        for line in text.splitlines():
            values = [value.strip() for value in line.split(",")]
            sample = dict(zip(self.fields, values))
            try:
                when = datetime.datetime.strptime(sample.pop("timestamp"), "%Y/%m/%d %H:%M:%S.%f")
            except (KeyError, ValueError):
                continue
            if len(values) == len(self.fields):  # else cut off in its middle
                found.append((when.timestamp(), sample))
        return found

    def lay_beside(self, rows):
        samples = self.samples()
        for row in rows:
            if "began" in row and "ended" in row:
                row["state"] = state_between(samples, row["began"], row["ended"])


def state_between(samples, began, ended):
    """Lowest and highest of each number while a figure was taken, and why the GPU held back (None:
    nobody looked)."""
    during = [sample for when, sample in samples if began <= when <= ended]
    state = {"samples": len(during), "throttled": None}
    for field in ("clocks.sm", "clocks.mem", "power.draw", "power.draw.instant", "temperature.gpu"):
        values = [value for value in (number(sample.get(field)) for sample in during)
                  if value is not None]
        if values:
            state[field] = [min(values), max(values)]
    reasons = None
    for sample in during:
        try:
            reasons = (reasons or 0) | int(sample["clocks_event_reasons.active"], 16)
        except (KeyError, ValueError):
            pass
    if reasons is not None:
        state["throttled"] = [name for bit, name in THROTTLES.items() if reasons & bit]
    return state


def number(text):
    try:
        return float(text)
    except (TypeError, ValueError):
        return None  # "[N/A]"
