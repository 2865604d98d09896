// `isoloss eval`: one-shot scores, or losses on a text.
#include "harness/cli/command_line.h"
#include "harness/cli/commands.h"
#include "harness/cli/eval_request.h"
#include "harness/cli/eval_study_tasks.h"
#include "harness/cli/eval_study_text.h"
#include "harness/cli/eval_tasks.h"
#include "harness/cli/eval_text.h"
#include "harness/cli/launcher_option.h"
#include "harness/cli/recompute_scores.h"
#include "harness/cli/show_prompts.h"
#include "model/layers/language_model.h"
#include "model/spec/error.h"

namespace isoloss {

int eval_command(Arguments arguments) {
  namespace po = boost::program_options;
  CommandLine line(
      "isoloss eval DIR | --model MODEL --data FILE | --tasks FOLDER, or DIR | --model hf:FOLDER "
      "--text FILE, or DIR --recompute",
      "Scores every finished run of a study, or one model, on one-shot tasks; or gives the loss on "
      "a text of every finished run, or of a GPT-2, a Llama or an exported model. A study's scores "
      "are kept in DIR/scores and not made again; DIR alone takes the tasks that it makes of its "
      "own data.",
      "isoloss eval --model hf:model --text corpus/stoker-dracula.txt");
  line.add()("model", po::value<std::string>(),
             "hf:FOLDER: config.json and safetensors, as transformers writes them; or a run")(
      "threads", po::value<int>()->default_value(1), "of this process")(
      "recompute",
      "metrics of the scores that DIR holds once more, from their stored rows alone (own cards: "
      "--tasks FOLDER)")("json", "one JSON object on standard output");
  add_text_options(line);
  add_task_options(line);
  line.positional("DIR", CommandLine::Arity::Optional);
  if (!line.parse(arguments)) return 0;
  check_text_options(line);
  if (line.has("recompute")) return recompute_scores(line);
  if (line.has("show")) return show_prompts(line);
  set_intra_op_threads(threads_option(line));
  if (line.has("DIR") && line.has("model"))
    throw InputError("a study's folder and --model are both given (whose scores?); give one");
  if (!line.has("DIR") && !line.has("model"))
    throw InputError(
        "nobody to score is named (a study's folder, or a model); give DIR or --model");
  if (asks_for_tasks(line)) return eval_tasks(line, arguments);
  if (!line.has("DIR")) return eval_text(line);
  return line.has("text") ? eval_study_text(line) : eval_study_tasks(line, arguments);
}

}  // namespace isoloss
