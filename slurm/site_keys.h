// The keys of a site, one list for the site file, the options of `isoloss submit` and their help.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "slurm/site.h"

namespace isoloss {

struct SiteKey {
  std::string name;    // in a site file
  std::string option;  // on the command line, without --
  std::string about;
  bool repeats = false;  // a list in the file; the option may be repeated
  // Replaces the value; one text unless it repeats. InputError "problem (why); what to do", to be
  // preceded by the place: a value that would break a line of a batch script, a count out of range,
  // a choice that does not exist.
  void (*set)(Site& site, std::span<const std::string> values);
};

const std::vector<SiteKey>& site_keys();

}  // namespace isoloss
