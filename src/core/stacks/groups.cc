#include <algorithm>
#include <array>
#include <set>

#include "base/text.h"
#include "core/groups/auto_scaling_group.h"
#include "core/groups/launch_template.h"
#include "core/stacks/language/problem.h"
#include "core/stacks/properties/catalogue.h"
#include "core/stacks/properties/launch_data.h"
#include "core/stacks/resources.h"

namespace tidegate::stacks {
namespace {

using properties::NotActedOn;
using properties::Range;
using properties::Reader;

constexpr std::size_t kMaxUserDataBytes = 16 * 1024;  // AWS quota, before base64
constexpr std::size_t kMaxTemplateName = 128;
constexpr std::size_t kMaxGroupName = 255;
constexpr Range<std::int32_t> kSizes{0, 10'000};  // what one control plane is built for

void record_unused(Subject& subject, Reader& reader, const std::string& property) {
  if (reader.has(property)) {
    subject.world.unused.push_back(reader.path() + "." + property);
  }
}

std::vector<std::string> names_of_images(const GivenMetadata& metadata) {
  std::vector<std::string> names;
  for (const auto& [id, image] : metadata.images) {
    names.push_back(id);
  }
  return names;
}

std::string read_image(Subject& subject, Reader& data) {
  const auto id = data.required("ImageId").text("ImageId");
  const auto& images = subject.world.metadata.images;
  if (id && !images.contains(*id)) {
    data.complain("ImageId",
                  "unknown image '" + *id + "': Metadata.Tidegate.Images must say what it is" +
                      language::suggestion(*id, names_of_images(subject.world.metadata)));
  } else if (id && images.at(*id).layers.empty()) {
    data.complain("ImageId",
                  "the image '" + *id + "' has no Process variant, the only one that is built");
  }
  return id.value_or("");
}

std::string read_instance_type(Subject& subject, Reader& data) {
  const auto name = data.required("InstanceType").text("InstanceType");
  if (!name) {
    return {};
  }
  const auto& given = subject.world.metadata.instance_types;
  const auto found = given.find(*name);
  const bool sized = found != given.end() && found->second.vcpus.has_value();
  if (!sized && !properties::catalogue_entry(*name)) {
    std::vector<std::string> known = properties::catalogue_names();
    const auto near = nearest(*name, known);
    data.complain("InstanceType",
                  "unknown instance type '" + *name + "'" +
                      (near ? "; did you mean '" + *near + "'?" : "") +
                      " (Metadata.Tidegate.InstanceTypes may give its VCpus and MemoryMiB)");
  }
  return *name;
}

std::string read_user_data(Reader& data) {
  const auto encoded = data.text("UserData");
  if (!encoded) {
    return {};
  }
  const auto decoded = base64_decode(*encoded);
  if (!decoded) {
    data.complain("UserData", "is not base64: write UserData: { Fn::Base64: … }");
  } else if (decoded->size() > kMaxUserDataBytes) {
    data.complain("UserData",
                  "has " + std::to_string(decoded->size()) + " bytes; the limit is 16384");
  }
  return decoded.value_or("");
}

constexpr auto kDataNotActedOn = std::to_array<NotActedOn>({
    {"BlockDeviceMappings", "an instance's disk is its image"},
    {"CpuOptions", "Metadata.Tidegate.InstanceTypes sets VCpus"},
    {"ElasticGpuSpecifications", ""},
    {"ElasticInferenceAccelerators", ""},
    {"InstanceMarketOptions", "there is no Spot market here"},
    {"InstanceRequirements", "name one InstanceType"},
    {"KernelId", ""},
    {"KeyName", "instances have no SSH server of ours"},
    {"LicenseSpecifications", ""},
    {"NetworkInterfaces", "use the group's VPCZoneIdentifier"},
    {"RamDiskId", ""},
});

/// What is the case here may be said (properties/launch_data.h); of lists nothing is read.
void read_host_facts(Reader& data) {
  std::optional<Reader> inner;
  std::string_view open;
  const auto close = [&] {
    if (inner) {
      inner->finish();
      inner.reset();
    }
  };
  for (const properties::HostFact& fact : properties::host_facts()) {
    if (fact.member == "BlockDeviceMappings" || fact.member == "NetworkInterfaces") {
      continue;
    }
    if (fact.member != open) {
      close();
      open = fact.member;
      inner = fact.leaf.empty() ? std::nullopt : data.mapping(std::string{open});
    }
    const std::string name{fact.leaf.empty() ? fact.member : fact.leaf};
    Reader* const from = fact.leaf.empty() ? &data : inner ? &*inner : nullptr;
    const auto value = from == nullptr ? std::nullopt : from->text(name);
    const std::string error =
        value ? properties::fact_error(fact.member, fact.leaf, *value) : std::string{};
    if (!error.empty()) {
      from->complain(name, error);
    }
  }
  close();
}

std::map<std::string, std::string> read_instance_tags(Subject& subject, Reader& data) {
  static const std::vector<std::string> types{"instance", "network-interface", "volume"};
  std::map<std::string, std::string> tags;
  for (Reader& specification : data.mappings("TagSpecifications")) {
    const auto type = specification.required("ResourceType").choice("ResourceType", types);
    if (type && type != "instance") {
      subject.world.unused.push_back(specification.path());
    }
    for (Reader& tag : specification.required("Tags").mappings("Tags")) {
      const auto key = tag.required("Key").text("Key");
      const auto value = tag.required("Value").text("Value");
      tag.finish();
      if (key && type == "instance") {
        tags[*key] = value.value_or("");
      }
    }
    specification.finish();
  }
  return tags;
}

groups::LaunchTemplateVersion read_version(Subject& subject) {
  groups::LaunchTemplateVersion version;
  auto data = subject.properties.required("LaunchTemplateData").mapping("LaunchTemplateData");
  if (!data) {
    return version;
  }
  version.image_id = read_image(subject, *data);
  version.instance_type = read_instance_type(subject, *data);
  version.user_data = read_user_data(*data);
  record_unused(subject, *data, "IamInstanceProfile");
  if (auto profile = data->mapping("IamInstanceProfile")) {
    version.iam_instance_profile = profile->text("Name").value_or("");
    version.iam_instance_profile = profile->text("Arn").value_or(version.iam_instance_profile);
    profile->finish();
  }
  record_unused(subject, *data, "SecurityGroupIds");
  record_unused(subject, *data, "SecurityGroups");
  version.security_groups = data->texts("SecurityGroupIds");
  for (std::string& group : data->texts("SecurityGroups")) {
    version.security_groups.push_back(std::move(group));
  }
  version.instance_tags = read_instance_tags(subject, *data);
  read_host_facts(*data);
  data->finish(kDataNotActedOn);
  version.created = subject.world.context.now;
  return version;
}

void read_sizes(Reader& reader, groups::AutoScalingGroup& group) {
  const auto min = reader.required("MinSize").integer("MinSize", kSizes);
  const auto max = reader.required("MaxSize").integer("MaxSize", kSizes);
  const auto desired = reader.integer("DesiredCapacity", kSizes);
  if (!min || !max) {
    return;
  }
  group.min_size = *min;
  group.max_size = *max;
  group.desired_capacity = desired.value_or(*min);
  if (*min > *max) {
    reader.complain("MinSize", std::to_string(*min) + " is above MaxSize " + std::to_string(*max));
  } else if (group.desired_capacity < *min || group.desired_capacity > *max) {
    reader.complain("DesiredCapacity",
                    std::to_string(group.desired_capacity) + " is outside " + std::to_string(*min) +
                        ".." + std::to_string(*max) + " (MinSize..MaxSize)");
  }
}

void read_group_zones(Subject& subject, groups::AutoScalingGroup& group) {
  Reader& reader = subject.properties;
  const std::string& region = subject.world.context.region;
  group.subnets = reader.texts("VPCZoneIdentifier");
  const std::vector<std::string> of_subnets =
      zones_of_subnets(subject, "VPCZoneIdentifier", group.subnets);
  const std::vector<std::string> named = reader.texts("AvailabilityZones");
  for (const std::string& zone : named) {
    if (zone.size() != region.size() + 1 || !zone.starts_with(region)) {
      reader.complain("AvailabilityZones",
                      "'" + zone + "' is no zone of " + region + "; write !GetAZs \"\"");
    }
  }
  const std::set<std::string> subnet_zones(of_subnets.begin(), of_subnets.end());
  const std::set<std::string> named_zones(named.begin(), named.end());
  if (!subnet_zones.empty() && !named_zones.empty() && subnet_zones != named_zones) {
    reader.complain("AvailabilityZones",
                    "are not the zones of VPCZoneIdentifier; give one of both");
  }
  if (!reader.has("VPCZoneIdentifier") && !reader.has("AvailabilityZones")) {
    reader.complain("AvailabilityZones",
                    "is missing: give VPCZoneIdentifier, or AvailabilityZones: !GetAZs \"\"");
  }
  const std::set<std::string>& zones = subnet_zones.empty() ? named_zones : subnet_zones;
  group.zones.assign(zones.begin(), zones.end());
}

const groups::LaunchTemplate* find_template(const World& world,
                                            const std::string& id,
                                            const std::string& name) {
  for (const PlannedResource& resource : world.planned) {
    const auto* typed = std::get_if<groups::LaunchTemplate>(&resource.properties);
    if (typed != nullptr && (id.empty() ? typed->name == name : typed->id.value == id)) {
      return typed;
    }
  }
  return nullptr;
}

bool has_version(const groups::LaunchTemplate& launch_template, const std::string& version) {
  return version == "$Latest" || version == "$Default" ||
         std::any_of(launch_template.versions.begin(),
                     launch_template.versions.end(),
                     [&](const groups::LaunchTemplateVersion& candidate) {
                       return std::to_string(candidate.number) == version;
                     });
}

void read_launch_template(Subject& subject, groups::AutoScalingGroup& group) {
  auto reader = subject.properties.required("LaunchTemplate").mapping("LaunchTemplate");
  if (!reader) {
    return;
  }
  const auto id = reader->text("LaunchTemplateId");
  const auto name = reader->text("LaunchTemplateName");
  const auto version = reader->required("Version").text("Version");
  reader->finish();
  if (id.has_value() == name.has_value()) {
    reader->complain("LaunchTemplateId",
                     "give LaunchTemplateId or LaunchTemplateName, one of both");
    return;
  }
  const auto* found = find_template(subject.world, id.value_or(""), name.value_or(""));
  const std::string property = id ? "LaunchTemplateId" : "LaunchTemplateName";
  if (found == nullptr) {
    reader->complain(property,
                     "'" + id.value_or(name.value_or("")) +
                         "' is no launch template of this template; write !Ref and its logical id" +
                         (id ? "" : ", and DependsOn if you must name it"));
    return;
  }
  if (version && !has_version(*found, *version)) {
    reader->complain("Version",
                     "'" + *version + "' is no version of " + found->name +
                         "; write !GetAtt <its logical id>.LatestVersionNumber");
  }
  group.launch_template = {found->id, found->name, version.value_or("$Default")};
}

void read_health(Reader& reader, groups::AutoScalingGroup& group) {
  static const std::vector<std::string> types{"EC2", "ELB"};
  group.health_check_type = reader.choice("HealthCheckType", types).value_or("EC2") == "ELB"
                                ? groups::HealthCheckType::Elb
                                : groups::HealthCheckType::Ec2;
  group.health_check_grace_period =
      reader.seconds("HealthCheckGracePeriod", {0, 86'400}).value_or(Duration{});
  group.default_cooldown = reader.seconds("Cooldown", {0, 86'400}).value_or(group.default_cooldown);
  const auto warmup = reader.seconds("DefaultInstanceWarmup", {-1, 3600});
  if (warmup && *warmup >= Duration{}) {
    group.default_instance_warmup = warmup;
  }
}

void read_termination_policies(Reader& reader, groups::AutoScalingGroup& group) {
  static const std::vector<std::string> known{"Default",
                                              "OldestInstance",
                                              "NewestInstance",
                                              "OldestLaunchTemplate",
                                              "ClosestToNextInstanceHour",
                                              "AllocationStrategy",
                                              "OldestLaunchConfiguration"};
  const std::vector<std::string> given = reader.texts("TerminationPolicies");
  for (const std::string& policy : given) {
    if (std::find(known.begin(), known.end(), policy) == known.end()) {
      reader.complain("TerminationPolicies",
                      "unknown policy '" + policy + "'" + language::suggestion(policy, known));
    }
  }
  const auto first_default = std::find(given.begin(), given.end(), "Default");
  if (first_default != given.end() && first_default + 1 != given.end()) {
    reader.complain("TerminationPolicies", "Default must be the last one");
  }
  if (!given.empty()) {
    group.termination_policies = given;
  }
}

void read_target_groups(Subject& subject, groups::AutoScalingGroup& group) {
  for (const std::string& arn : subject.properties.texts("TargetGroupARNs")) {
    const auto* found = find_planned<balancing::TargetGroup>(subject.world, arn);
    if (found == nullptr) {
      subject.properties.complain("TargetGroupARNs",
                                  "'" + arn +
                                      "' is no target group of this template; write !Ref "
                                      "and its logical id");
    } else if (found->target_type == balancing::TargetType::Ip) {
      subject.properties.complain(
          "TargetGroupARNs",
          "'" + found->name + "' has TargetType ip; a group needs TargetType instance");
    }
    group.target_groups.emplace_back(arn);
  }
}

void read_tags(Reader& reader, groups::AutoScalingGroup& group) {
  for (Reader& tag : reader.mappings("Tags")) {
    const auto key = tag.required("Key").text("Key");
    const auto value = tag.required("Value").text("Value");
    const bool propagates = tag.boolean("PropagateAtLaunch").value_or(true);
    tag.finish();
    if (key) {
      group.tags[*key] = value.value_or("");
    }
    if (key && !propagates) {
      group.tags_not_propagated.push_back(*key);
    }
  }
  std::sort(group.tags_not_propagated.begin(), group.tags_not_propagated.end());
}

void apply_metadata(Subject& subject, groups::AutoScalingGroup& group) {
  using std::chrono::seconds;
  const std::string key = metadata_key(subject, "AutoScalingGroupName");
  const GivenMetadata& metadata = subject.world.metadata;
  const GivenGroup* found = metadata.groups.find(key);
  const GivenGroup given = found == nullptr ? GivenGroup{} : *found;
  subject.world.names.groups.push_back(key);
  group.timing = given.timing.value_or(metadata.timing);
  const bool fast = group.timing == scaling::TimingProfile::Fast;
  group.launch_timeout = given.launch_timeout.value_or(fast ? seconds{60} : seconds{600});
  group.stop_timeout = given.stop_timeout.value_or(group.stop_timeout);
  group.drain_signal = given.drain_signal;
  group.liveness = given.liveness;
}

constexpr auto kGroupNotActedOn = std::to_array<NotActedOn>({
    {"AutoScalingGroupTags", "use Tags"},
    {"AvailabilityZoneDistribution", ""},
    {"AvailabilityZoneImpairmentPolicy", ""},
    {"CapacityRebalance", "there is no Spot market here"},
    {"CapacityReservationSpecification", ""},
    {"Context", ""},
    {"DesiredCapacityType", "capacity is counted in instances"},
    {"InstanceId", "use LaunchTemplate"},
    {"InstanceMaintenancePolicy", "a replacement is launched before the old instance goes"},
    {"LaunchConfigurationName", "use LaunchTemplate"},
    {"LifecycleHookSpecificationList", "lifecycle hooks are not built yet"},
    {"LoadBalancerNames", "classic load balancers are not built; use TargetGroupARNs"},
    {"MaxInstanceLifetime", "not built yet; remove it"},
    {"MetricsCollection", "group metrics are always published"},
    {"MixedInstancesPolicy", "use LaunchTemplate"},
    {"NotificationConfiguration", "use an AWS::CloudWatch::Alarm with AlarmActions"},
    {"NotificationConfigurations", "use an AWS::CloudWatch::Alarm with AlarmActions"},
    {"PlacementGroup", ""},
    {"ServiceLinkedRoleARN", ""},
    {"SkipZonalShiftValidation", ""},
    {"TrafficSources", "use TargetGroupARNs"},
});

}  // namespace

bool same_data(const groups::LaunchTemplateVersion& a, const groups::LaunchTemplateVersion& b) {
  return a.image_id == b.image_id && a.instance_type == b.instance_type &&
         a.user_data == b.user_data && a.iam_instance_profile == b.iam_instance_profile &&
         a.security_groups == b.security_groups && a.instance_tags == b.instance_tags;
}

Made make_launch_template(Subject& subject) {
  Reader& reader = subject.properties;
  const StackContext& context = subject.world.context;
  const auto existing = context.launch_templates.find(subject.id);
  groups::LaunchTemplate made;
  if (existing != context.launch_templates.end()) {
    made = existing->second;
  } else {
    made.id.value = existing_id(subject);
    made.created = context.now;
  }
  if (made.id.empty()) {
    made.id.value = context.new_id(IdKind::LaunchTemplate);
  }
  made.name = name_of(subject, "LaunchTemplateName", made.name, kMaxTemplateName);
  if (made.name.size() < 3) {
    reader.complain("LaunchTemplateName", "must have 3 to 128 characters");
  }
  refuse_second_name<groups::LaunchTemplate>(subject, "LaunchTemplateName", made.name);
  groups::LaunchTemplateVersion version = read_version(subject);
  if (made.versions.empty() || !same_data(made.versions.back(), version)) {
    version.number = made.versions.empty() ? 1 : made.versions.back().number + 1;
    made.versions.push_back(std::move(version));
  }
  reader.accept("VersionDescription");
  reader.accept("TagSpecifications");
  reader.finish();
  return Made{made.id.value, made};
}

Made make_group(Subject& subject) {
  Reader& reader = subject.properties;
  groups::AutoScalingGroup group;
  group.name.value = name_of(subject, "AutoScalingGroupName", existing_id(subject), kMaxGroupName);
  refuse_second_name<groups::AutoScalingGroup>(subject, "AutoScalingGroupName", group.name);
  const StackContext& context = subject.world.context;
  group.arn = arn(context,
                  "autoscaling",
                  "autoScalingGroup:" + uuid_of(context.stack_id + "/" + subject.id.value) +
                      ":autoScalingGroupName/" + group.name.value);
  read_sizes(reader, group);
  read_group_zones(subject, group);
  read_launch_template(subject, group);
  read_health(reader, group);
  read_termination_policies(reader, group);
  read_target_groups(subject, group);
  read_tags(reader, group);
  group.new_instances_protected_from_scale_in =
      reader.boolean("NewInstancesProtectedFromScaleIn").value_or(false);
  apply_metadata(subject, group);
  group.created = context.now;
  reader.finish(kGroupNotActedOn);
  return Made{group.name.value, group};
}

}  // namespace tidegate::stacks
