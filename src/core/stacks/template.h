// A CloudFormation template as text → a checked tree with line numbers → typed resources in
// creation order. Pure. Everything that can be known before the first resource is created is
// refused here, by resource, property and line, with the nearest thing that works; nothing is
// stored and inert (CONTRACT "The template").
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/strong.h"
#include "base/time.h"
#include "core/alarms/alarm.h"
#include "core/balancing/load_balancer.h"
#include "core/caches/cache_cluster.h"
#include "core/groups/auto_scaling_group.h"
#include "core/groups/launch_template.h"
#include "core/scaling/target_tracking.h"
#include "core/stacks/metadata/simulation.h"

namespace tidegate::stacks {

using LogicalId = Strong<struct LogicalIdTag>;
using StackName = Strong<struct StackNameTag>;

inline constexpr std::size_t kMaxTemplateBytes = 1024 * 1024;
inline constexpr std::size_t kMaxResources = 500;  // AWS quota

/// Metadata.Tidegate.Images: one image, by driver variant. Only Process is built.
struct Image {
  std::vector<std::string>
      layers;  // "host", or folders made absolute with StackContext::template_folder
  bool operator==(const Image&) const = default;
};

struct InstanceType {
  double vcpus = 1;
  std::int64_t memory_mib = 512;
  double monthly_price = 0;
  double catalogue_vcpus = 0;  // AWS's real size, for `status`
  std::int64_t catalogue_memory_mib = 0;
  bool operator==(const InstanceType&) const = default;
};

struct Receiver {
  std::string name;
  std::string command;  // absolute path
  bool operator==(const Receiver&) const = default;
};

/// Metadata.Tidegate of one stack, resolved for this host.
struct TidegateMetadata {
  scaling::TimingProfile timing = scaling::TimingProfile::Fast;
  std::map<std::string, Image> images;
  std::map<std::string, InstanceType> instance_types;  // the ones the template uses
  std::map<std::string, double> prices;                // per month
  std::map<std::string, std::string> subnet_zones;
  std::map<std::string, Receiver> receivers;
  double instance_scale = 1;        // what the catalogue was scaled by
  std::vector<std::string> unused;  // documented keys of parts not built yet
  bool operator==(const TidegateMetadata&) const = default;
};

using ResourceProperties = std::variant<groups::LaunchTemplate,
                                        groups::AutoScalingGroup,
                                        scaling::TargetTrackingPolicy,
                                        balancing::LoadBalancer,
                                        balancing::TargetGroup,
                                        balancing::Listener,
                                        balancing::Rule,
                                        alarms::Alarm,
                                        caches::CacheCluster>;

struct PlannedResource {
  LogicalId logical_id;
  std::string type;         // "AWS::AutoScaling::AutoScalingGroup"
  std::string physical_id;  // what Ref gives: name, lt-…, or ARN
  std::int32_t line = 0;
  bool retain = false;             // DeletionPolicy: Retain
  std::vector<std::string> given;  // properties that the template gives; others have their default
  ResourceProperties properties;   // every reference resolved; runtime fields as for a new thing
  bool operator==(const PlannedResource&) const = default;
};

/// A value may contain "{{DNSName:<load balancer ARN>}}" where the template asks for the DNSName of
/// a load balancer without a name of its own: its address is known only once it exists, and whoever
/// shows the output puts it there (resolve_dns_names).
struct Output {
  std::string key, value, description;
  bool operator==(const Output&) const = default;
};

struct StackPlan {
  std::string description;
  std::vector<PlannedResource>
      resources;  // in creation order: dependencies first, else the template's order
  std::vector<Output> outputs;
  std::map<std::string, std::string> parameters;  // as used, defaults included; NoEcho ones as ****
  TidegateMetadata metadata;
  Simulation simulation;  // of `tidegate simulate` only: a stack that runs takes nothing from it
  bool operator==(const StackPlan&) const = default;
};

enum class IdKind {
  LaunchTemplate,
  Suffix,
  Uuid
};  // "lt-" + 17 hex · 12 characters A-Z0-9 for names · a UUID

struct StackContext {
  std::string region;
  std::string account_id = "000000000000";
  StackName stack_name;
  std::string stack_id;         // ARN
  std::string template_folder;  // absolute; image folders and Exec commands are relative to it
  std::map<std::string, std::string> parameters;
  std::map<LogicalId, std::string>
      physical_ids;  // of resources that exist (an update): kept, not generated anew
  /// Of launch templates that exist (an update), as they are: when the template's data is not that
  /// of the newest version, the plan has one version more, and GetAtt LatestVersionNumber is its
  /// number.
  std::map<LogicalId, groups::LaunchTemplate> launch_templates;
  std::function<std::string(IdKind)> new_id;
  double host_vcpus = 1;  // for InstanceScale auto
  std::int64_t host_memory_mib = 1024;
  std::optional<double> instance_scale;  // TIDEGATE_INSTANCE_SCALE when it is no "auto"
  Instant now;
};

/// Text (YAML or JSON) to a plan. Errors are ValidationError with a sentence that has the line:
/// syntax, unknown property (suggests), unknown type, circular reference, missing parameter,
/// MinSize > MaxSize, metadata typo, … AutoScalingGroup properties carry ARNs generated from
/// region, account and names; ids come from new_id.
Result<StackPlan> plan_stack(const std::string& template_text, const StackContext& context);

struct ResourceChange {
  enum class Kind { Add, Modify, Remove };
  Kind kind = Kind::Modify;
  PlannedResource resource;                     // as it shall be (Remove: as it was)
  std::vector<std::string> changed_properties;  // "MaxSize", …
};

/// `text` with each "{{DNSName:<arn>}}" replaced by what dns_name gives for that ARN.
std::string resolve_dns_names(
    std::string text,
    const std::function<std::string(const balancing::LoadBalancerArn&)>& dns_name);

/// What an update in place does, in order. Group sizes, policy target, alarms, target-group
/// attributes, launch template version and listener rules may change (rules and alarms may also
/// come and go); any other change is refused, by resource and property. An empty list: nothing to
/// change, if the metadata is equal too: prices, receivers and what new instances are made from
/// take effect without any resource changing. "DesiredCapacity" is among the changed properties
/// only when the template gives another one: a group that has scaled keeps what it has, within its
/// new sizes. Both plans are made with the same launch_templates and physical_ids.
Result<std::vector<ResourceChange>> plan_update(const StackPlan& before, const StackPlan& after);

}  // namespace tidegate::stacks
