#include "core/stacks/properties/launch_data.h"

#include <algorithm>

#include <doctest/doctest.h>

namespace tidegate::stacks::properties {

TEST_CASE("launch data: what is the case here may be said, nothing else") {
  CHECK(fact_error("MetadataOptions", "HttpTokens", "required").empty());
  CHECK(fact_error("MetadataOptions", "HttpTokens", "optional") ==
        "'optional' is not what is the case here; valid: required");
  CHECK(fact_error("Monitoring", "Enabled", "true").empty());
  CHECK(fact_error("Monitoring", "Enabled", "false").empty());
  CHECK(fact_error("Monitoring", "Enabled", "") ==
        "'' is not what is the case here; valid: true, false");
  CHECK(fact_error("MetadataOptions", "HttpPutResponseHopLimit", "7").empty());
  CHECK(fact_error("EbsOptimized", "", "false").empty());
  CHECK(fact_error("EbsOptimized", "", "true") ==
        "'true' is not what is the case here; valid: false");
  CHECK(fact_error("BlockDeviceMappings", "Ebs.VolumeSize", "8") ==
        "is not built: nothing here acts on it");
  CHECK(fact_error("Monitoring", "", "true") == "is not built: nothing here acts on it");
}

TEST_CASE("launch data: members are known with their facts, ordered, each once") {
  CHECK(has_facts("Placement"));
  CHECK_FALSE(has_facts("KeyName"));
  CHECK(valid_values("CapacityReservationSpecification", "CapacityReservationPreference") ==
        std::vector<std::string>{"open", "none"});
  CHECK(valid_values("KeyName", "").empty());
  const auto facts = host_facts();
  const auto before = [](const HostFact& a, const HostFact& b) {
    return a.member != b.member ? a.member < b.member : a.leaf < b.leaf;
  };
  CHECK(std::adjacent_find(facts.begin(), facts.end(), [&](const auto& a, const auto& b) {
          return !before(a, b);
        }) == facts.end());
}

}  // namespace tidegate::stacks::properties
