// IPv4 addresses and ranges as values.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tidegate::link {

struct Ipv4 {
  std::uint32_t value = 0;  // host order
  auto operator<=>(const Ipv4&) const = default;
};
std::string to_string(Ipv4 address);
/// Four decimal parts, nothing else.
std::optional<Ipv4> parse_ipv4(std::string_view text);

struct Ipv4Range {
  Ipv4 first;
  std::uint8_t prefix = 32;  // 0..32
  auto operator<=>(const Ipv4Range&) const = default;

  /// prefix 0 counts as 2^32 - 1.
  std::uint32_t size() const;
  bool contains(Ipv4 address) const;
  /// offset < size().
  Ipv4 at(std::uint32_t offset) const { return Ipv4{first.value + offset}; }
};
std::string to_string(const Ipv4Range& range);
/// "10.64.16.0/20"; the bits behind the prefix must be zero.
std::optional<Ipv4Range> parse_ipv4_range(std::string_view text);

}  // namespace tidegate::link
