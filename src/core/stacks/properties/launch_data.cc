#include "core/stacks/properties/launch_data.h"

#include <algorithm>

#include "base/text.h"

namespace tidegate::stacks::properties {
namespace {

// Source of the names: the shape RequestLaunchTemplateData of EC2's service model.
constexpr auto kFacts = std::to_array<HostFact>({
    // The root is the image's layers, on this host's disk, and goes with its instance.
    {"BlockDeviceMappings", "DeviceName", {"*"}},
    {"BlockDeviceMappings", "Ebs.DeleteOnTermination", {"true"}},
    {"BlockDeviceMappings", "Ebs.Encrypted", {"false"}},
    // There are no reservations, so preferring one or none is the same.
    {"CapacityReservationSpecification", "CapacityReservationPreference", {"open", "none"}},
    {"CreditSpecification", "CpuCredits", {"unlimited"}},  // VCpus are there at all times
    {"DisableApiStop", "", {"true", "false"}},             // no call stops an instance
    {"DisableApiTermination", "", {"false"}},
    {"EbsOptimized", "", {"false"}},
    {"EnclaveOptions", "Enabled", {"false"}},
    {"HibernationOptions", "Configured", {"false"}},
    {"InstanceInitiatedShutdownBehavior", "", {"terminate"}},
    {"MaintenanceOptions", "AutoRecovery", {"default"}},  // restarted in place
    {"MetadataOptions", "HttpEndpoint", {"enabled"}},
    {"MetadataOptions", "HttpProtocolIpv6", {"disabled"}},
    {"MetadataOptions", "HttpPutResponseHopLimit", {"*"}},  // every client is on the instance
    {"MetadataOptions", "HttpTokens", {"required"}},        // IMDSv2 only
    {"MetadataOptions", "InstanceMetadataTags", {"enabled"}},
    {"Monitoring", "Enabled", {"true", "false"}},  // each second, at no price
    // One interface; its groups are recorded as the instance's.
    {"NetworkInterfaces", "AssociatePublicIpAddress", {"false"}},
    {"NetworkInterfaces", "DeleteOnTermination", {"true"}},
    {"NetworkInterfaces", "DeviceIndex", {"0"}},
    {"NetworkInterfaces", "Groups", {"*"}},
    {"NetworkInterfaces", "InterfaceType", {"interface"}},
    {"NetworkInterfaces", "NetworkCardIndex", {"0"}},
    {"Placement", "Tenancy", {"default"}},
    {"PrivateDnsNameOptions", "EnableResourceNameDnsAAAARecord", {"false"}},
    {"PrivateDnsNameOptions", "EnableResourceNameDnsARecord", {"false"}},
    {"PrivateDnsNameOptions", "HostnameType", {"ip-name"}},
});

}  // namespace

std::span<const HostFact> host_facts() {
  return kFacts;
}

bool has_facts(std::string_view member) {
  return std::any_of(
      kFacts.begin(), kFacts.end(), [&](const HostFact& fact) { return fact.member == member; });
}

std::vector<std::string> valid_values(std::string_view member, std::string_view leaf) {
  std::vector<std::string> valid;
  for (const HostFact& fact : kFacts) {
    if (fact.member != member || fact.leaf != leaf) {
      continue;
    }
    for (const std::string_view value : fact.values) {
      if (!value.empty()) {
        valid.emplace_back(value);
      }
    }
  }
  return valid;
}

std::string fact_error(std::string_view member, std::string_view leaf, const std::string& value) {
  const auto valid = valid_values(member, leaf);
  if (valid.empty()) {
    return "is not built: nothing here acts on it";
  }
  if (valid.front() == "*" || std::find(valid.begin(), valid.end(), value) != valid.end()) {
    return {};
  }
  return "'" + value + "' is not what is the case here; valid: " + join(valid, ", ");
}

}  // namespace tidegate::stacks::properties
