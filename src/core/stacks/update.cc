#include <algorithm>
#include <iterator>
#include <string_view>

#include "base/text.h"
#include "core/stacks/language/problem.h"
#include "core/stacks/resources.h"
#include "core/stacks/template.h"

namespace tidegate::stacks {
namespace {

/// What differs between a resource before and after, by property.
class Differences {
 public:
  enum class Change { InPlace, NotBuilt };

  template <typename T>
  Differences& compare(std::string_view property, const T& before, const T& after, Change change) {
    if (!(before == after)) {
      (change == Change::InPlace ? in_place_ : not_built_).emplace_back(property);
    }
    return *this;
  }
  const std::vector<std::string>& in_place() const { return in_place_; }
  const std::vector<std::string>& not_built() const { return not_built_; }

 private:
  std::vector<std::string> in_place_;
  std::vector<std::string> not_built_;
};

constexpr auto kInPlace = Differences::Change::InPlace;
constexpr auto kNotBuilt = Differences::Change::NotBuilt;

bool gives(const PlannedResource& resource, std::string_view property) {
  return std::find(resource.given.begin(), resource.given.end(), property) != resource.given.end();
}

/// One overload per type: what of it may change in place, and what may not.
struct Compare {
  const PlannedResource& resource_before;
  const PlannedResource& resource_after;

  Differences operator()(const groups::LaunchTemplate& before,
                         const groups::LaunchTemplate& after) const {
    const bool same = same_data(before.versions.back(), after.versions.back());
    return Differences{}
        .compare("LaunchTemplateName", before.name, after.name, kNotBuilt)
        .compare("LaunchTemplateData", true, same, kInPlace);
  }

  Differences operator()(const groups::AutoScalingGroup& before,
                         const groups::AutoScalingGroup& after) const {
    const bool desired = gives(resource_after, "DesiredCapacity") &&
                         (before.desired_capacity != after.desired_capacity ||
                          !gives(resource_before, "DesiredCapacity"));
    return sizes(before, after)
        .compare("DesiredCapacity", false, desired, kInPlace)
        .compare("LaunchTemplate.LaunchTemplateId",
                 before.launch_template.id,
                 after.launch_template.id,
                 kNotBuilt)
        .compare("VPCZoneIdentifier", before.subnets, after.subnets, kNotBuilt)
        .compare("AvailabilityZones", before.zones, after.zones, kNotBuilt)
        .compare("TargetGroupARNs", before.target_groups, after.target_groups, kNotBuilt)
        .compare("HealthCheckType", before.health_check_type, after.health_check_type, kNotBuilt)
        .compare("HealthCheckGracePeriod",
                 before.health_check_grace_period,
                 after.health_check_grace_period,
                 kNotBuilt)
        .compare("Cooldown", before.default_cooldown, after.default_cooldown, kNotBuilt)
        .compare("DefaultInstanceWarmup",
                 before.default_instance_warmup,
                 after.default_instance_warmup,
                 kNotBuilt)
        .compare("NewInstancesProtectedFromScaleIn",
                 before.new_instances_protected_from_scale_in,
                 after.new_instances_protected_from_scale_in,
                 kNotBuilt)
        .compare("TerminationPolicies",
                 before.termination_policies,
                 after.termination_policies,
                 kNotBuilt)
        .compare("Tags", before.tags, after.tags, kNotBuilt)
        .compare("Metadata.Tidegate Timing", before.timing, after.timing, kNotBuilt)
        .compare("Metadata.Tidegate LaunchTimeout",
                 before.launch_timeout,
                 after.launch_timeout,
                 kNotBuilt)
        .compare(
            "Metadata.Tidegate StopTimeout", before.stop_timeout, after.stop_timeout, kNotBuilt)
        .compare("Metadata.Tidegate Drain", before.drain_signal, after.drain_signal, kNotBuilt)
        .compare("Metadata.Tidegate Liveness", before.liveness, after.liveness, kNotBuilt);
  }

  Differences operator()(const scaling::TargetTrackingPolicy& before,
                         const scaling::TargetTrackingPolicy& after) const {
    const std::string_view specification =
        "TargetTrackingConfiguration.PredefinedMetricSpecification";
    return Differences{}
        .compare("TargetTrackingConfiguration.TargetValue",
                 before.target_value,
                 after.target_value,
                 kInPlace)
        .compare(specification, before.metric, after.metric, kNotBuilt)
        .compare(specification, before.resource_label, after.resource_label, kNotBuilt)
        .compare("TargetTrackingConfiguration.DisableScaleIn",
                 before.disable_scale_in,
                 after.disable_scale_in,
                 kNotBuilt)
        .compare("EstimatedInstanceWarmup",
                 before.estimated_instance_warmup,
                 after.estimated_instance_warmup,
                 kNotBuilt)
        .compare("Metadata.Tidegate ScalingPolicies", before.timing, after.timing, kNotBuilt);
  }

  Differences operator()(const balancing::LoadBalancer& before,
                         const balancing::LoadBalancer& after) const {
    return Differences{}
        .compare("Scheme", before.scheme, after.scheme, kNotBuilt)
        .compare("Subnets", before.subnets, after.subnets, kNotBuilt)
        .compare("Subnets", before.zones, after.zones, kNotBuilt)
        .compare("SecurityGroups", before.security_groups, after.security_groups, kNotBuilt)
        .compare("LoadBalancerAttributes", before.idle_timeout, after.idle_timeout, kNotBuilt)
        .compare("Metadata.Tidegate Listen", before.listen_address, after.listen_address, kNotBuilt)
        .compare("Metadata.Tidegate Name", before.public_name, after.public_name, kNotBuilt)
        .compare("Metadata.Tidegate StrictPort", before.strict_port, after.strict_port, kNotBuilt);
  }

  Differences operator()(const balancing::TargetGroup& before,
                         const balancing::TargetGroup& after) const {
    const auto targets = [](const balancing::TargetGroup& group) {
      std::vector<std::string> shown;
      for (const balancing::Target& target : group.targets) {
        shown.push_back(target.id + ":" + std::to_string(target.port) + " " + target.zone);
      }
      return shown;
    };
    return Differences{}
        .compare("TargetGroupAttributes",
                 before.deregistration_delay,
                 after.deregistration_delay,
                 kInPlace)
        .compare("TargetGroupAttributes", before.stickiness, after.stickiness, kInPlace)
        .compare("TargetType", before.target_type, after.target_type, kNotBuilt)
        .compare("Port", before.port, after.port, kNotBuilt)
        .compare("HealthCheck…", before.health_check, after.health_check, kNotBuilt)
        .compare("Targets", targets(before), targets(after), kNotBuilt);
  }

  Differences operator()(const balancing::Listener& before,
                         const balancing::Listener& after) const {
    return Differences{}
        .compare("LoadBalancerArn", before.load_balancer, after.load_balancer, kNotBuilt)
        .compare("Port", before.port, after.port, kNotBuilt)
        .compare("DefaultActions", before.default_action, after.default_action, kNotBuilt);
  }

  Differences operator()(const balancing::Rule& before, const balancing::Rule& after) const {
    return Differences{}
        .compare("ListenerArn", before.listener, after.listener, kNotBuilt)
        .compare("Priority", before.priority, after.priority, kInPlace)
        .compare("Conditions", before.conditions, after.conditions, kInPlace)
        .compare("Actions", before.action, after.action, kInPlace);
  }

  Differences operator()(const alarms::Alarm& before, const alarms::Alarm& after) const {
    return Differences{}
        .compare("AlarmDescription", before.description, after.description, kInPlace)
        .compare(
            "Namespace", before.metric.metric_namespace, after.metric.metric_namespace, kInPlace)
        .compare("MetricName", before.metric.name, after.metric.name, kInPlace)
        .compare("Dimensions", before.metric.dimensions, after.metric.dimensions, kInPlace)
        .compare("Statistic", before.statistic, after.statistic, kInPlace)
        .compare("ExtendedStatistic", before.extended_statistic, after.extended_statistic, kInPlace)
        .compare("EvaluateLowSampleCountPercentile",
                 before.low_sample_count,
                 after.low_sample_count,
                 kInPlace)
        .compare("Unit", before.unit, after.unit, kInPlace)
        .compare("Period", before.period, after.period, kInPlace)
        .compare("EvaluationPeriods", before.evaluation_periods, after.evaluation_periods, kInPlace)
        .compare(
            "DatapointsToAlarm", before.datapoints_to_alarm, after.datapoints_to_alarm, kInPlace)
        .compare("Threshold", before.threshold, after.threshold, kInPlace)
        .compare("ComparisonOperator", before.comparison, after.comparison, kInPlace)
        .compare("TreatMissingData", before.treat_missing_data, after.treat_missing_data, kInPlace)
        .compare("ActionsEnabled", before.actions_enabled, after.actions_enabled, kInPlace)
        .compare("AlarmActions", before.alarm_actions, after.alarm_actions, kInPlace)
        .compare("OKActions", before.ok_actions, after.ok_actions, kInPlace)
        .compare("InsufficientDataActions",
                 before.insufficient_data_actions,
                 after.insufficient_data_actions,
                 kInPlace);
  }

  Differences operator()(const caches::CacheCluster& before,
                         const caches::CacheCluster& after) const {
    return Differences{}
        .compare("CacheNodeType", before.node_type, after.node_type, kInPlace)
        .compare("EngineVersion", before.engine_version, after.engine_version, kInPlace)
        .compare("AuthToken", before.auth_token, after.auth_token, kNotBuilt)
        .compare("PreferredAvailabilityZone", before.zone, after.zone, kNotBuilt)
        .compare("Port", before.port, after.port, kNotBuilt);
  }

  template <typename Before, typename After>
  Differences operator()(const Before&, const After&) const {
    return Differences{}.compare("Type", false, true, kNotBuilt);
  }

 private:
  static Differences sizes(const groups::AutoScalingGroup& before,
                           const groups::AutoScalingGroup& after) {
    return Differences{}
        .compare("MinSize", before.min_size, after.min_size, kInPlace)
        .compare("MaxSize", before.max_size, after.max_size, kInPlace)
        .compare("LaunchTemplate.Version",
                 before.launch_template.version,
                 after.launch_template.version,
                 kInPlace);
  }
};

bool may_come_and_go(const PlannedResource& resource) {
  return std::holds_alternative<balancing::Rule>(resource.properties) ||
         std::holds_alternative<alarms::Alarm>(resource.properties);
}

Error refused(const PlannedResource& resource, const std::string& what) {
  return language::problem(resource.line,
                           "Resources." + resource.logical_id.value,
                           what + " (" + resource.type +
                               ") in an update is not built; what may change in place: group "
                               "sizes and template version, launch template data, policy target, "
                               "alarms, target group attributes, listener rules, cache node "
                               "types. Delete the stack and create it anew");
}

const PlannedResource* find(const StackPlan& plan, const LogicalId& id) {
  const auto found = std::find_if(
      plan.resources.begin(), plan.resources.end(), [&](const PlannedResource& resource) {
        return resource.logical_id == id;
      });
  return found == plan.resources.end() ? nullptr : &*found;
}

Result<std::vector<std::string>> changes_of(const PlannedResource& before,
                                            const PlannedResource& after) {
  if (before.type != after.type) {
    return refused(after, "changing Type from " + before.type);
  }
  const Differences differences =
      std::visit(Compare{before, after}, before.properties, after.properties);
  if (!differences.not_built().empty()) {
    return refused(after, "changing " + differences.not_built().front());
  }
  if (before.physical_id != after.physical_id) {
    return refused(after,
                   "changing the name from " + before.physical_id + " to " + after.physical_id);
  }
  std::vector<std::string> changed = differences.in_place();
  if (before.retain != after.retain) {
    changed.emplace_back("DeletionPolicy");
  }
  return changed;
}

}  // namespace

Result<std::vector<ResourceChange>> plan_update(const StackPlan& before, const StackPlan& after) {
  using Kind = ResourceChange::Kind;
  std::vector<ResourceChange> changes;
  for (const PlannedResource& resource : after.resources) {
    const PlannedResource* old = find(before, resource.logical_id);
    if (old == nullptr) {
      if (!may_come_and_go(resource)) {
        return refused(resource, "adding a resource");
      }
      changes.push_back({Kind::Add, resource, {}});
      continue;
    }
    TG_ASSIGN_OR_RETURN(std::vector<std::string> changed, changes_of(*old, resource));
    if (!changed.empty()) {
      changes.push_back({Kind::Modify, resource, std::move(changed)});
    }
  }
  for (auto old = before.resources.rbegin(); old != before.resources.rend(); ++old) {
    if (find(after, old->logical_id) != nullptr) {
      continue;
    }
    if (!may_come_and_go(*old)) {
      return refused(*old, "removing a resource");
    }
    changes.push_back({Kind::Remove, *old, {}});
  }
  return changes;
}

}  // namespace tidegate::stacks
