"""tools/gpu_check.sh on made machines: programs that act as the build, the tests, the bench and
nvidia-smi of a GPU, and what the script makes of them."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from gpu_check_programs import BENCH, CMAKE, NO_DEVICE, SMI, tests_program

SOURCE = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = SOURCE / "tools" / "gpu_check.sh"
PASSING = tests_program({"Kernel.Adds": "passes", "Sizes/Other.Goes/0": "passes"})


class Machine(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        (self.folder / "bin").mkdir()
        (self.folder / "build").mkdir()
        self.out = self.folder / "out.json"
        self.environment = dict(os.environ, PATH=f"{self.folder / 'bin'}:{os.environ['PATH']}",
                                FOLDER=str(self.folder))
        self.program("bin/nvidia-smi", SMI)
        self.program("build/device_bench", BENCH)

    def program(self, where, text):
        path = self.folder / where
        path.write_text(text)
        path.chmod(0o755)

    def command(self, *options):
        return [str(SCRIPT), "--out", str(self.out), "--build", str(self.folder / "build"), *options]

    def check(self, *options):
        process = subprocess.run(self.command(*options), capture_output=True, text=True,
                                 env=self.environment)
        return process, self.result() if self.out.exists() else None

    def result(self):
        return json.loads(self.out.read_text())

    def begun(self, hangs, *options):
        """The script, at work on what hangs."""
        self.environment["HANGS"] = hangs
        (self.folder / "hanging").unlink(missing_ok=True)
        process = subprocess.Popen(self.command(*options), stdout=subprocess.DEVNULL,
                                   env=self.environment)
        self.soon(lambda: (self.folder / "hanging").exists() and (self.folder / "hanging").read_text())
        return process

    def soon(self, holds):
        end = time.monotonic() + 60
        while not holds():
            self.assertLess(time.monotonic(), end, "waited a minute for what did not come")
            time.sleep(0.05)

    def running(self, name):
        """Of the process that wrote its number into the file."""
        try:
            said = pathlib.Path(f"/proc/{(self.folder / name).read_text()}/stat").read_text()
        except OSError:
            return False
        return said.rpartition(")")[2].split()[0] not in "ZX"  # dead, and nobody has asked yet

    def results(self, result):
        return {name.split("/", 1)[1]: one["result"] for name, one in result["tests"].items()}


class WholeRun(Machine):
    def test_a_machine_without_a_device_is_said_to_have_none(self):
        (self.folder / "bin/nvidia-smi").unlink()
        self.program("build/device_bench", NO_DEVICE)
        self.program("build/gpu_some_test", PASSING)
        process, result = self.check("--built")
        self.assertEqual(process.returncode, 77)
        self.assertEqual(result["status"], "no device")
        self.assertEqual(result["first_device_call"], "device_bench: no GPU")
        self.assertEqual(result["not_done"], ["tests (no device)", "bench (no device)"])
        self.assertEqual(result["tests"], {})

    def test_all_that_passes(self):
        self.program("build/gpu_some_test", PASSING)
        process, result = self.check("--built", "--code", "v1-3-gabc")
        self.assertEqual(process.returncode, 0, process.stdout + process.stderr)
        self.assertEqual(result["status"], "passed")
        self.assertEqual(result["running"], "")
        self.assertEqual(result["errors"], [])
        self.assertEqual(self.results(result), {"Kernel.Adds": "passed", "Sizes/Other.Goes/0": "passed"})
        self.assertEqual(result["machine"]["gpu"]["driver_version"], "580.1")
        # A line of a library stood before the device's.
        self.assertEqual(result["machine"]["device"]["name"], "NVIDIA H100 80GB HBM3")
        self.assertEqual(result["machine"]["code"], "v1-3-gabc")
        self.assertEqual(len(result["machine"]["sources_sha256"]), 64)
        self.assertTrue(any("MPS" in what for what in result["not_done"]))
        self.assertEqual(sorted(path.name for path in self.folder.glob("out*")),
                         ["out.json", "out_bench.jsonl", "out_machine.log", "out_state.csv",
                          "out_tests.log"])

    def test_where_nothing_else_names_the_code_git_or_the_sources_do(self):
        self.program("bin/git", "#!/bin/sh\necho v1-2-gdef\n")
        self.assertEqual(self.check("--built")[1]["machine"]["code"], "v1-2-gdef")
        self.program("bin/git", "#!/bin/sh\nexit 128\n")
        machine = self.check("--built")[1]["machine"]
        self.assertEqual(machine["code"], "sources " + machine["sources_sha256"][:16])

    def test_nvidia_smi_is_asked_once_where_it_knows_all_but_one_field(self):
        self.check("--built")
        log = (self.folder / "out_machine.log").read_text()
        self.assertEqual(log.count("== nvidia-smi"), 2)  # what it refuses is left out of the second

    def test_the_file_is_whole_before_every_part(self):
        self.program("build/gpu_some_test", PASSING)
        self.check("--built")
        seen = {path.stem.removeprefix("seen "): json.loads(path.read_text())
                for path in self.folder.glob("seen *.json")}
        self.assertEqual(seen["describe"]["running"], "first call of a device")
        self.assertEqual(self.results(seen["ceilings"])["Kernel.Adds"], "passed")
        self.assertEqual(len(seen["steps gpt2 124M"]["bench"]["ceilings"]["rows"]), 2)
        self.assertEqual(len(seen["steps gpt2 1M"]["bench"]["steps"]["rows"]), 4)
        self.assertEqual(len(seen["kernels"]["bench"]["steps"]["rows"]), 5)

    def test_who_is_killed_has_told_what_came_before(self):
        process = self.begun("gpt2 1.5B", "--built")
        self.assertTrue(self.running("hanging") and self.running("watching"))
        process.kill()
        process.wait()
        result = self.result()
        self.assertEqual(result["status"], "unfinished")
        self.assertEqual(result["running"], "steps of gpt2 1.5B")
        self.assertEqual(len(result["bench"]["steps"]["rows"]), 3)
        self.soon(lambda: not self.running("hanging") and not self.running("watching"))

    def test_who_is_asked_to_end_says_where_and_leaves_nothing_running(self):
        for how in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            with self.subTest(how):
                process = self.begun("gpt2 1.5B", "--built")
                process.send_signal(how)
                self.assertEqual(process.wait(), 1)
                self.assertEqual(self.result()["status"], "stopped in: steps of gpt2 1.5B")
                self.assertFalse(self.running("hanging") or self.running("watching"))

    def test_a_reader_of_its_progress_who_has_gone_does_not_end_it(self):
        self.program("build/gpu_some_test", PASSING)
        reading, writing = os.pipe()
        os.close(reading)
        process = subprocess.Popen(self.command("--built"), stdout=writing, stderr=writing,
                                   env=self.environment)
        os.close(writing)
        self.assertEqual(process.wait(), 0)
        self.assertEqual((self.result()["status"], self.result()["errors"]), ("passed", []))

    def test_who_is_asked_to_end_has_told_what_the_running_program_said(self):
        process = self.begun("kernel 2", "--built")
        process.terminate()
        self.assertEqual(process.wait(), 1)
        kernels = self.result()["bench"]["kernels"]
        self.assertEqual([row["kernel"] for row in kernels["rows"]], ["kernel 0", "kernel 1"])
        self.assertEqual(kernels["failed"], [])
        self.assertIn("bench: gpt2 1.5B, kernel 2 (gpu_check was asked to end)",
                      self.result()["not_done"])
        self.program("build/gpu_some_test", tests_program({"Kernel.Adds": "passes", "Kernel.Hangs": "hangs"}))
        process = self.begun("", "--built")
        process.terminate()
        self.assertEqual(process.wait(), 1)
        self.assertEqual(self.results(self.result()), {"Kernel.Adds": "passed", "Kernel.Hangs": "not run"})
        self.assertEqual(self.result()["status"], "stopped in: tests of gpu_some_test")

    def test_who_is_asked_to_end_ends_also_where_what_was_said_cannot_be_taken(self):
        self.environment["NO_FLOPS"] = "1"  # no part of the bench can lay its rows beside peaks
        process = self.begun("gpt2 1.5B", "--built")
        process.terminate()
        process.wait()
        self.assertEqual(self.result()["status"], "stopped in: steps of gpt2 1.5B")

    def test_what_goes_wrong_in_a_part_is_written_down_and_the_next_begins(self):
        self.environment["NO_FLOPS"] = "1"  # a row of products that says none
        process, result = self.check("--built")
        self.assertEqual(process.returncode, 1)
        self.assertEqual(result["status"], "failed")
        self.assertIn("KeyError", result["errors"][0]["traceback"])
        self.assertEqual(len(result["bench"]["kernels"]["rows"]), 3)

    def test_it_ends_in_its_time_and_says_what_it_did_not_do(self):
        self.program("build/gpu_some_test", tests_program({"Kernel.Hangs": "hangs", "Kernel.Waits": "passes"}))
        self.environment["HANGS"] = "ceilings"
        started = time.monotonic()
        process, result = self.check("--built", "--budget", "10")
        self.assertLess(time.monotonic() - started, 30)  # it would hang for a minute a test
        self.assertEqual(process.returncode, 1)
        self.assertIn("ran out of time", result["tests"]["gpu_some_test/Kernel.Hangs"]["said"])
        self.assertEqual(result["tests"]["gpu_some_test/Kernel.Waits"]["result"], "not run")
        self.assertIn("1 tests (out of time, or they did not begin)", result["not_done"])
        self.assertIn("bench of kernels behind row 0 (out of time)", result["not_done"])


class Tests(Machine):
    def test_each_test_has_its_result_also_after_a_crash(self):
        self.program("build/gpu_some_test", tests_program(
            {"Kernel.Adds": "passes", "Kernel.Fails": "fails", "Kernel.Crashes": "crashes",
             "Sizes/Other.Goes/0": "passes"}))
        process, result = self.check("--built")
        self.assertEqual(process.returncode, 1)
        self.assertEqual(result["status"], "failed")
        self.assertEqual(self.results(result), {"Kernel.Adds": "passed", "Kernel.Fails": "failed",
                                                "Kernel.Crashes": "failed",
                                                "Sizes/Other.Goes/0": "passed"})
        self.assertIn("expected 2", result["tests"]["gpu_some_test/Kernel.Fails"]["said"])
        self.assertIn("status 3", result["tests"]["gpu_some_test/Kernel.Crashes"]["said"])

    def test_a_hanging_test_is_stopped_and_the_others_go_on(self):
        self.program("build/gpu_some_test", tests_program(
            {"Kernel.Adds": "passes", "Kernel.Hangs": "hangs", "Sizes/Other.Goes/0": "passes"}))
        started = time.monotonic()
        _, result = self.check("--built", "--silent-seconds", "1", "--test-seconds", "1")
        self.assertLess(time.monotonic() - started, 40)
        self.assertEqual(self.results(result), {"Kernel.Adds": "passed", "Kernel.Hangs": "failed",
                                                "Sizes/Other.Goes/0": "passed"})
        self.assertEqual(len(result["bench"]["kernels"]["rows"]), 3)

    def test_what_fails_in_company_and_passes_alone_is_not_passed(self):
        self.program("build/gpu_some_test", tests_program(
            {"Kernel.Adds": "passes", "Kernel.Shy": "fails in company"}))
        process, result = self.check("--built")
        one = result["tests"]["gpu_some_test/Kernel.Shy"]
        self.assertEqual(one["result"], "passed")
        self.assertEqual(one["in_company"]["result"], "failed")
        self.assertIn("expected 2", one["in_company"]["said"])
        self.assertEqual(result["status"], "failed")
        self.assertEqual(process.returncode, 1)

    def test_behind_a_lost_device_failures_are_excused(self):
        self.program("build/gpu_some_test", tests_program(
            {"Kernel.Loses": "loses the device in company", "Kernel.Adds": "passes",
             "Kernel.Subtracts": "passes"}))
        _, result = self.check("--built")
        self.assertEqual(set(self.results(result).values()), {"passed"})
        excused = {name.split("/")[1]: one["in_company"]["excused"]
                   for name, one in result["tests"].items()}
        self.assertEqual(excused, {"Kernel.Loses": False, "Kernel.Adds": True, "Kernel.Subtracts": True})
        self.assertEqual(result["status"], "failed")
        # The rest went together once more: not a process each.
        log = (self.folder / "out_tests.log").read_text()
        self.assertIn("--gtest_filter=Kernel.Adds:Kernel.Subtracts", log)

    def test_what_its_programs_time_cuts_off_is_excused(self):
        self.program("build/gpu_some_test", tests_program(
            {"Kernel.Adds": "passes", "Kernel.Waits": "takes a while in company"}))
        _, result = self.check("--built", "--program-seconds", "1")
        one = result["tests"]["gpu_some_test/Kernel.Waits"]
        self.assertEqual(one["result"], "passed")
        self.assertTrue(one["in_company"]["excused"])
        self.assertEqual(result["status"], "passed")

    def test_a_program_that_dies_behind_its_last_test_has_failed(self):
        self.program("build/gpu_some_test", PASSING + "\nsys.exit(9)\n")
        _, result = self.check("--built")
        self.assertEqual(result["status"], "failed")
        self.assertIn("status 9", result["tests"]["gpu_some_test/(its end)"]["said"])

    def test_a_program_that_hangs_behind_its_last_test_has_failed(self):
        self.program("build/gpu_some_test", PASSING + "\ntime.sleep(60)\n")
        _, result = self.check("--built", "--silent-seconds", "1")
        self.assertEqual(result["status"], "failed")
        self.assertIn("printed nothing", result["tests"]["gpu_some_test/(its end)"]["said"])

    def test_kernels_come_before_what_rests_on_them(self):
        for name in ("gpu_harness_nccl_one_device_test", "gpu_model_device_test",
                     "gpu_model_kernels_cuda_test"):
            self.program(f"build/{name}", PASSING)
        process, result = self.check("--built")
        self.assertEqual(list(dict.fromkeys(name.split("/")[0] for name in result["tests"])),
                         ["gpu_model_kernels_cuda_test", "gpu_model_device_test",
                          "gpu_harness_nccl_one_device_test"])
        self.assertNotIn("nccl", result)

    def test_says_where_nccl_was_not_found(self):
        self.program("build/gpu_some_test", PASSING)
        _, result = self.check("--built")
        self.assertIn("not found", result["nccl"])

    def test_nccl_that_was_found_is_not_said_to_be_missing_where_its_program_is(self):
        (self.folder / "build/CMakeCache.txt").write_text("NCCL_LIBRARY:FILEPATH=/lib/libnccl.so.2\n")
        self.program("build/gpu_some_nccl_test", "#!/bin/sh\nexit 9\n")  # nor does it list its tests
        _, result = self.check("--built")
        self.assertNotIn("nccl", result)
        self.assertEqual(result["errors"][0]["part"], "tests of gpu_some_nccl_test")

    def test_without_test_programs_the_bench_runs_and_tests_are_not_done(self):
        process, result = self.check("--built")
        self.assertEqual(process.returncode, 1)
        self.assertEqual(result["status"], "incomplete")
        self.assertEqual(len(result["bench"]["kernels"]["rows"]), 3)
        self.assertIn("tests (no program of them was built)", result["not_done"])


class Bench(Machine):
    def test_beside_each_figure_stand_clocks_power_and_throttling(self):
        _, result = self.check("--built")
        row = result["bench"]["steps"]["rows"][0]
        self.assertGreater(row["state"]["samples"], 2)
        self.assertEqual(row["state"]["clocks.sm"], [1755, 1755])
        self.assertEqual(row["state"]["power.draw"], [512.5, 512.5])
        self.assertEqual(row["state"]["throttled"], ["power cap"])

    def test_where_nobody_looked_throttling_is_unknown(self):
        (self.folder / "bin/nvidia-smi").unlink()
        _, result = self.check("--built")
        self.assertEqual(result["bench"]["steps"]["rows"][0]["state"], {"samples": 0, "throttled": None})

    def test_every_model_has_a_process_of_its_own_in_the_order_in_which_they_are_wanted(self):
        self.environment["CRASHES"] = "gpt2 124M"
        _, result = self.check("--built")
        steps = result["bench"]["steps"]
        self.assertEqual([row["model"] for row in steps["rows"]],
                         ["primer-ez of that shape", "packed trials", "gpt2 1.5B", "gpt2 1M"])
        self.assertEqual([row["queues"] for row in steps["rows"]], [None, "32", None, None])
        self.assertEqual(steps["failed"][0]["model"], "gpt2 124M")
        self.assertRegex(steps["failed"][0]["reason"], "status 3: .*an illegal memory access")
        self.assertEqual(result["status"], "failed")

    def test_the_bench_has_the_rows_that_are_asked_for(self):
        names = (SOURCE / "tests/model/cost/reference_models.h").read_text() + (
            SOURCE / "tests/gpu/step_bench.h").read_text()
        _, result = self.check("--built")
        for row in result["bench"]["steps"]["rows"]:
            self.assertIn(f'"{row["model"]}"', names)

    def test_a_row_of_another_name_than_the_one_that_began_has_failed(self):
        self.environment["MISNAMES"] = "packed trials"
        _, result = self.check("--built")
        failed = result["bench"]["steps"]["failed"]
        self.assertEqual([row["model"] for row in failed], ["packed trials"])
        self.assertEqual(failed[0]["reason"], "its row is of something else: 8 x gpt2 1M, step")
        self.assertEqual(result["status"], "failed")

    def test_steps_that_trained_nothing_have_failed(self):
        self.environment["NOT_FINITE"] = "gpt2 1.5B"
        _, result = self.check("--built")
        self.assertEqual([row["model"] for row in result["bench"]["steps"]["failed"]], ["gpt2 1.5B"])
        self.assertEqual(result["status"], "failed")

    def test_kernels_go_on_behind_a_row_that_lost_the_device(self):
        self.environment["CRASHES"] = "kernel 1"
        _, result = self.check("--built")
        kernels = result["bench"]["kernels"]
        self.assertEqual([row["kernel"] for row in kernels["rows"]], ["kernel 0", "kernel 2"])
        self.assertEqual([row["kernel"] for row in kernels["failed"]], ["kernel 1"])
        self.assertEqual(kernels["status"], [3, 0])

    # 3e5 tokens/s at 8e8 FLOPs each are 2.4e14 FLOP/s: .4 of squares' 6e14, .8 of the 3e14 of the
    # model's own products, .48 of the fastest product where a model has none of its own.
    def test_steps_are_laid_beside_measured_peaks(self):
        _, result = self.check("--built")
        row, primer = result["bench"]["steps"]["rows"][:2]
        self.assertEqual(result["peaks"]["bfloat16_flops_of_squares"], 6e14)
        self.assertEqual(result["peaks"]["bfloat16_flops_of_models_products"], 5e14)
        self.assertAlmostEqual(row["utilisation_6N_6LCT_of_squares"], 0.4)
        self.assertAlmostEqual(row["utilisation_6N_6LCT_of_models_products"], 0.8)
        self.assertAlmostEqual(primer["utilisation_6N_6LCT_of_models_products"], 0.48)


class Build(Machine):
    def setUp(self):
        super().setUp()
        (self.folder / "build/device_bench").unlink()
        self.program("bin/cmake", CMAKE)
        for tool in ("nvcc", "c++", "ninja"):
            self.program(f"bin/{tool}", "#!/bin/sh\necho made\n")
        (self.folder / "made_device_bench").write_text(BENCH)
        (self.folder / "made_gpu_some_test").write_text(PASSING)
        self.environment.update(GOOGLETEST="ON", NCCL="NCCL_LIBRARY-NOTFOUND")

    def test_what_was_built_runs_and_what_was_not_is_named(self):
        self.program("build/gpu_other_test", PASSING)  # an earlier build's
        self.environment["FAILS"] = "gpu_other_test"
        process, result = self.check()
        self.assertEqual(process.returncode, 1)
        self.assertEqual(result["status"], "failed")
        self.assertEqual(result["build"]["not_built"], ["gpu_other_test"])
        self.assertIn("FAILED: gpu_other_test", result["build"]["tests_said"])
        self.assertEqual(result["build"]["architecture"], "90a-real")
        self.assertEqual({name.split("/")[0] for name in result["tests"]}, {"gpu_some_test"})
        self.assertEqual(len(result["bench"]["steps"]["rows"]), 5)
        log = (self.folder / "out_build.log").read_text()
        self.assertLess(log.index("--target device_bench"), log.index("building all"))
        self.assertIn("not found", result["nccl"])
        self.assertIn("configured", log)  # nothing writes over what came before

    def test_a_build_that_is_stopped_stops_its_jobs(self):
        process = self.begun("build")
        self.assertTrue(self.running("hanging"))
        process.terminate()
        self.assertEqual(process.wait(), 1)
        self.assertFalse(self.running("hanging"))

    def test_where_nothing_was_built_the_log_says_why(self):
        self.environment["FAILS"] = "device_bench gpu_some_test gpu_other_test"
        process, result = self.check()
        self.assertEqual(process.returncode, 1)
        self.assertEqual(result["status"], "build failed")
        self.assertIn("FAILED: device_bench", result["build"]["bench_said"])

    def test_without_googletest_it_says_what_to_give_and_builds_nothing(self):
        self.environment["GOOGLETEST"] = "OFF"
        process, result = self.check()
        self.assertEqual(process.returncode, 2)
        self.assertIn("--googletest DIR", process.stderr)
        self.assertFalse((self.folder / "build/device_bench").exists())
        process, result = self.check("--without-tests")
        self.assertEqual(result["status"], "incomplete", process.stdout + process.stderr)
        self.assertEqual(len(result["bench"]["steps"]["rows"]), 5)

    def test_wheels_of_python_are_named_to_the_build(self):
        for wheel, header, library in (("cu13", "cublasLt.h", "libcublasLt.so.13"),
                                       ("nccl", "nccl.h", "libnccl.so.2")):
            for kind, file in (("include", header), ("lib", library)):
                path = self.folder / "site/nvidia" / wheel / kind / file
                path.parent.mkdir(parents=True)
                path.touch()
        self.environment["PYTHONPATH"] = str(self.folder / "site")
        self.check()
        log = (self.folder / "out_build.log").read_text()
        self.assertIn(f"-DCUBLAS_HOME={self.folder}/site/nvidia/cu13", log)
        self.assertIn(f"-DNCCL_HOME={self.folder}/site/nvidia/nccl", log)

    def test_without_its_tools_it_names_the_first_and_builds_nothing(self):
        tools = self.folder / "tools"
        tools.mkdir()
        for tool in ("bash", "python3", "dirname", "env"):
            (tools / tool).symlink_to(subprocess.run(["which", tool], capture_output=True, text=True,
                                                     check=True).stdout.strip())
        self.environment["PATH"] = str(tools)
        process, result = self.check()
        self.assertEqual(process.returncode, 2)
        self.assertIn("gpu_check: cmake is not on the path", process.stderr)
        self.assertIsNone(result)


if __name__ == "__main__":
    sys.exit(unittest.main())
