// Study folders as training leaves them, and the ways in which they come to harm.
#pragma once
#include <spawn.h>
#include <sys/wait.h>

#include <map>
#include <string>

#include "results/claim_file.h"
#include "results/durable_file.h"
#include "results/file_seal.h"
#include "results/journal.h"
#include "results/run_file.h"
#include "results/study_sum.h"
#include "results/verify.h"
#include "tests/results/results_fixture.h"

extern char** environ;

namespace isoloss {

// A checkpoint by the layout of docs/reliability.md, version 2, of one tensor of two floats each.
inline std::string checkpoint_bytes(
    const std::string& run, std::int64_t step, float weight = 1,
    const std::string& list = R"({"state":[["s",[2]]],"weights":[["w",[2]]]})") {
  const float values[] = {weight, 2, 3, 4};
  std::string bytes = "isolossC";
  append_u32(bytes, 2);
  append_u32(bytes, sizeof(float));
  bytes += run + std::string(32 - run.size(), '\0');
  append_u64(bytes, static_cast<std::uint64_t>(step));
  append_u64(bytes, 0);  // seconds
  append_u64(bytes, 2 * sizeof(float));
  append_u64(bytes, 2 * sizeof(float));
  append_u64(bytes, list.size());
  bytes += list;
  bytes.append(reinterpret_cast<const char*>(values), sizeof values);
  append_u64(bytes, checksum(bytes));
  return bytes;
}

// Such a checkpoint of two ranks, each with a half of both tensors: files part-0 and part-1 of the
// folder.
inline void write_checkpoint_parts(const std::filesystem::path& folder, const std::string& run,
                                   std::int64_t step) {
  for (const int rank : {0, 1}) {
    const std::string at = ",[2],0,0," + std::to_string(2 * rank) + ",4]]";
    write_durably(folder / ("part-" + std::to_string(rank)),
                  checkpoint_bytes(run, step, 1,
                                   R"({"part":[)" + std::to_string(rank) + R"(,2],"state":[["s")" +
                                       at + R"(,"weights":[["w")" + at + "}"));
  }
}

// A token file by docs/format.md as far as its checksum goes: the header and some bytes.
inline std::string token_file_bytes(char fill = 't') {
  std::string bytes = "ISOLTOK\n" + std::string(96, '\1');
  const std::string body(200, fill);
  const std::uint64_t sum = checksum(bytes + body);
  append_u64(bytes, sum);
  return bytes + body;
}

// A process that has been and gone.
inline ProcessIdentity dead_process() {
  pid_t child = 0;
  const char* arguments[] = {"true", nullptr};
  ::posix_spawnp(&child, "true", nullptr, nullptr, const_cast<char**>(arguments), environ);
  ::waitpid(child, nullptr, 0);
  ProcessIdentity process = this_process();
  process.pid = child;
  return process;
}

inline RunHeader header_of(const std::string& id) {
  RunHeader header = sample_header();
  header.id = id;
  return header;
}

// Of a run that may branch off another's steps.
inline RunHeader branch_header(const std::string& id) {
  RunHeader header = header_of(id);
  header.spec_json = R"({"optimizer":{"schedule":"wsd"}})";
  return header;
}

// Steps 1 to `last`, an evaluation at every tenth step.
inline RunRecord record_of(const std::string& id, std::int64_t last,
                           RunState state = RunState::Finished) {
  RunRecord record;
  record.header = header_of(id);
  for (std::int64_t step = 1; step <= last; ++step) {
    record.steps.push_back(sample_step(step));
    if (step % 10 == 0) record.evaluations.push_back(sample_evaluation(step));
  }
  record.state = state;
  return record;
}

// A study of one finished run, one in training and a decision between them.
class StudyTest : public ResultsTest {
 protected:
  StudyFolder study() const { return {folder_ / "study"}; }

  void make_study(const StudyFolder& folder) const {
    write_durably(folder.study_file(), with_study_sum("study: sample\n"));
    write_durably(folder.data() / "tokens-0123456789abcdef.bin", token_file_bytes());
    write_run_file(folder.run_file(kFinished), record_of(kFinished, 20));
    add_checkpoint(folder, kFinished, 15);
    add_checkpoint(folder, kFinished, 20);
    train(folder, kTraining, 20, 28);
    record_attempt(folder, kTraining, "killed");
    Decision decision;
    decision.key = "k";
    decision.arms = {{kFinished, 0.1, 2.9, false}, {kTraining, 0.2, 2.9, false}};
    decision.winner = kFinished;
    decision.learning_rate = 0.1;
    decision.runner_up = kTraining;
    publish_decision(folder, decision);
  }

  // As a kill leaves it: stored to `saved`, checkpoints there and ten steps before, the journal
  // from the start to `told`.
  void train(const StudyFolder& folder, const std::string& id, std::int64_t saved,
             std::int64_t told) const {
    write_run_file(folder.run_file(id), record_of(id, saved, RunState::Running));
    if (saved > 10) add_checkpoint(folder, id, saved - 10);
    add_checkpoint(folder, id, saved);
    const RunRecord record = record_of(id, told);
    JournalWriter writer(folder.journal(id), record.header, 0);
    for (const StepMetrics& step : record.steps) {
      writer.append(step);
      for (const Evaluation& evaluation : record.evaluations)
        if (evaluation.step == step.step) writer.append(evaluation);
    }
    writer.flush();
  }

  static std::filesystem::path checkpoint(const StudyFolder& folder, const std::string& id,
                                          std::int64_t step) {
    return folder.run(id) / ("checkpoint-" + std::to_string(step));
  }
  static void add_checkpoint(const StudyFolder& folder, const std::string& id, std::int64_t step) {
    write_durably(checkpoint(folder, id, step), checkpoint_bytes(id, step));
  }

  static void flip_bit(const std::filesystem::path& path, std::size_t at) {
    std::string bytes = read_file(path);
    bytes.at(at) = static_cast<char>(bytes.at(at) ^ 1);
    write_durably(path, bytes);
  }
  static void cut(const std::filesystem::path& path, std::size_t count) {
    const std::string bytes = read_file(path);
    write_durably(path, bytes.substr(0, bytes.size() - count));
  }

  // Every file and its content.
  static std::map<std::string, std::string> content_of(const std::filesystem::path& folder) {
    std::map<std::string, std::string> content;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
      if (entry.is_regular_file())
        content[entry.path().lexically_relative(folder).string()] = read_file(entry.path());
    return content;
  }

  const std::string kFinished = "0123456789abcdef";
  const std::string kTraining = "fedcba9876543210";
};

}  // namespace isoloss
