#include "apps/tidegate/rehearse/seen.h"

#include <algorithm>
#include <vector>

#include "apps/tidegate/show/words.h"
#include "base/text.h"

namespace tidegate::apps {
namespace {

Result<Json> choose_stack(const Json& status, const std::string& wanted) {
  std::vector<std::string> names;
  for (const Json& stack : status["Stacks"].items()) {
    names.push_back(stack["StackName"].string_or(""));
    if (names.back() == wanted) {
      return stack;
    }
  }
  if (names.empty()) {
    return Error{ErrorCode::NotFound, "NoStack", "there is no stack; tidegate up makes one"};
  }
  if (!wanted.empty()) {
    return Error{ErrorCode::NotFound, "NoStack", "there is no stack " + wanted};
  }
  if (names.size() > 1) {
    return Error{ErrorCode::InvalidArgument,
                 "WhichStack",
                 "there are several stacks; name one: --stack " + join(names, " | --stack ")};
  }
  return status["Stacks"].items().front();
}

SeenInstance seen_instance(const Json& instance) {
  SeenInstance seen;
  seen.in_service = instance["LifecycleState"].string_or("") == "InService";
  seen.healthy = instance["TargetHealth"]["State"].string_or("healthy") == "healthy";
  if (instance["TrafficShare"].is_number()) {
    seen.share = instance["TrafficShare"].number_or(0);
  }
  return seen;
}

}  // namespace

std::int64_t Seen::in_service() const {
  return std::count_if(instances.begin(), instances.end(), [](const auto& instance) {
    return instance.second.in_service;
  });
}

std::string Seen::shares() const {
  std::vector<std::string> texts;
  for (const auto& [id, instance] : instances) {
    texts.push_back(id + " " + share_text(instance.share ? Json{*instance.share} : Json{nullptr}));
  }
  return join(texts, ", ");
}

Result<Seen> seen_in(const Json& status, const std::string& wanted) {
  TG_ASSIGN_OR_RETURN(const Json stack, choose_stack(status, wanted));
  for (const Json& group : stack["AutoScalingGroups"].items()) {
    if (group["Policies"].items().empty()) {
      continue;
    }
    Seen seen;
    seen.url = stack["Url"].string_or("");
    seen.group = group["AutoScalingGroupName"].string_or("");
    seen.min_size = group["MinSize"].int_or(0);
    seen.max_size = group["MaxSize"].int_or(0);
    seen.desired = group["DesiredCapacity"].int_or(0);
    seen.target_percent = group["Policies"].items().front()["TargetValue"].number_or(70);
    if (group["CpuPercent"].is_number()) {
      seen.cpu_percent = group["CpuPercent"].number_or(0);
    }
    seen.vcpus = group["Template"]["HereVCpus"].number_or(1);
    seen.launch_timeout_s = group["LaunchTimeout"].number_or(60);
    seen.last_activity = group["LastActivity"]["Cause"].string_or("");
    for (const Json& instance : group["Instances"].items()) {
      seen.instances[instance["InstanceId"].string_or("")] = seen_instance(instance);
    }
    return seen;
  }
  return Error{ErrorCode::NotFound,
               "NoPolicy",
               "no group of stack " + stack["StackName"].string_or("") +
                   " has a scaling policy, so nothing would scale"};
}

}  // namespace tidegate::apps
