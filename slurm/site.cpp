#include "slurm/site.h"

#include <algorithm>

#include "model/spec/error.h"
#include "model/yaml/yaml_view.h"
#include "slurm/site_keys.h"

namespace isoloss {

Site read_site(const std::filesystem::path& file) {
  const FileKind kind{"site file", "a site file says at least one thing of its cluster",
                      "slurm/example-site.yaml"};
  std::vector<std::string> names;
  for (const SiteKey& key : site_keys()) names.push_back(key.name);
  const YamlMap map = YamlView::load(file, kind).map(names);
  Site site;
  for (const auto& [name, view] : map.entries()) {
    const auto key = std::ranges::find(site_keys(), name, &SiteKey::name);
    std::vector<std::string> values;
    if (!key->repeats)
      values.push_back(view.text());
    else if (!view.is_empty_list())
      for (const YamlView& item : view.list()) values.push_back(item.text());
    try {
      key->set(site, values);
    } catch (const InputError& problem) {
      view.fail(problem.what());
    }
  }
  return site;
}

void check_site(const Site& site) {
  if (site.device != "cpu" && site.gpus_per_node == 0)
    throw InputError("device is " + site.device +
                     " (gpus_per_node is 0: none would be asked for); give gpus_per_node too");
  if (!site.mpi.empty() && site.launcher != "srun")
    throw InputError("mpi is " + site.mpi + " (it belongs to srun, and launcher is " +
                     site.launcher + "); give launcher: srun, or leave mpi out");
}

std::int64_t ranks_per_node(const Site& site) {
  return site.tasks_per_node > 0 ? site.tasks_per_node
                                 : std::max<std::int64_t>(site.gpus_per_node, 1);
}

}  // namespace isoloss
