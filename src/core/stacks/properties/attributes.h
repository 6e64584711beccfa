// Lists of {Key, Value}, as load balancers and target groups have their attributes.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/time.h"
#include "core/stacks/properties/reader.h"

namespace tidegate::stacks::properties {

using Attributes = std::map<std::string, std::string>;

/// Complains about a key that is there twice.
Attributes read_attributes(Reader& reader, const std::string& property);

/// An attribute that is acted on in one way only.
struct FixedAttribute {
  std::string_view key;
  std::string_view value;
};

/// Complains about attributes other than `acted_on`, unless `fixed` has them with their value.
void check_attributes(Reader& reader,
                      const std::string& property,
                      const Attributes& attributes,
                      std::span<const std::string_view> acted_on,
                      std::span<const FixedAttribute> fixed);

/// A number of seconds, complaining when out of range; absent when it is not given.
std::optional<Duration> seconds_attribute(Reader& reader,
                                          const std::string& property,
                                          const Attributes& attributes,
                                          const std::string& key,
                                          Range<std::int32_t> range);

/// Four decimal numbers 0..255 without leading zeros.
bool is_ipv4(std::string_view text);

}  // namespace tidegate::stacks::properties
