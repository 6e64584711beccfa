#include <filesystem>

#include <doctest/doctest.h>

#include "base/json.h"
#include "base/text.h"
#include "base/yaml.h"
#include "core/stacks/plan_fixture.h"

namespace tidegate::stacks {
namespace {

std::string reference() {
  return file_text("examples/cnt/stack.yaml");
}

TEST_CASE("reference stack: resources in creation order, dependencies first") {
  std::vector<std::string> order;
  for (const PlannedResource& resource : planned(reference()).resources) {
    order.push_back(resource.logical_id.value);
  }
  CHECK(join(order, " ") ==
        "LoadBalancer TargetGroup Listener LaunchTemplate AutoScalingGroup ScalingPolicy CpuHigh "
        "CpuLow UnhealthyHosts ResponseTimeHigh");
}

}  // namespace
}  // namespace tidegate::stacks
