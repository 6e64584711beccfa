#include <algorithm>
#include <cstdint>

#include "base/text.h"
#include "core/stacks/language/problem.h"
#include "core/stacks/network.h"
#include "core/stacks/resources.h"

namespace tidegate::stacks {
namespace {

constexpr std::size_t kSuffixLength = 12;

/// FNV-1a, then the finish of splitmix64, so that near texts differ in all bits.
std::uint64_t hash_of(std::string_view text, std::uint64_t seed) {
  std::uint64_t hash = 0xcbf29ce484222325U ^ seed;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  }
  hash = (hash ^ (hash >> 30U)) * 0xbf58476d1ce4e5b9U;
  hash = (hash ^ (hash >> 27U)) * 0x94d049bb133111ebU;
  return hash ^ (hash >> 31U);
}

std::string hex_of(std::uint64_t value) {
  std::string bytes;
  for (unsigned shift = 64; shift > 0; shift -= 8) {
    bytes.push_back(static_cast<char>((value >> (shift - 8)) & 0xFFU));
  }
  return hex_encode(bytes);
}

}  // namespace

std::string name_of(Subject& subject,
                    const std::string& property,
                    const std::string& existing,
                    std::size_t max_length) {
  if (auto given = subject.properties.text(property)) {
    if (given->size() > max_length) {
      subject.properties.complain(property,
                                  "has more than " + std::to_string(max_length) + " characters");
    }
    return *std::move(given);
  }
  if (!existing.empty()) {
    return existing;
  }
  const StackContext& context = subject.world.context;
  std::string head = context.stack_name.value + "-" + subject.id.value;
  head.resize(std::min(head.size(), max_length - kSuffixLength - 1));
  return head + "-" + context.new_id(IdKind::Suffix);
}

void check_balancing_name(properties::Reader& reader, const std::string& name) {
  const bool characters = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  });
  if (!characters || name.front() == '-' || name.back() == '-') {
    reader.complain("Name", "'" + name + "' must have letters, digits and inner hyphens only");
  } else if (name.starts_with("internal-")) {
    reader.complain("Name", "must not begin with internal-");
  }
}

std::string metadata_key(const Subject& subject, const std::string& name_property) {
  // The reader has been asked for the name; a text is all it can be here.
  const auto name = subject.properties.has(name_property)
                        ? properties::Reader{subject.properties}.text(name_property)
                        : std::nullopt;
  return name.value_or(subject.id.value);
}

std::string existing_id(const Subject& subject) {
  const auto& ids = subject.world.context.physical_ids;
  const auto found = ids.find(subject.id);
  return found == ids.end() ? std::string{} : found->second;
}

std::string arn(const StackContext& context, std::string_view service, const std::string& rest) {
  return "arn:aws:" + std::string{service} + ":" + context.region + ":" + context.account_id + ":" +
         rest;
}

std::string short_id(const StackContext& context) {
  std::string id = context.new_id(IdKind::Uuid);
  std::erase(id, '-');
  id.resize(16, '0');
  return id;
}

std::string uuid_of(std::string_view text) {
  std::string hex = hex_of(hash_of(text, 1)) + hex_of(hash_of(text, 2));
  hex[12] = '4';  // the version and variant of a random UUID, for clients that look
  hex[16] = 'a';
  return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" +
         hex.substr(16, 4) + "-" + hex.substr(20);
}

std::string arn_part(const std::string& arn, std::size_t index) {
  const std::vector<std::string> parts = split(arn, '/');
  return index < parts.size() ? parts[index] : std::string{};
}

std::vector<std::string> zones_of_subnets(Subject& subject,
                                          const std::string& property,
                                          const std::vector<std::string>& subnets) {
  const auto& known = subject.world.metadata.subnet_zones;
  const auto defaults = default_subnets(subject.world.context.region);
  std::vector<std::string> zones;
  for (const std::string& subnet : subnets) {
    const auto found = known.find(subnet);
    if (found != known.end()) {
      zones.push_back(found->second);
      continue;
    }
    if (const auto standard = defaults.find(subnet); standard != defaults.end()) {
      zones.push_back(standard->second);
      continue;
    }
    std::vector<std::string> names;
    for (const auto& [name, zone] : known) {
      names.push_back(name);
    }
    subject.properties.complain(property,
                                "unknown subnet '" + subnet +
                                    "': Metadata.Tidegate.Subnets must give its Zone" +
                                    (names.empty() ? "" : language::suggestion(subnet, names)));
  }
  return zones;
}

}  // namespace tidegate::stacks
