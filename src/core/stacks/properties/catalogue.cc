#include "core/stacks/properties/catalogue.h"

#include <array>
#include <cmath>
#include <span>

namespace tidegate::stacks::properties {
namespace {

struct Size {
  std::string_view name;
  double vcpus;
  double memory_gib;
  double units;  // price, in units of the family's smallest burstable or its large
};

constexpr auto kBurstable = std::to_array<Size>({
    {"nano", 2, 0.5, 1},
    {"micro", 2, 1, 2},
    {"small", 2, 2, 4},
    {"medium", 2, 4, 8},
    {"large", 2, 8, 16},
    {"xlarge", 4, 16, 32},
    {"2xlarge", 8, 32, 64},
});
constexpr auto kBurstable2 = std::to_array<Size>({
    {"nano", 1, 0.5, 1},
    {"micro", 1, 1, 2},
    {"small", 1, 2, 4},
    {"medium", 2, 4, 8},
    {"large", 2, 8, 16},
    {"xlarge", 4, 16, 32},
    {"2xlarge", 8, 32, 64},
});
// Memory of these is per vCPU and comes from the family.
constexpr auto kFixed = std::to_array<Size>({
    {"large", 2, 2, 1},
    {"xlarge", 4, 4, 2},
    {"2xlarge", 8, 8, 4},
    {"4xlarge", 16, 16, 8},
    {"8xlarge", 32, 32, 16},
    {"12xlarge", 48, 48, 24},
    {"16xlarge", 64, 64, 32},
    {"24xlarge", 96, 96, 48},
});
constexpr auto kFixedC5 = std::to_array<Size>({
    {"large", 2, 2, 1},
    {"xlarge", 4, 4, 2},
    {"2xlarge", 8, 8, 4},
    {"4xlarge", 16, 16, 8},
    {"9xlarge", 36, 36, 18},
    {"12xlarge", 48, 48, 24},
    {"18xlarge", 72, 72, 36},
    {"24xlarge", 96, 96, 48},
});
// Graviton families end at 16xlarge.
constexpr std::span<const Size> kFixedGraviton{kFixed.data(), 7};

struct Family {
  std::string_view name;
  double unit_price;        // per month
  double memory_per_entry;  // factor on Size::memory_gib
  std::span<const Size> sizes;
};

const std::array<Family, 17>& families() {
  static const std::array<Family, 17> table{{
      {"t2", 4.75, 1, kBurstable2},
      {"t3", 4.25, 1, kBurstable},
      {"t3a", 3.82, 1, kBurstable},
      {"t4g", 3.38, 1, kBurstable},
      {"m5", 80, 4, kFixed},
      {"m6i", 80, 4, kFixed},
      {"m6g", 64, 4, kFixedGraviton},
      {"m7g", 68, 4, kFixedGraviton},
      {"m7i", 84, 4, kFixed},
      {"c5", 73, 2, kFixedC5},
      {"c6i", 73, 2, kFixed},
      {"c6g", 58, 2, kFixedGraviton},
      {"c7i", 76, 2, kFixed},
      {"r5", 107, 8, kFixed},
      {"r6i", 107, 8, kFixed},
      {"r6g", 85, 8, kFixedGraviton},
      {"r7i", 112, 8, kFixed},
  }};
  return table;
}

CatalogueEntry entry_of(const Family& family, const Size& size) {
  return CatalogueEntry{size.vcpus,
                        std::llround(size.memory_gib * family.memory_per_entry * 1024),
                        family.unit_price * size.units};
}

}  // namespace

std::optional<CatalogueEntry> catalogue_entry(std::string_view instance_type) {
  for (const Family& family : families()) {
    for (const Size& size : family.sizes) {
      const std::size_t dot = family.name.size();
      if (instance_type.size() == dot + 1 + size.name.size() &&
          instance_type.starts_with(family.name) && instance_type[dot] == '.' &&
          instance_type.ends_with(size.name)) {
        return entry_of(family, size);
      }
    }
  }
  return std::nullopt;
}

std::vector<std::string> catalogue_names() {
  std::vector<std::string> names;
  for (const Family& family : families()) {
    for (const Size& size : family.sizes) {
      names.push_back(std::string{family.name} + "." + std::string{size.name});
    }
  }
  return names;
}

}  // namespace tidegate::stacks::properties
