#include "core/stacks/network.h"

#include <cstdint>
#include <string_view>

namespace tidegate::stacks {
namespace {

/// 17 hexadecimal digits that stay the same for the same text (FNV-1a).
std::string digits_of(std::string_view text) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  }
  std::string digits = "0";
  for (int shift = 60; shift >= 0; shift -= 4) {
    digits.push_back("0123456789abcdef"[(hash >> shift) & 0xF]);
  }
  return digits;
}

}  // namespace

std::string default_vpc(const std::string& region) {
  return "vpc-" + digits_of(region);
}

std::map<std::string, std::string> default_subnets(const std::string& region) {
  std::map<std::string, std::string> zones;
  for (const char letter : std::string_view{"abc"}) {
    const std::string zone = region + letter;
    zones.emplace("subnet-" + digits_of(zone), zone);
  }
  return zones;
}

}  // namespace tidegate::stacks
