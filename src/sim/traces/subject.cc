#include "sim/traces/subject.h"

#include <algorithm>

#include "base/rng.h"
#include "base/text.h"
#include "core/stacks/template.h"

namespace tidegate::traces {
namespace {

struct Found {
  Subject subject;
  std::int32_t line = 0;
};

Error refusal(const TemplateText& given, std::int32_t line, const std::string& sentence) {
  return Error{ErrorCode::InvalidArgument,
               "ValidationError",
               given.file + (line > 0 ? ":" + std::to_string(line) : "") + ": " + sentence};
}

/// "line 12, Resources.…: …" as "FILE:12: Resources.…: …".
Error in_file(const TemplateText& given, Error error) {
  constexpr std::string_view kLine = "line ";
  const auto comma = error.message.find(", ");
  if (error.message.starts_with(kLine) && comma != std::string::npos) {
    error.message = given.file + ":" + error.message.substr(kLine.size(), comma - kLine.size()) +
                    ": " + error.message.substr(comma + 2);
  } else {
    error.message = given.file + ": " + error.message;
  }
  return error;
}

Result<stacks::StackPlan> plan_of(const TemplateText& given) {
  Rng ids{1};
  stacks::StackContext context;
  context.region = given.region;
  context.stack_name = stacks::StackName{"simulated"};
  context.stack_id = "arn:aws:cloudformation:" + given.region + ":000000000000:stack/simulated";
  context.template_folder = given.folder;
  context.parameters = given.parameters;
  context.new_id = [&ids](stacks::IdKind) { return ids.hex(12); };
  context.host_vcpus = 1e6;
  context.host_memory_mib = std::int64_t{1} << 40;
  context.instance_scale = 1;
  auto plan = stacks::plan_stack(given.text, context);
  return plan ? std::move(plan) : Result<stacks::StackPlan>{in_file(given, plan.error())};
}

void take_instance(Found& found, const stacks::StackPlan& plan) {
  for (const stacks::PlannedResource& resource : plan.resources) {
    const auto* launch = std::get_if<groups::LaunchTemplate>(&resource.properties);
    if (launch == nullptr || launch->id != found.subject.group.launch_template.id) {
      continue;
    }
    const auto* version = resolve(*launch, found.subject.group.launch_template.version);
    if (version == nullptr) {
      continue;
    }
    found.subject.instance_type = version->instance_type;
    const auto type = plan.metadata.instance_types.find(version->instance_type);
    found.subject.monthly_price =
        type == plan.metadata.instance_types.end() ? 0 : type->second.monthly_price;
  }
}

std::vector<Found> groups_of(const stacks::StackPlan& plan) {
  std::vector<Found> all;
  for (const stacks::PlannedResource& resource : plan.resources) {
    if (const auto* group = std::get_if<groups::AutoScalingGroup>(&resource.properties)) {
      all.push_back({{*group, {}, plan.simulation, "", 0}, resource.line});
      take_instance(all.back(), plan);
    }
  }
  for (const stacks::PlannedResource& resource : plan.resources) {
    const auto* policy = std::get_if<scaling::TargetTrackingPolicy>(&resource.properties);
    for (Found& found : all) {
      if (policy != nullptr && policy->group_name == found.subject.group.name.value) {
        found.subject.policies.push_back(*policy);
      }
    }
  }
  return all;
}

Result<Found> chosen(const TemplateText& given,
                     std::vector<Found> all,
                     const std::optional<std::string>& group) {
  std::vector<std::string> names;
  for (const Found& found : all) {
    names.push_back(found.subject.group.name.value);
  }
  if (all.empty()) {
    return refusal(given, 0, "it has no AWS::AutoScaling::AutoScalingGroup to simulate");
  }
  if (group) {
    const auto at = std::find(names.begin(), names.end(), *group);
    if (at == names.end()) {
      return refusal(
          given, 0, "it has no Auto Scaling group '" + *group + "'; it has " + join(names, ", "));
    }
    return std::move(all[static_cast<std::size_t>(at - names.begin())]);
  }
  const std::int32_t first_line = all.front().line;
  const std::string first_name = names.front();
  std::erase_if(all, [](const Found& found) { return found.subject.policies.empty(); });
  if (all.empty()) {
    return refusal(given,
                   first_line,
                   "the Auto Scaling group '" + first_name +
                       "' has no policy: nothing would change its size; give it an "
                       "AWS::AutoScaling::ScalingPolicy of PolicyType TargetTrackingScaling");
  }
  if (all.size() > 1) {
    return refusal(given,
                   all[1].line,
                   "several Auto Scaling groups have a policy: say with --group which one of " +
                       join(names, ", ") + " gets the load");
  }
  return std::move(all.front());
}

}  // namespace

Result<Subject> read_subject(const TemplateText& given, const std::optional<std::string>& group) {
  TG_ASSIGN_OR_RETURN(const stacks::StackPlan plan, plan_of(given));
  TG_ASSIGN_OR_RETURN(Found found, chosen(given, groups_of(plan), group));
  if (found.subject.policies.empty()) {
    return refusal(given,
                   found.line,
                   "the Auto Scaling group '" + found.subject.group.name.value +
                       "' has no policy: nothing would change its size");
  }
  for (const scaling::TargetTrackingPolicy& policy : found.subject.policies) {
    if (policy.metric != scaling::PredefinedMetric::AsgAverageCpuUtilization &&
        policy.metric != scaling::PredefinedMetric::AlbRequestCountPerTarget) {
      return refusal(given,
                     found.line,
                     "policy '" + policy.name.value + "' tracks " +
                         std::string{to_string(policy.metric)} +
                         ", which a trace of requests says nothing about; simulated are "
                         "ASGAverageCPUUtilization and ALBRequestCountPerTarget");
    }
  }
  return std::move(found.subject);
}

}  // namespace tidegate::traces
