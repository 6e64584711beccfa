#include "core/stacks/properties/attributes.h"

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "core/stacks/language/problem.h"

namespace tidegate::stacks::properties {

Attributes read_attributes(Reader& reader, const std::string& property) {
  Attributes attributes;
  for (Reader& item : reader.mappings(property)) {
    const auto key = item.required("Key").text("Key");
    const auto value = item.required("Value").text("Value");
    item.finish();
    if (key && value && !attributes.emplace(*key, *value).second) {
      item.complain("Key", "'" + *key + "' is there twice");
    }
  }
  return attributes;
}

void check_attributes(Reader& reader,
                      const std::string& property,
                      const Attributes& attributes,
                      std::span<const std::string_view> acted_on,
                      std::span<const FixedAttribute> fixed) {
  std::vector<std::string> known{acted_on.begin(), acted_on.end()};
  for (const FixedAttribute& attribute : fixed) {
    known.emplace_back(attribute.key);
  }
  for (const auto& [key, value] : attributes) {
    const auto one = std::find_if(fixed.begin(), fixed.end(), [&](const FixedAttribute& candidate) {
      return candidate.key == key;
    });
    if (one != fixed.end() && one->value != value) {
      reader.complain(
          property,
          key + ": '" + value + "' is not built; only " + std::string{one->value} + " is");
    } else if (one == fixed.end() &&
               std::find(acted_on.begin(), acted_on.end(), key) == acted_on.end()) {
      reader.complain(
          property,
          "attribute '" + key + "' is not acted on here" + language::suggestion(key, known));
    }
  }
}

std::optional<Duration> seconds_attribute(Reader& reader,
                                          const std::string& property,
                                          const Attributes& attributes,
                                          const std::string& key,
                                          Range<std::int32_t> range) {
  const auto found = attributes.find(key);
  if (found == attributes.end()) {
    return std::nullopt;
  }
  const auto value = parse_int(found->second);
  if (!value || *value < range.least || *value > range.most) {
    reader.complain(property,
                    key + " must be " + std::to_string(range.least) + " to " +
                        std::to_string(range.most) + " seconds, not '" + found->second + "'");
    return std::nullopt;
  }
  return std::chrono::seconds{*value};
}

bool is_ipv4(std::string_view text) {
  const std::vector<std::string> parts = split(text, '.');
  return parts.size() == 4 && std::all_of(parts.begin(), parts.end(), [](const std::string& part) {
           const auto value = parse_int(part);
           return value && *value >= 0 && *value <= 255 && part == std::to_string(*value);
         });
}

}  // namespace tidegate::stacks::properties
