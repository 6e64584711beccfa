// Load balancers by calls: made, changed, deleted; their attributes and the account's limits.
#include <algorithm>
#include <array>
#include <cctype>

#include "core/balancing/attributes.h"
#include "edge/api/elbv2/checks.h"

namespace tidegate::api::elbv2 {
namespace {

constexpr const char* kLoadBalancerKind = "loadbalancer/";

Result<const balancing::LoadBalancer*> find(const Context& context, const std::string& arn) {
  TG_RETURN_IF_ERROR(check_arn(arn, kLoadBalancerKind, "load balancer"));
  const auto found = context.model.load_balancers.find(balancing::LoadBalancerArn{arn});
  if (found == context.model.load_balancers.end()) {
    return not_found("LoadBalancerNotFound", "Load balancer '" + arn + "' not found");
  }
  return &found->second;
}

/// Subnets, or SubnetMappings that only name subnets. AWS asks for two zones.
Result<std::vector<std::string>> subnets_of(
    const Names& subnets, const std::optional<std::vector<SubnetMapping>>& mappings) {
  std::vector<std::string> ids = subnets.value_or(std::vector<std::string>{});
  if (!ids.empty() && mappings.has_value() && !mappings->empty()) {
    return invalid("You must specify either subnets or subnet mappings, not both");
  }
  for (const SubnetMapping& mapping : mappings.value_or(std::vector<SubnetMapping>{})) {
    if (mapping.allocation_id.has_value()) {
      return not_found("AllocationIdNotFound",
                       "The allocation ID '" + *mapping.allocation_id +
                           "' does not exist: there are no elastic addresses here");
    }
    if (mapping.private_ipv4_address.has_value() || mapping.ipv6_address.has_value() ||
        mapping.source_nat_ipv6_prefix.has_value()) {
      return refused("InvalidConfigurationRequest", "SubnetMappings: what works is SubnetId alone");
    }
    ids.push_back(mapping.subnet_id.value_or(""));
  }
  for (const std::string& id : ids) {
    if (!id.starts_with("subnet-")) {
      return refused("InvalidSubnet", "The subnet ID '" + id + "' is not valid");
    }
  }
  if (ids.size() < 2) {
    return invalid("At least two subnets in two different Availability Zones must be specified");
  }
  return ids;
}

Status check_security_groups(const Names& groups) {
  for (const std::string& group : groups.value_or(std::vector<std::string>{})) {
    if (!group.starts_with("sg-") || group.size() < 4 ||
        !std::all_of(group.begin() + 3, group.end(), [](unsigned char c) {
          return std::isxdigit(c) != 0;
        })) {
      return refused("InvalidSecurityGroup", "The security group ID '" + group + "' is not valid");
    }
  }
  return Ok{};
}

Status check_ip_address_type(const std::optional<std::string>& type) {
  return type.value_or("ipv4") == "ipv4"
             ? Status{Ok{}}
             : refused("InvalidConfigurationRequest",
                       "IpAddressType '" + *type + "' is not built; what works: ipv4");
}

/// The changed load balancer, from what the engine answered.
const balancing::LoadBalancer& changed_load_balancer(const engine::Answer& outcome) {
  return std::get<balancing::LoadBalancer>(std::get<engine::BalancerAnswer>(outcome));
}

Result<Write<CreateLoadBalancerOperation>> create_load_balancer(
    const Context& context, const CreateLoadBalancerInput& request) {
  TG_RETURN_IF_ERROR(check_name("Load balancer", *request.name));
  if (request.type.value_or("application") != "application") {
    return refused("InvalidConfigurationRequest",
                   "Type '" + *request.type + "' is not built; what works: application");
  }
  TG_RETURN_IF_ERROR(check_ip_address_type(request.ip_address_type));
  engine::CreateLoadBalancer command;
  command.wanted.name = *request.name;
  command.wanted.scheme = request.scheme.value_or(command.wanted.scheme);
  TG_ASSIGN_OR_RETURN(command.wanted.subnets, subnets_of(request.subnets, request.subnet_mappings));
  TG_RETURN_IF_ERROR(check_security_groups(request.security_groups));
  command.wanted.security_groups = request.security_groups.value_or(std::vector<std::string>{});
  TG_ASSIGN_OR_RETURN(command.wanted.tags, tags_of(request.tags));
  return Write<CreateLoadBalancerOperation>{
      engine::BalancerCommand{std::move(command)},
      [network = network_of(context.model)](
          const engine::Answer& outcome) -> Result<CreateLoadBalancerOutput> {
        CreateLoadBalancerOutput answer;
        answer.load_balancers.emplace().push_back(
            load_balancer_answer(network, changed_load_balancer(outcome)));
        return answer;
      }};
}

Result<Write<DeleteLoadBalancerOperation>> delete_load_balancer(
    const Context&, const DeleteLoadBalancerInput& request) {
  TG_RETURN_IF_ERROR(check_arn(*request.load_balancer_arn, kLoadBalancerKind, "load balancer"));
  return write_without_answer<DeleteLoadBalancerOperation>(engine::BalancerCommand{
      engine::DeleteLoadBalancer{balancing::LoadBalancerArn{*request.load_balancer_arn}}});
}

std::vector<LoadBalancerAttribute> attributes_answer(const balancing::LoadBalancer& given) {
  std::vector<LoadBalancerAttribute> all;
  for (const auto& [key, value] : balancing::attributes_of(given)) {
    all.push_back({key, value});
  }
  return all;
}

Result<DescribeLoadBalancerAttributesOutput> describe_attributes(
    const Context& context, const DescribeLoadBalancerAttributesInput& request) {
  TG_ASSIGN_OR_RETURN(const auto* found, find(context, *request.load_balancer_arn));
  return DescribeLoadBalancerAttributesOutput{attributes_answer(*found)};
}

Result<Write<ModifyLoadBalancerAttributesOperation>> modify_attributes(
    const Context& context, const ModifyLoadBalancerAttributesInput& request) {
  TG_ASSIGN_OR_RETURN(const auto* found, find(context, *request.load_balancer_arn));
  engine::ChangeLoadBalancer command;
  command.arn = found->arn;
  for (const LoadBalancerAttribute& attribute : *request.attributes) {
    command.attributes[attribute.key.value_or("")] = attribute.value.value_or("");
  }
  return Write<ModifyLoadBalancerAttributesOperation>{
      engine::BalancerCommand{std::move(command)},
      [](const engine::Answer& outcome) -> Result<ModifyLoadBalancerAttributesOutput> {
        return ModifyLoadBalancerAttributesOutput{
            attributes_answer(changed_load_balancer(outcome))};
      }};
}

Result<Write<SetSubnetsOperation>> set_subnets(const Context& context,
                                               const SetSubnetsInput& request) {
  TG_ASSIGN_OR_RETURN(const auto* found, find(context, *request.load_balancer_arn));
  TG_RETURN_IF_ERROR(check_ip_address_type(request.ip_address_type));
  engine::ChangeLoadBalancer command;
  command.arn = found->arn;
  TG_ASSIGN_OR_RETURN(command.subnets, subnets_of(request.subnets, request.subnet_mappings));
  return Write<SetSubnetsOperation>{
      engine::BalancerCommand{std::move(command)},
      [network =
           network_of(context.model)](const engine::Answer& outcome) -> Result<SetSubnetsOutput> {
        SetSubnetsOutput answer;
        answer.availability_zones =
            load_balancer_answer(network, changed_load_balancer(outcome)).availability_zones;
        answer.ip_address_type = "ipv4";
        return answer;
      }};
}

Result<Write<SetSecurityGroupsOperation>> set_security_groups(
    const Context& context, const SetSecurityGroupsInput& request) {
  TG_ASSIGN_OR_RETURN(const auto* found, find(context, *request.load_balancer_arn));
  TG_RETURN_IF_ERROR(check_security_groups(request.security_groups));
  if (!given(request.security_groups)) {
    return refused("InvalidConfigurationRequest", "At least one security group must be specified");
  }
  engine::ChangeLoadBalancer command;
  command.arn = found->arn;
  command.security_groups = request.security_groups;
  return Write<SetSecurityGroupsOperation>{
      engine::BalancerCommand{std::move(command)},
      [](const engine::Answer& outcome) -> Result<SetSecurityGroupsOutput> {
        SetSecurityGroupsOutput answer;
        answer.security_group_ids = changed_load_balancer(outcome).security_groups;
        return answer;
      }};
}

/// The one type that there is may be set again; nothing changes by that.
Result<SetIpAddressTypeOutput> set_ip_address_type(const Context& context,
                                                   const SetIpAddressTypeInput& request) {
  TG_RETURN_IF_ERROR(find(context, *request.load_balancer_arn));
  TG_RETURN_IF_ERROR(check_ip_address_type(request.ip_address_type));
  return SetIpAddressTypeOutput{"ipv4"};
}

Result<DescribeAccountLimitsOutput> describe_limits(const Context&,
                                                    const DescribeAccountLimitsInput&) {
  static constexpr auto kLimits = std::to_array<std::pair<const char*, std::size_t>>({
      {"application-load-balancers", engine::kMaxLoadBalancers},
      {"target-groups", engine::kMaxTargetGroups},
      {"listeners-per-application-load-balancer", engine::kMaxListeners},
      {"rules-per-application-load-balancer", engine::kMaxRules},
      {"targets-per-target-group", engine::kMaxTargetsOfGroup},
      {"target-groups-per-application-load-balancer", engine::kMaxTargetGroupsOfBalancer},
  });
  DescribeAccountLimitsOutput answer;
  auto& limits = answer.limits.emplace();
  for (const auto& [name, most] : kLimits) {
    limits.push_back({name, std::to_string(most)});
  }
  return answer;
}

}  // namespace

std::vector<Entry> load_balancer_entries() {
  return {
      writes<CreateLoadBalancerOperation>({"Name",
                                           "Subnets",
                                           "SubnetMappings",
                                           "SecurityGroups",
                                           "Scheme",
                                           "Tags",
                                           "Type",
                                           "IpAddressType"},
                                          &create_load_balancer),
      writes<DeleteLoadBalancerOperation>({"LoadBalancerArn"}, &delete_load_balancer),
      reads<DescribeLoadBalancerAttributesOperation>({"LoadBalancerArn"}, &describe_attributes),
      writes<ModifyLoadBalancerAttributesOperation>({"LoadBalancerArn", "Attributes"},
                                                    &modify_attributes),
      writes<SetSubnetsOperation>({"LoadBalancerArn", "Subnets", "SubnetMappings", "IpAddressType"},
                                  &set_subnets),
      writes<SetSecurityGroupsOperation>({"LoadBalancerArn", "SecurityGroups"},
                                         &set_security_groups),
      reads<SetIpAddressTypeOperation>({"LoadBalancerArn", "IpAddressType"}, &set_ip_address_type),
      reads<DescribeAccountLimitsOperation>({"Marker", "PageSize"}, &describe_limits),
  };
}

}  // namespace tidegate::api::elbv2
