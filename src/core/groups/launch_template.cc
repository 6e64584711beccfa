#include "core/groups/launch_template.h"

#include "base/text.h"

namespace tidegate::groups {

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
