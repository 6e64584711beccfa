#include "net/link/ipv4.h"

#include <vector>

#include "base/text.h"

namespace tidegate::link {
namespace {

std::uint32_t mask_of(std::uint8_t prefix) {
  return prefix == 0 ? 0 : ~std::uint32_t{0} << (32 - prefix);
}

}  // namespace

std::string to_string(Ipv4 address) {
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8) {
    text += std::to_string(address.value >> shift & 255);
    if (shift > 0) text += '.';
  }
  return text;
}

std::optional<Ipv4> parse_ipv4(std::string_view text) {
  const std::vector<std::string> parts = split(text, '.');
  if (parts.size() != 4) return std::nullopt;
  std::uint32_t value = 0;
  for (const std::string& part : parts) {
    const std::optional<std::int64_t> number = parse_int(part);
    if (!number || *number < 0 || *number > 255) return std::nullopt;
    value = value << 8 | static_cast<std::uint32_t>(*number);
  }
  return Ipv4{value};
}

std::uint32_t Ipv4Range::size() const {
  return prefix == 0 ? ~std::uint32_t{0} : std::uint32_t{1} << (32 - prefix);
}

bool Ipv4Range::contains(Ipv4 address) const {
  return (address.value & mask_of(prefix)) == first.value;
}

std::string to_string(const Ipv4Range& range) {
  return to_string(range.first) + "/" + std::to_string(range.prefix);
}

std::optional<Ipv4Range> parse_ipv4_range(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::optional<Ipv4> first = parse_ipv4(text.substr(0, slash));
  const std::optional<std::int64_t> prefix = parse_int(text.substr(slash + 1));
  if (!first || !prefix || *prefix < 0 || *prefix > 32) return std::nullopt;
  const Ipv4Range range{*first, static_cast<std::uint8_t>(*prefix)};
  if ((first->value & ~mask_of(range.prefix)) != 0) return std::nullopt;
  return range;
}

}  // namespace tidegate::link
