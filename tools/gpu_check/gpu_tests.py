"""The GoogleTest programs, kernels first, each test with a result as far as time goes. All tests of a
program run in company first; what failed or never came has a second chance in processes of its own, and
what it did in company is kept."""
import re

from code_build import programs
from processes import ASKED_TO_END, OUT_OF_TIME, run

ORDER = ["model_kernels", "model_device", "nccl"]  # what rests on nothing comes first
# What CUDA says of errors after which nothing goes in a process any more.
STICKY = re.compile("illegal memory access|illegal instruction|illegal address|misaligned address|"
                    "unspecified launch failure|device-side assert|hardware stack error|"
                    "invalid program counter|address space|uncorrectable|timed out and was terminated|"
                    "context is destroyed")
COMPANIES = 3  # times that the rest begins anew together; then one by one


def place(name):
    return next((i for i, part in enumerate(ORDER) if part in name), len(ORDER)), name


class Program:
    def __init__(self, path, options, result):
        self.path, self.options, self.log = path, options, result.tests_log
        self.results = result.data["tests"]
        self.names = self.listed()
        self.rounds = 0
        for name in self.names:
            self.results[self.key(name)] = {"result": "not run"}

    def key(self, name):
        return f"{self.path.name}/{name}"

    def listed(self):
        ended = run([str(self.path), "--gtest_list_tests"], 30, self.log)
        if ended.status != 0:
            raise RuntimeError(f"{self.path.name} does not list its tests: {ended.reason()}")
        names, suite = [], ""
        for line in ended.text.splitlines():
            name = line.split("#")[0].rstrip()
            if name and not line.startswith(" "):
                suite = name
            elif name:
                names.append(suite + name.strip())
        return names

    def unsettled(self):
        return [name for name in self.names
                if self.results[self.key(name)]["result"] in ("failed", "not run")
                and not self.results[self.key(name)].get("alone")]

    def in_company(self, names, seconds):
        self.rounds += 1

        def take(ended):
            found = results_of(ended)
            self.take(found)
            self.note_end(ended, found, names)
        self.run(names, seconds, take, self.options.silent_seconds)

    def alone(self, name, seconds):
        def take(ended):
            found = results_of(ended)
            self.take({name: {"result": "not run", "said": ended.reason()}, **found}, alone=True)
            self.note_end(ended, found, [name])
        self.run([name], seconds, take)

    def note_end(self, ended, found, names):
        """Where no test says why it did not end well: it died or hung behind one."""
        cut_off = ended.why.startswith(ASKED_TO_END) or (
            ended.why.startswith(OUT_OF_TIME) and len(found) < len(names))
        if ((ended.status or ended.why) and not cut_off and found
                and all(one["result"] in ("passed", "skipped") for one in found.values())):
            self.results[self.key("(its end)")] = {"result": "failed", "said": ended.reason()}

    def again(self, time_left):
        """A second chance of what is not settled."""
        while time_left() > 1 and self.unsettled():
            open_tests = self.unsettled()
            # Behind a sticky error, a crash or a hang, company is not to blame: together once more.
            company = [name for name in open_tests
                       if self.results[self.key(name)]["result"] == "not run"
                       or self.results[self.key(name)].get("after_sticky")]
            if self.rounds >= COMPANIES:
                company = []
            for name in open_tests:
                if name not in company and time_left() > 1:
                    self.alone(name, min(self.options.test_seconds, time_left()))
            if company and time_left() > 1:
                self.in_company(company, min(self.options.program_seconds, time_left()))

    def take(self, found, alone=False):
        for name, one in found.items():
            before = self.results[self.key(name)]
            if one["result"] == "not run" and before["result"] == "failed":
                one = before  # what it did in company is all there is
            if alone:
                one["alone"] = True
            if before["result"] == "failed" and one["result"] != "failed":
                one["in_company"] = before.get("in_company") or {
                    "result": "failed", "said": before["said"],
                    "excused": before.get("after_sticky", before.get("cut_off", False))}
            self.results[self.key(name)] = one

    def run(self, names, seconds, take, silent=None):
        command = [str(self.path)]
        if names != self.names:
            command.append(f"--gtest_filter={':'.join(names)}")
        run(command, seconds, self.log, silent, take=take)


def results_of(ended):
    """Results by name of what a GoogleTest program printed."""
    results, begun, said, sticky = {}, None, [], False

    def take(result):
        results[begun] = {"result": result}
        if result != "passed":
            results[begun]["said"] = "\n".join(said)[-1500:]
        if result == "failed" and sticky:
            results[begun]["after_sticky"] = True

    for line in ended.text.splitlines():
        match = re.search(r"\[ *(RUN|OK|FAILED|SKIPPED) *\] ([\w./<>]+)", line)
        if match and match[1] == "RUN":
            begun, said = match[2], []
        elif match and begun == match[2]:
            take({"OK": "passed", "FAILED": "failed", "SKIPPED": "skipped"}[match[1]])
            sticky = sticky or (match[1] == "FAILED" and STICKY.search("\n".join(said)) is not None)
            begun = None
        elif begun:
            said.append(line)
    if begun:
        said.append(ended.why or f"the program ended with status {ended.status}")
        take("not run" if ended.why.startswith(ASKED_TO_END) else "failed")
        if ended.why.startswith(OUT_OF_TIME):
            results[begun]["cut_off"] = True  # perhaps others took the time
    return results


def test(options, result, time_left):
    found = []
    for name, path in sorted(programs(options, result, "gpu_*_test").items(),
                             key=lambda one: place(one[0])):
        with result.part(f"tests of {name}"):
            found.append(Program(path, options, result))
            found[-1].in_company(found[-1].names, min(options.program_seconds, time_left()))
    for program in found:
        if program.unsettled():
            with result.part(f"tests of {program.path.name} that did not pass, again"):
                program.again(time_left)
    unfinished = [name for name, one in result.data["tests"].items() if one["result"] == "not run"]
    if unfinished:
        result.data["not_done"].append(f"{len(unfinished)} tests (out of time, or they did not begin)")
    library = result.data["build"].get("NCCL_LIBRARY", "NOTFOUND")
    if library.endswith("NOTFOUND") and not any("nccl" in program.path.name for program in found):
        result.data["nccl"] = "not found (name its folder with NCCL_HOME): its tests were left out"
    if not found:
        result.data["not_done"].append("tests (no program of them was built)")
