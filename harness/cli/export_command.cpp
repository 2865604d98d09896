// `isoloss export`: a run's weights for other tools.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "harness/cli/command_line.h"
#include "harness/cli/commands.h"
#include "harness/cli/print_json.h"
#include "harness/models/export_target.h"
#include "harness/models/trained_run.h"
#include "model/spec/error.h"
#include "model/spec/nearest_name.h"
#include "model/spec/tell.h"

namespace isoloss {

int export_command(Arguments arguments) {
  namespace po = boost::program_options;
  CommandLine line("isoloss export RUN --to safetensors|hf [--out PATH] [--force]",
                   "Writes a run's weights, from its newest checkpoint, for other tools. RUN is a "
                   "run's folder, STUDY/ID, or a study's folder with one run. An earlier export of "
                   "the same run is replaced, anything else only with --force.",
                   "isoloss export results/runs/quickstart/0123456789abcdef --to hf --out model");
  line.add()("to", po::value<std::string>(),
             "safetensors: one file, tensors by isoloss' names; hf: a folder that the "
             "transformers library loads")("out", po::value<std::string>(),
                                           "RUN-ID.safetensors or the folder RUN-ID without it")(
      "force", "overwrite what is there, whatever it is")("json",
                                                          "one JSON object on standard output");
  line.positional("RUN");
  if (!line.parse(arguments)) return 0;
  const std::vector<std::string> forms = {"safetensors", "hf"};
  if (!line.has("to"))
    throw InputError("--to is missing (the form to write); give --to safetensors or --to hf");
  const auto form = line.get<std::string>("to");
  if (form != forms[0] && form != forms[1])
    throw InputError("--to is '" + form + "' (not a form that is written)" +
                     suggestion(form, forms));

  const TrainedModel model = load_trained_run(line.get<std::string>("RUN"), tell);
  const bool hf = form == "hf";
  const std::string out =
      line.has("out") ? line.get<std::string>("out") : model.run + (hf ? "" : ".safetensors");
  if (!line.has("force")) check_export_target(out, model.run);
  if (hf)
    export_hf(out, model);
  else
    export_safetensors(out, model);
  if (line.has("json"))
    print_json(nlohmann::ordered_json{{"path", out},
                                      {"run", model.run},
                                      {"architecture", model.spec.architecture},
                                      {"step", model.step}});
  else
    fmt::print("{}: {} after {} updates\n", out, model.spec.architecture, model.step);
  return 0;
}

}  // namespace isoloss
