#include "core/groups/launch_template.h"

#include <algorithm>

#include "base/text.h"

namespace tidegate::groups {

std::int64_t next_version_number(const LaunchTemplate& launch_template) {
  const std::int64_t newest =
      launch_template.versions.empty() ? 0 : launch_template.versions.back().number;
  return std::max(newest, launch_template.numbers_used) + 1;
}

const LaunchTemplateVersion* resolve(const LaunchTemplate& launch_template,
                                     const std::string& version) {
  if (launch_template.versions.empty()) {
    return nullptr;
  }
  if (version == "$Latest") {
    return &launch_template.versions.back();
  }
  const std::optional<std::int64_t> number =
      version == "$Default" ? launch_template.default_version : parse_int(version);
  for (const LaunchTemplateVersion& candidate : launch_template.versions) {
    if (candidate.number == number) {
      return &candidate;
    }
  }
  return nullptr;
}

}  // namespace tidegate::groups
