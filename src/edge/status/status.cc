#include "edge/status/status.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "edge/status/cache_document.h"
#include "edge/status/cost_document.h"
#include "edge/status/problems.h"
#include "edge/status/seen.h"
#include "edge/status/verdict.h"

namespace tidegate::status {
namespace {

using Groups = std::vector<const engine::GroupModel*>;

bool is_of_groups(const engine::Model& model, const Groups& groups, const alarms::Alarm& alarm) {
  return std::any_of(groups.begin(), groups.end(), [&](const engine::GroupModel* group) {
    const auto policies = policies_of(model, group->group.name);
    return std::any_of(policies.begin(), policies.end(), [&](const engine::PolicyModel* policy) {
      return !alarm.policy_arn.empty() && alarm.policy_arn == policy->policy.arn;
    });
  });
}

bool is_of_stack(const engine::Model& model,
                 const stacks::Stack& stack,
                 const alarms::Alarm& alarm) {
  if (is_of_groups(model, groups_of(model, stack), alarm)) {
    return true;
  }
  return std::any_of(stack.resources.begin(), stack.resources.end(), [&](const auto& resource) {
    return resource.type == "AWS::CloudWatch::Alarm" && resource.physical_id == alarm.name.value;
  });
}

/// The group whose CPU an alarm is about; null when it is about something else.
const engine::GroupModel* cpu_group(const engine::Model& model, const alarms::Alarm& alarm) {
  for (const metrics::Dimension& dimension : alarm.metric.dimensions) {
    if (alarm.metric.name == "CPUUtilization" && dimension.name == "AutoScalingGroupName") {
      const auto found = model.groups.find(groups::GroupName{dimension.value});
      return found == model.groups.end() ? nullptr : &found->second;
    }
  }
  return nullptr;
}

/// What is no reason to worry: load is low, and the group cannot get smaller.
std::string note_of(const engine::Model& model, const alarms::Alarm& alarm) {
  const engine::GroupModel* group = cpu_group(model, alarm);
  const bool low = alarm.comparison == alarms::ComparisonOperator::LessThanThreshold ||
                   alarm.comparison == alarms::ComparisonOperator::LessThanOrEqualToThreshold;
  if (alarm.state != alarms::StateValue::Alarm || group == nullptr || !low ||
      group->group.desired_capacity > group->group.min_size) {
    return "";
  }
  return "expected at min " + std::to_string(group->group.min_size) + ", nothing to do";
}

/// "arn:aws:sns:<region>:<account>:on-call" → "on-call"; other actions tell nobody.
Json receivers_of(const alarms::Alarm& alarm) {
  Json receivers = Json::array();
  for (const std::string& action : alarm.alarm_actions) {
    if (action.starts_with("arn:aws:sns:")) {
      receivers.push(action.substr(action.rfind(':') + 1));
    }
  }
  return receivers;
}

Json alarm_json(const engine::Model& model, const alarms::Alarm& alarm, const LatestValue& latest) {
  Json json = Json::object({
      {"AlarmName", alarm.name.value},
      {"StateValue", to_string(alarm.state)},
      {"StateReason", alarm.state_reason},
      {"StateUpdatedTimestamp", format_iso8601_millis(alarm.state_updated)},
      {"Namespace", alarm.metric.metric_namespace},
      {"MetricName", alarm.metric.name},
      {"Threshold", alarm.threshold},
      {"ComparisonOperator", to_string(alarm.comparison)},
      {"Origin", alarm.policy_arn.empty() ? "user" : "policy"},
      {"Receivers", receivers_of(alarm)},
  });
  if (const auto value = latest(alarm)) {
    json.set("Value", *value);
  }
  if (const std::string note = note_of(model, alarm); !note.empty()) {
    json.set("Note", note);
  }
  return json;
}

void add_url(Json& json, const Url& url) {
  if (!url.url.empty()) {
    json.set("Url", url.url);
  }
  if (!url.note.empty()) {
    json.set("UrlNote", url.note);
  }
}

Json list_of(const std::vector<std::string>& sentences) {
  Json list = Json::array();
  for (const std::string& sentence : sentences) {
    list.push(sentence);
  }
  return list;
}

/// What a stack and that which belongs to none have in common.
void add_groups(Json& json, const engine::Model& model, const Groups& groups) {
  json.set("Verdict", to_string(verdict_of(model, groups)));
  json.set("VerdictText", verdict_text(model, groups));
  Json list = Json::array();
  for (const engine::GroupModel* group : groups) {
    list.push(group_document(model, *group));
  }
  json.set("AutoScalingGroups", std::move(list));
}

/// Alarms for which `shown` is true.
template <typename Shown>
Json alarm_list(const engine::Model& model, const LatestValue& latest, Shown shown) {
  Json list = Json::array();
  for (const auto& [name, alarm] : model.alarms) {
    if (shown(alarm)) {
      list.push(alarm_json(model, alarm, latest));
    }
  }
  return list;
}

bool is_of_any_stack(const engine::Model& model, const alarms::Alarm& alarm) {
  return std::any_of(model.stacks.begin(), model.stacks.end(), [&](const auto& entry) {
    return entry.second.status != stacks::Status::DeleteComplete &&
           is_of_stack(model, entry.second, alarm);
  });
}

/// Groups and alarms that calls made, as Terraform does; null when there are none.
Json without_stack_json(const engine::Model& model, const LatestValue& latest) {
  const Groups groups = groups_without_stack(model);
  Json alarms = alarm_list(
      model, latest, [&](const alarms::Alarm& alarm) { return !is_of_any_stack(model, alarm); });
  if (groups.empty() && alarms.items().empty()) {
    return {};
  }
  Json json = Json::object({{"Problems", list_of(problems_without_stack(model))}});
  add_url(json, url_of(model, load_balancers_without_stack(model)));
  add_groups(json, model, groups);
  json.set("Alarms", std::move(alarms));
  return json;
}

Json stack_json(const engine::Model& model, const stacks::Stack& stack, const LatestValue& latest) {
  Json json = Json::object({{"StackName", stack.name.value},
                            {"StackId", stack.id},
                            {"StackStatus", to_string(stack.status)}});
  if (!stack.status_reason.empty()) {
    json.set("StackStatusReason", stack.status_reason);
  }
  add_url(json, url_of(model, load_balancers_of_stack(model, stack)));
  add_groups(json, model, groups_of(model, stack));
  json.set("Verdict", to_string(verdict_of(model, stack)));
  json.set("Problems", list_of(problems_of(model, stack)));
  json.set("UnusedMetadata", list_of(stack.metadata.unused));
  json.set("InstanceScale", stack.metadata.instance_scale);
  json.set("CacheClusters", cache_documents(model, stack));
  json.set("Alarms", alarm_list(model, latest, [&](const alarms::Alarm& alarm) {
             return is_of_stack(model, stack, alarm);
           }));
  json.set("Cost", cost_document(model, stack));
  return json;
}

}  // namespace

Json ledger_document(const engine::LedgerEntry& entry) {
  Json json = Json::object({{"Sequence", static_cast<std::int64_t>(entry.sequence)},
                            {"At", format_iso8601_millis(entry.at)},
                            {"AutoScalingGroupName", entry.group},
                            {"Decided", entry.decided},
                            {"What", entry.what},
                            {"Why", entry.why}});
  const std::pair<const char*, const std::string&> optional[] = {
      {"InstanceId", entry.instance},
      {"ActivityId", entry.activity},
      {"WouldChange", entry.would_change},
  };
  for (const auto& [name, value] : optional) {
    if (!value.empty()) {
      json.set(name, value);
    }
  }
  if (!entry.inputs.is_null()) {
    json.set("Inputs", entry.inputs);
  }
  if (!entry.votes.is_null()) {
    json.set("Votes", entry.votes);
  }
  if (!entry.cost.is_null()) {
    json.set("Cost", entry.cost);
  }
  return json;
}

Json status_document(const engine::Model& model,
                     const std::string& stack_name,
                     const LatestValue& latest) {
  Json troubles = Json::array(), stacks = Json::array();
  for (const std::string& trouble : model.troubles) {
    troubles.push(trouble);
  }
  for (const std::string& trouble : model.host_troubles) {
    troubles.push(trouble);
  }
  if (!model.data_plane_connected && !model.load_balancers.empty()) {
    troubles.push("the balancer is not connected: target health is what it was before");
  }
  for (const auto& [name, stack] : model.stacks) {
    const bool wanted = stack_name.empty() || name.value == stack_name || stack.id == stack_name;
    if (wanted && stack.status != stacks::Status::DeleteComplete) {
      stacks.push(stack_json(model, stack, latest));
    }
  }
  Json document = Json::object({{"Region", model.region},
                                {"Now", format_iso8601_millis(model.now)},
                                {"HomeId", model.home_id},
                                {"DataPlaneConnected", model.data_plane_connected},
                                {"HostVCpus", model.host_vcpus},
                                {"HostMemoryMiB", model.host_memory_mib},
                                {"Troubles", std::move(troubles)},
                                {"Stacks", std::move(stacks)}});
  if (Json others = stack_name.empty() ? without_stack_json(model, latest) : Json{};
      others.is_object()) {
    document.set("WithoutStack", std::move(others));
  }
  return document;
}

}  // namespace tidegate::status
