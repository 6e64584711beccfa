// What a template is to a simulation: the group that gets the load, its policies, what it assumes
// of an instance, its price. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "core/groups/auto_scaling_group.h"
#include "core/scaling/target_tracking.h"
#include "core/stacks/metadata/simulation.h"

namespace tidegate::traces {

struct TemplateText {
  std::string file;    // for messages and tables
  std::string folder;  // absolute
  std::string text;
  std::map<std::string, std::string> parameters;
  std::string region;
};

struct Subject {
  groups::AutoScalingGroup group;
  std::vector<scaling::TargetTrackingPolicy> policies;
  stacks::Simulation simulation;
  std::string instance_type;
  double monthly_price = 0;  // of an instance; 0: not known
};

/// group: by name; absent: the only one with a policy. Errors "FILE:LINE: …": what is wrong with
/// the template, no group, no policy, several groups to choose from, a metric that is not
/// simulated.
Result<Subject> read_subject(const TemplateText& given, const std::optional<std::string>& group);

}  // namespace tidegate::traces
