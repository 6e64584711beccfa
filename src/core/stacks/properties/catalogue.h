// Instance types as AWS sells them: real sizes, and prices close to what eu-west-2 asks on demand
// for a month of 720 hours, rounded. Values only; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::stacks::properties {

struct CatalogueEntry {
  double vcpus = 0;
  std::int64_t memory_mib = 0;
  double monthly_price = 0;  // USD
  bool operator==(const CatalogueEntry&) const = default;
};

/// Absent for a type that is not in the catalogue.
std::optional<CatalogueEntry> catalogue_entry(std::string_view instance_type);
std::vector<std::string> catalogue_names();

}  // namespace tidegate::stacks::properties
