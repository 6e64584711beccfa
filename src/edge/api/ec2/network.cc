// The network as EC2's calls name it: zones, one VPC with a default subnet a zone, security groups.
// Nothing filters packets by it; a subnet says the zone.
#include "core/stacks/network.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/text.h"
#include "edge/api/calls/pages.h"
#include "edge/api/ec2/asking.h"

namespace tidegate::api::ec2 {
namespace {

using Values = std::optional<std::vector<std::string>>;

constexpr const char* kRange = "10.64.0.0/10";  // instance addresses come from a part of it
constexpr std::int64_t kMaxSubnets = 1000;
constexpr const char* kZoneFilters =
    "zone-name, zone-id, region-name, group-name, state, zone-type, opt-in-status";
constexpr const char* kSubnetFilters =
    "subnet-id, vpc-id, availability-zone, availabilityZone, availability-zone-id, state, "
    "default-for-az, defaultForAz, tag-key, tag:<key>";
constexpr const char* kVpcFilters =
    "vpc-id, state, is-default, isDefault, cidr, cidr-block, owner-id, tag-key, tag:<key>";
constexpr const char* kSecurityGroupFilters =
    "group-id, group-name, vpc-id, owner-id, tag-key, tag:<key>";

/// "euw2-az1" of eu-west-2a.
std::string zone_id(const std::string& zone) {
  const std::vector<std::string> parts = split(zone, '-');
  if (parts.size() < 3 || parts.back().size() < 2) {
    return zone;
  }
  static constexpr auto kShort = std::to_array<std::pair<std::string_view, std::string_view>>({
      {"northeast", "ne"},
      {"southeast", "se"},
      {"northwest", "nw"},
      {"southwest", "sw"},
  });
  std::string direction = parts[parts.size() - 2];
  const auto known = std::find_if(
      kShort.begin(), kShort.end(), [&](const auto& entry) { return entry.first == direction; });
  direction = known != kShort.end() ? std::string{known->second} : direction.substr(0, 1);
  const std::string& last = parts.back();
  const int number = last.back() - 'a' + 1;
  return parts.front() + direction + last.substr(0, last.size() - 1) + "-az" +
         std::to_string(number);
}

AvailabilityZone zone_answer(const engine::Model& model, const std::string& zone) {
  AvailabilityZone answer;
  answer.zone_name = zone;
  answer.zone_id = zone_id(zone);
  answer.region_name = model.region;
  answer.state = "available";
  answer.opt_in_status = "opt-in-not-required";
  answer.group_name = model.region;
  answer.network_border_group = model.region;
  answer.zone_type = "availability-zone";
  answer.messages.emplace();
  return answer;
}

Result<DescribeAvailabilityZonesResult> describe_zones(
    const Context& context, const DescribeAvailabilityZonesRequest& request) {
  DescribeAvailabilityZonesResult answer;
  auto& zones = answer.availability_zones.emplace();
  const auto all = engine::zones_of(context.model);
  for (const std::string& name : request.zone_names.value_or(std::vector<std::string>{})) {
    if (!std::binary_search(all.begin(), all.end(), name)) {
      return invalid_value("Invalid availability zone: [" + name + "]");
    }
  }
  TG_RETURN_IF_ERROR(check_filters(request.filters, kZoneFilters));
  for (const std::string& zone : all) {
    const auto meaning = [&](std::string_view name) -> Values {
      if (name == "zone-name") return {{zone}};
      if (name == "zone-id") return {{zone_id(zone)}};
      if (name == "region-name") return {{context.model.region}};
      if (name == "group-name") return {{context.model.region}};
      if (name == "state") return {{"available"}};
      if (name == "zone-type") return {{"availability-zone"}};
      if (name == "opt-in-status") return {{"opt-in-not-required"}};
      return std::nullopt;
    };
    if (accepts(request.filters, meaning) && names(request.zone_names, zone) &&
        names(request.zone_ids, zone_id(zone))) {
      zones.push_back(zone_answer(context.model, zone));
    }
  }
  return answer;
}

Subnet subnet_answer(const engine::Model& model, const std::string& id, const std::string& zone) {
  const auto defaults = stacks::default_subnets(model.region);
  Subnet answer;
  answer.subnet_id = id;
  answer.subnet_arn = "arn:aws:ec2:" + model.region + ":" + model.account_id + ":subnet/" + id;
  answer.owner_id = model.account_id;
  answer.vpc_id = stacks::default_vpc(model.region);
  answer.availability_zone = zone;
  answer.availability_zone_id = zone_id(zone);
  answer.state = "available";
  answer.cidr_block = kRange;
  answer.available_ip_address_count = 4000;
  answer.default_for_az = defaults.contains(id);
  answer.map_public_ip_on_launch = false;
  answer.assign_ipv6_address_on_creation = false;
  answer.ipv6_cidr_block_association_set.emplace();
  answer.tags.emplace();
  return answer;
}

Result<DescribeSubnetsResult> describe_subnets(const Context& context,
                                               const DescribeSubnetsRequest& request) {
  const auto known = engine::subnet_zones(context.model);
  for (const std::string& id : request.subnet_ids.value_or(std::vector<std::string>{})) {
    if (!known.contains(id)) {
      return error(ErrorCode::NotFound,
                   "InvalidSubnetID.NotFound",
                   "The subnet ID '" + id + "' does not exist");
    }
  }
  TG_RETURN_IF_ERROR(check_filters(request.filters, kSubnetFilters));
  std::vector<Subnet> all;
  for (const auto& [id, zone] : known) {
    Subnet subnet = subnet_answer(context.model, id, zone);
    const auto meaning = [&](std::string_view name) -> Values {
      if (name == "subnet-id") return {{id}};
      if (name == "vpc-id") return {{*subnet.vpc_id}};
      if (name == "availability-zone" || name == "availabilityZone") return {{zone}};
      if (name == "availability-zone-id") return {{*subnet.availability_zone_id}};
      if (name == "state") return {{"available"}};
      if (name == "default-for-az" || name == "defaultForAz") {
        return {{*subnet.default_for_az ? "true" : "false"}};
      }
      return tag_values({}, name);
    };
    if (accepts(request.filters, meaning) && names(request.subnet_ids, id)) {
      all.push_back(std::move(subnet));
    }
  }
  TG_ASSIGN_OR_RETURN(const auto limit, limit_of(request.max_results, 5, kMaxSubnets));
  TG_ASSIGN_OR_RETURN(auto page,
                      page_of(
                          std::move(all),
                          [](const Subnet& item) { return *item.subnet_id; },
                          request.next_token,
                          limit,
                          "InvalidParameterValue"));
  DescribeSubnetsResult answer;
  answer.subnets = std::move(page.items);
  answer.next_token = page.next_token;
  return answer;
}

Result<DescribeVpcsResult> describe_vpcs(const Context& context,
                                         const DescribeVpcsRequest& request) {
  const std::string id = stacks::default_vpc(context.model.region);
  for (const std::string& asked : request.vpc_ids.value_or(std::vector<std::string>{})) {
    if (asked != id) {
      return error(ErrorCode::NotFound,
                   "InvalidVpcID.NotFound",
                   "The vpc ID '" + asked + "' does not exist");
    }
  }
  TG_RETURN_IF_ERROR(check_filters(request.filters, kVpcFilters));
  const auto meaning = [&](std::string_view name) -> Values {
    if (name == "vpc-id") return {{id}};
    if (name == "state") return {{"available"}};
    if (name == "is-default" || name == "isDefault") return {{"true"}};
    if (name == "cidr" || name == "cidr-block") return {{kRange}};
    if (name == "owner-id") return {{context.model.account_id}};
    return tag_values({}, name);
  };
  DescribeVpcsResult answer;
  auto& vpcs = answer.vpcs.emplace();
  if (accepts(request.filters, meaning)) {
    Vpc& vpc = vpcs.emplace_back();
    vpc.vpc_id = id;
    vpc.owner_id = context.model.account_id;
    vpc.state = "available";
    vpc.is_default = true;
    vpc.cidr_block = kRange;
    vpc.instance_tenancy = "default";
    vpc.dhcp_options_id = "default";
    vpc.ipv6_cidr_block_association_set.emplace();
    vpc.tags.emplace();
  }
  return answer;
}

/// The default one, and every one that a launch template, an instance or a load balancer names.
std::set<std::string> security_groups_of(const engine::Model& model, const std::string& standard) {
  std::set<std::string> ids{standard};
  for (const auto& [id, launch_template] : model.launch_templates) {
    for (const auto& version : launch_template.versions) {
      ids.insert(version.security_groups.begin(), version.security_groups.end());
    }
  }
  for (const auto& [id, standalone] : model.standalone) {
    const auto& named = standalone.value.made_from.security_groups;
    ids.insert(named.begin(), named.end());
  }
  for (const auto& [arn, load_balancer] : model.load_balancers) {
    ids.insert(load_balancer.security_groups.begin(), load_balancer.security_groups.end());
  }
  return ids;
}

Result<DescribeSecurityGroupsResult> describe_security_groups(
    const Context& context, const DescribeSecurityGroupsRequest& request) {
  const std::string vpc = stacks::default_vpc(context.model.region);
  const std::string standard = "sg-" + vpc.substr(4);
  const auto known = security_groups_of(context.model, standard);
  for (const std::string& id : request.group_ids.value_or(std::vector<std::string>{})) {
    if (!known.contains(id)) {
      return error(ErrorCode::NotFound,
                   "InvalidGroup.NotFound",
                   "The security group '" + id + "' does not exist");
    }
  }
  TG_RETURN_IF_ERROR(check_filters(request.filters, kSecurityGroupFilters));
  DescribeSecurityGroupsResult answer;
  auto& shown = answer.security_groups.emplace();
  for (const std::string& id : known) {
    const std::string group_name = id == standard ? "default" : id;
    const auto meaning = [&](std::string_view name) -> Values {
      if (name == "group-id") return {{id}};
      if (name == "group-name") return {{group_name}};
      if (name == "vpc-id") return {{vpc}};
      if (name == "owner-id") return {{context.model.account_id}};
      return tag_values({}, name);
    };
    if (accepts(request.filters, meaning) && names(request.group_ids, id) &&
        names(request.group_names, group_name)) {
      SecurityGroup& group = shown.emplace_back();
      group.group_id = id;
      group.group_name = group_name;
      group.description = id == standard ? "default VPC security group" : "named by a resource";
      group.vpc_id = vpc;
      group.owner_id = context.model.account_id;
      group.ip_permissions.emplace();
      group.ip_permissions_egress.emplace();
      group.tags.emplace();
    }
  }
  return answer;
}

Result<DescribeAccountAttributesResult> describe_account(
    const Context& context, const DescribeAccountAttributesRequest& request) {
  const std::array<std::pair<const char*, std::string>, 2> known{
      {{"supported-platforms", "VPC"}, {"default-vpc", stacks::default_vpc(context.model.region)}}};
  DescribeAccountAttributesResult answer;
  auto& attributes = answer.account_attributes.emplace();
  for (const auto& [name, value] : known) {
    if (names(request.attribute_names, name)) {
      AccountAttribute& one = attributes.emplace_back();
      one.attribute_name = name;
      one.attribute_values.emplace().push_back({value});
    }
  }
  return answer;
}

}  // namespace

std::vector<Entry> network_entries() {
  return {
      reads<DescribeAvailabilityZonesOperation>(
          {"ZoneNames", "ZoneIds", "AllAvailabilityZones", "Filters"}, &describe_zones),
      reads<DescribeSubnetsOperation>({"SubnetIds", "Filters", "MaxResults", "NextToken"},
                                      &describe_subnets),
      reads<DescribeVpcsOperation>({"VpcIds", "Filters", "MaxResults", "NextToken"},
                                   &describe_vpcs),
      reads<DescribeSecurityGroupsOperation>(
          {"GroupIds", "GroupNames", "Filters", "MaxResults", "NextToken"},
          &describe_security_groups),
      reads<DescribeAccountAttributesOperation>({"AttributeNames"}, &describe_account),
  };
}

}  // namespace tidegate::api::ec2
