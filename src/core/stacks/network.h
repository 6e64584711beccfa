// The network as EC2's and Elastic Load Balancing's calls name it: one VPC with one default subnet
// a zone. Nothing filters packets by it; a subnet only says the zone. Pure.
#pragma once

#include <map>
#include <string>

namespace tidegate::stacks {

/// "vpc-" and 17 hexadecimal digits; the same for the same region.
std::string default_vpc(const std::string& region);

/// Subnet id → zone name, for the zones a, b and c of the region; ids are the same for the same
/// region.
std::map<std::string, std::string> default_subnets(const std::string& region);

}  // namespace tidegate::stacks
