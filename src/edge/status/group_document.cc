#include <algorithm>
#include <map>

#include "base/text.h"
#include "edge/api/autoscaling/handlers.h"
#include "edge/api/protocol/encode.h"
#include "edge/status/seen.h"
#include "edge/status/status.h"

namespace tidegate::status {
namespace {

using balancing::TargetHealthState;

Json strings(const std::vector<std::string>& values) {
  Json list = Json::array();
  for (const std::string& value : values) {
    list.push(value);
  }
  return list;
}

/// "exit 0, 3.1 s" of the newest instance that tells.
std::string user_data_text(const engine::GroupModel& group,
                           const groups::LaunchTemplateVersion& version) {
  if (version.user_data.empty()) {
    return "none";
  }
  const groups::Instance* newest = nullptr;
  for (const auto& [id, instance] : group.instances) {
    if (observation_of(group, id) != nullptr &&
        (newest == nullptr || instance.launched > newest->launched)) {
      newest = &instance;
    }
  }
  if (newest == nullptr) {
    return "";
  }
  const groups::InstanceObservation& seen = *observation_of(group, newest->id);
  if (!seen.user_data_exit_status.has_value()) {
    return "running";
  }
  const std::string text = "exit " + std::to_string(*seen.user_data_exit_status);
  return seen.user_data_duration.has_value() ? text + ", " + seconds_text(*seen.user_data_duration)
                                             : text;
}

Json template_json(const engine::Model& model, const engine::GroupModel& group) {
  const auto found = model.launch_templates.find(group.group.launch_template.id);
  const groups::LaunchTemplateVersion* version =
      found == model.launch_templates.end()
          ? nullptr
          : groups::resolve(found->second, group.group.launch_template.version);
  if (version == nullptr) {
    return {};
  }
  Json json = Json::object({{"LaunchTemplateName", found->second.name},
                            {"LaunchTemplateId", found->second.id.value},
                            {"Version", version->number},
                            {"InstanceType", version->instance_type},
                            {"ImageId", version->image_id},
                            {"ImageState", "available"},
                            {"UserData", user_data_text(group, *version)}});
  if (const auto* size = size_of(model, group.stack, version->instance_type)) {
    json.set("VCpus", size->catalogue_vcpus);
    json.set("MemoryMiB", size->catalogue_memory_mib);
    json.set("HereVCpus", size->vcpus);
    json.set("HereMemoryMiB", size->memory_mib);
  }
  return json;
}

std::string window_text(const scaling::PolicyTiming& timing, std::int32_t periods) {
  return seconds_text(timing.period * periods);
}

/// How many targets are in each state; one pass, as a group may have thousands.
std::map<TargetHealthState, std::int64_t> count_states(const engine::Model& model,
                                                       const engine::TargetGroupModel& group) {
  std::map<TargetHealthState, std::int64_t> counts;
  for (const balancing::Target& target : group.target_group.targets) {
    ++counts[engine::target_health(model, group, target).state];
  }
  return counts;
}

bool rule_forwards(const engine::Model& model,
                   const balancing::ListenerArn& listener,
                   const balancing::TargetGroupArn& arn) {
  return std::any_of(model.rules.begin(), model.rules.end(), [&](const auto& entry) {
    return entry.second.listener == listener && entry.second.action.target_group == arn;
  });
}

Json listener_list(const engine::Model& model, const balancing::TargetGroupArn& arn) {
  Json list = Json::array();
  for (const auto& load_balancer : engine::load_balancers_of(model, arn)) {
    for (const balancing::Listener* listener : listeners_of(model, load_balancer)) {
      if (listener->default_action.target_group == arn ||
          rule_forwards(model, listener->arn, arn)) {
        list.push(":" + std::to_string(listener->bound_port != 0 ? listener->bound_port
                                                                 : listener->port));
      }
    }
  }
  return list;
}

Json target_group_json(const engine::Model& model, const engine::TargetGroupModel& group) {
  const balancing::TargetGroup& given = group.target_group;
  auto counts = count_states(model, group);
  return Json::object({
      {"TargetGroupName", given.name},
      {"TargetGroupArn", given.arn.value},
      {"Protocol", given.protocol},
      {"Port", std::int64_t{given.port}},
      {"HealthCheckPath", given.health_check.path},
      {"Healthy", counts[TargetHealthState::Healthy]},
      {"Unhealthy", counts[TargetHealthState::Unhealthy]},
      {"Unused", counts[TargetHealthState::Unused]},
      {"Initial", counts[TargetHealthState::Initial]},
      {"Draining", counts[TargetHealthState::Draining]},
      {"Listeners", listener_list(model, given.arn)},
      {"Zones", strings(engine::zones_served(model, given.arn))},
  });
}

Json outside_json(const engine::Model& model, const OutsideTarget& outside) {
  const auto health = engine::target_health(model, *outside.target_group, *outside.target);
  Json json = Json::object({
      {"TargetId", outside.target->id},
      {"Port", std::int64_t{outside.target->port}},
      {"TargetGroupName", outside.target_group->target_group.name},
      {"TargetHealth", Json::object({{"State", to_string(health.state)}})},
      {"Why",
       outside.owner.empty() ? "of no group: no policy sees its load"
                             : "of group " + outside.owner +
                                   ": no policy of this group "
                                   "sees its load"},
  });
  if (const auto share = traffic_share(*outside.target_group, outside.target->id)) {
    json.set("TrafficShare", *share);
  }
  return json;
}

/// How many instances of this size the host has room for.
Json host_fits(const engine::Model& model, const engine::GroupModel& group) {
  const Json launch_template = template_json(model, group);
  const double vcpus = launch_template["HereVCpus"].number_or(0);
  const double memory = launch_template["HereMemoryMiB"].number_or(0);
  if (vcpus <= 0 || memory <= 0 || model.host_vcpus <= 0) {
    return {};
  }
  return Json{static_cast<std::int64_t>(
      std::min(model.host_vcpus / vcpus, static_cast<double>(model.host_memory_mib) / memory))};
}

void add_activities(Json& json, const engine::GroupModel& group) {
  if (!group.activities.empty()) {
    json.set("LastActivity", activity_document(group.activities.front()));
  }
}

}  // namespace

Json activity_document(const groups::Activity& activity) {
  Json json = Json::object({
      {"ActivityId", activity.id.value},
      {"AutoScalingGroupName", activity.group.value},
      {"Description", activity.description},
      {"Cause", activity.cause},
      {"StartTime", format_iso8601_millis(activity.start)},
      {"StatusCode", to_string(activity.status)},
      {"Progress", std::int64_t{activity.progress}},
  });
  if (activity.end.has_value()) {
    json.set("EndTime", format_iso8601_millis(*activity.end));
  }
  if (!activity.status_message.empty()) {
    json.set("StatusMessage", activity.status_message);
  }
  return json;
}

Json policy_document(const engine::GroupModel& group, const engine::PolicyModel& given) {
  const scaling::TargetTrackingPolicy& policy = given.policy;
  const bool of_cpu = policy.metric == scaling::PredefinedMetric::AsgAverageCpuUtilization;
  const std::string unit = of_cpu ? " %" : "";
  Json json = Json::object({
      {"PolicyName", policy.name.value},
      {"PolicyType", "TargetTrackingScaling"},
      {"Enabled", policy.enabled},
      {"PredefinedMetricType", to_string(policy.metric)},
      {"TargetValue", policy.target_value},
      {"Out",
       "> " + format_double(policy.target_value) + unit + " for " +
           window_text(policy.timing, policy.timing.high_evaluation_periods)},
  });
  if (policy.disable_scale_in) {
    json.set("Note", "never scales in (DisableScaleIn)");
  } else {
    json.set("In",
             "< " + format_double(policy.target_value * policy.timing.low_ratio) + unit + " for " +
                 window_text(policy.timing, policy.timing.low_evaluation_periods));
  }
  if (of_cpu && group.cpu_percent.has_value()) {
    json.set("CpuPercent", *group.cpu_percent);
  }
  if (given.last_vote.has_value()) {
    json.set("LastVote", given.last_vote->why);
  }
  return json;
}

Json group_document(const engine::Model& model, const engine::GroupModel& group) {
  const auto answer = api::autoscaling::group_answer(model, group);
  const api::Shape& shape = *api::autoscaling::DescribeAutoScalingGroupsOperation::table()
                                 .output->members[0]
                                 .shape->element;
  Json json = api::to_json(shape, &answer);
  json.set("CreatedTime", format_iso8601_millis(group.group.created));
  Json instances = Json::array(), policies = Json::array(), target_groups = Json::array(),
       outside = Json::array();
  for (const auto& [id, instance] : group.instances) {
    instances.push(instance_document(model, group, instance));
  }
  for (const engine::PolicyModel* policy : policies_of(model, group.group.name)) {
    policies.push(policy_document(group, *policy));
  }
  for (const engine::TargetGroupModel* target_group : target_groups_of(model, group.group)) {
    target_groups.push(target_group_json(model, *target_group));
    for (const OutsideTarget& target : outside_targets(model, *target_group)) {
      outside.push(outside_json(model, target));
    }
  }
  json.set("Instances", std::move(instances));
  json.set("LaunchTimeout", seconds_of(group.group.launch_timeout));
  json.set("StopTimeout", seconds_of(group.group.stop_timeout));
  json.set("Serving", serving_count(model, group));
  json.set("Template", template_json(model, group));
  json.set("Policies", std::move(policies));
  json.set("TargetGroups", std::move(target_groups));
  json.set("Outside", std::move(outside));
  if (group.cpu_percent.has_value()) {
    json.set("CpuPercent", *group.cpu_percent);
  }
  if (Json fits = host_fits(model, group); !fits.is_null()) {
    json.set("HostFits", std::move(fits));
  }
  add_activities(json, group);
  return json;
}

}  // namespace tidegate::status
