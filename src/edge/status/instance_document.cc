#include "base/text.h"
#include "edge/status/seen.h"
#include "edge/status/status.h"
#include "edge/status/why.h"

namespace tidegate::status {
namespace {

Json target_health(const TargetSeen& seen) {
  Json health = Json::object({{"State", to_string(seen.health.state)}});
  if (!seen.health.reason.empty()) {
    health.set("Reason", seen.health.reason);
    health.set("Description", seen.health.description);
  }
  if (!seen.last_probe.empty()) {
    health.set("LastProbe", seen.last_probe);
  }
  return health;
}

void add_use(Json& json, const engine::GroupModel& group, const groups::InstanceId& id) {
  const engine::InstanceUse* use = use_of(group, id);
  if (use == nullptr) {
    return;
  }
  if (use->traffic_share.has_value()) {
    json.set("TrafficShare", *use->traffic_share);
  }
  if (use->cpu_percent.has_value()) {
    json.set("CpuPercent", *use->cpu_percent);
  }
  if (use->busiest_thread.has_value()) {
    json.set("BusiestThread", *use->busiest_thread);
  }
}

}  // namespace

Json instance_document(const engine::Model& model,
                       const engine::GroupModel& group,
                       const groups::Instance& instance) {
  Json json = Json::object({
      {"InstanceId", instance.id.value},
      {"LifecycleState", to_string(instance.lifecycle_state)},
      {"HealthStatus", to_string(instance.health_status)},
      {"AvailabilityZone", instance.zone},
      {"InstanceType", instance.instance_type},
      {"LaunchTemplateVersion", parse_int(instance.launch_template.version).value_or(0)},
      {"ProtectedFromScaleIn", instance.protected_from_scale_in},
      {"LaunchTime", format_iso8601_millis(instance.launched)},
  });
  if (!instance.address.empty()) {
    json.set("PrivateIpAddress", instance.address);
    json.set("Port", std::int64_t{instance.port});
  }
  const auto targets = targets_of(model, group, instance.id);
  if (const TargetSeen* worst = worst_of(targets)) {
    json.set("TargetHealth", target_health(*worst));
  }
  add_use(json, group, instance.id);
  json.set("Why", why(model, group, instance));
  return json;
}

}  // namespace tidegate::status
