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

bool is_of_stack(const engine::Model& model,
                 const stacks::Stack& stack,
                 const alarms::Alarm& alarm) {
  for (const engine::GroupModel* group : groups_of(model, stack)) {
    for (const engine::PolicyModel* policy : policies_of(model, group->group.name)) {
      if (!alarm.policy_arn.empty() && alarm.policy_arn == policy->policy.arn) {
        return true;
      }
    }
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

Json stack_json(const engine::Model& model, const stacks::Stack& stack, const LatestValue& latest) {
  Json json = Json::object({{"StackName", stack.name.value},
                            {"StackId", stack.id},
                            {"StackStatus", to_string(stack.status)}});
  if (!stack.status_reason.empty()) {
    json.set("StackStatusReason", stack.status_reason);
  }
  add_url(json, url_of(model, stack));
  json.set("Verdict", to_string(verdict_of(model, stack)));
  json.set("VerdictText", verdict_text(model, stack));
  Json problems = Json::array(), unused = Json::array(), groups = Json::array(),
       alarms = Json::array();
  for (std::string& problem : problems_of(model, stack)) {
    problems.push(std::move(problem));
  }
  for (const std::string& key : stack.metadata.unused) {
    unused.push(key);
  }
  for (const engine::GroupModel* group : groups_of(model, stack)) {
    groups.push(group_document(model, *group));
  }
  for (const auto& [name, alarm] : model.alarms) {
    if (is_of_stack(model, stack, alarm)) {
      alarms.push(alarm_json(model, alarm, latest));
    }
  }
  json.set("Problems", std::move(problems));
  json.set("UnusedMetadata", std::move(unused));
  json.set("InstanceScale", stack.metadata.instance_scale);
  json.set("CacheClusters", cache_documents(model, stack));
  json.set("AutoScalingGroups", std::move(groups));
  json.set("Alarms", std::move(alarms));
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
  return Json::object({{"Region", model.region},
                       {"Now", format_iso8601_millis(model.now)},
                       {"HomeId", model.home_id},
                       {"DataPlaneConnected", model.data_plane_connected},
                       {"HostVCpus", model.host_vcpus},
                       {"HostMemoryMiB", model.host_memory_mib},
                       {"Troubles", std::move(troubles)},
                       {"Stacks", std::move(stacks)}});
}

}  // namespace tidegate::status
