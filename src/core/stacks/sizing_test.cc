#include "core/stacks/sizing.h"

#include <doctest/doctest.h>

#include "core/stacks/plan_fixture.h"

namespace tidegate::stacks {
namespace {

/// One group of `max` instances of `type`, and a second of `max2` of `type2` when that is not 0.
std::string groups_of(int max,
                      const std::string& type,
                      int max2 = 0,
                      const std::string& type2 = "t3.large",
                      const std::string& explicit_types = "") {
  std::string text = "Metadata: { Tidegate: { Images: { ami-1: { Process: { Layers: [host] } } }";
  if (!explicit_types.empty()) {
    text += ", InstanceTypes: { " + explicit_types + " }";
  }
  text += " } }\nResources:\n";
  const auto add = [&](const std::string& id, int size, const std::string& name) {
    text += "  Lt" + id +
            ": { Type: AWS::EC2::LaunchTemplate, Properties: { LaunchTemplateData: { ImageId: "
            "ami-1, InstanceType: " +
            name + " } } }\n  Asg" + id +
            ": { Type: AWS::AutoScaling::AutoScalingGroup, Properties: { MinSize: 0, MaxSize: " +
            std::to_string(size) + ", AvailabilityZones: !GetAZs \"\", LaunchTemplate: { " +
            "LaunchTemplateId: !Ref Lt" + id + ", Version: $Latest } } }\n";
  };
  add("A", max, type);
  if (max2 > 0) {
    add("B", max2, type2);
  }
  return text;
}

StackContext host(double vcpus, std::int64_t memory_mib) {
  StackContext context = context_of_test();
  context.host_vcpus = vcpus;
  context.host_memory_mib = memory_mib;
  return context;
}

TEST_CASE("sizing: a stack that fits is not scaled; one CPU or one MiB less scales it") {
  const std::string text = groups_of(2, "t3.large");  // 2 x (2 vCPU, 8192 MiB)
  const auto fits = planned(text, host(4, 16384)).metadata;
  CHECK(fits.instance_scale == 1);
  CHECK(fits.instance_types.at("t3.large") == InstanceType{2, 8192, 68, 2, 8192});
  const auto cpu = planned(text, host(3, 16384)).metadata;
  CHECK(cpu.instance_scale == 0.75);
  CHECK(cpu.instance_types.at("t3.large") == InstanceType{1.5, 6144, 68, 2, 8192});
  const auto memory = planned(text, host(4, 4096)).metadata;
  CHECK(memory.instance_scale == 0.25);
  CHECK(memory.instance_types.at("t3.large") == InstanceType{0.5, 2048, 68, 2, 8192});
}

TEST_CASE("sizing: sizes are rounded down, so that MaxSize still fits") {
  const auto metadata = planned(groups_of(3, "t3.large"), host(2, 10000)).metadata;
  const InstanceType& type = metadata.instance_types.at("t3.large");
  CHECK(type.vcpus == 0.666);
  CHECK(type.memory_mib == 2730);
  CHECK(3 * type.vcpus <= 2);
  CHECK(3 * type.memory_mib <= 10000);
}

TEST_CASE("sizing: all groups count together; explicit sizes are taken as they are") {
  const auto both = planned(groups_of(1, "t3.large", 1, "t3.xlarge"), host(3, 100000)).metadata;
  CHECK(both.instance_scale == 0.5);
  CHECK(both.instance_types.at("t3.xlarge").vcpus == 2);
  const auto mixed =
      planned(
          groups_of(
              1, "t3.large", 2, "my.type", "my.type: { VCpus: 1, MemoryMiB: 64, MonthlyPrice: 7 }"),
          host(3, 100000))
          .metadata;
  CHECK(mixed.instance_scale == 0.5);
  CHECK(mixed.instance_types.at("t3.large").vcpus == 1);
  CHECK(mixed.instance_types.at("my.type") == InstanceType{1, 64, 7, 1, 64});
}

TEST_CASE("sizing: a price alone keeps the catalogue's size") {
  const auto metadata =
      planned(groups_of(1, "t3.micro", 0, "", "t3.micro: { MonthlyPrice: 5 }"), host(8, 8192))
          .metadata;
  CHECK(metadata.instance_types.at("t3.micro") == InstanceType{2, 1024, 5, 2, 1024});
}

TEST_CASE("sizing: a scale that is set is used as it is") {
  StackContext context = host(8, 65536);
  context.instance_scale = 0.5;
  const auto metadata = planned(groups_of(100, "t3.large"), context).metadata;
  CHECK(metadata.instance_scale == 0.5);
  CHECK(metadata.instance_types.at("t3.large").vcpus == 1);
}

TEST_CASE("sizing: an instance larger than the host is refused") {
  const std::string text = groups_of(1, "my.type", 0, "", "my.type: { VCpus: 2, MemoryMiB: 1024 }");
  CHECK(refusal(text, host(2, 1024)) == "none");
  const auto by_cpu = plan_stack(text, host(1.9, 1024));
  REQUIRE(!by_cpu.has_value());
  CHECK(by_cpu.error().code == ErrorCode::ResourceExhausted);
  CHECK(by_cpu.error().name == "InsufficientInstanceCapacity");
  CHECK(by_cpu.error().message ==
        "line 4, Resources.AsgA: one my.type (2 vCPU, 1024 MiB) is larger than this host (1.9 "
        "vCPU, 1024 MiB): give it less in Metadata.Tidegate.InstanceTypes");
  CHECK(refusal(text, host(2, 1023)) != "none");
}

TEST_CASE("sizing: explicit types that leave nothing for scaled ones are refused") {
  const std::string text =
      groups_of(1, "t3.large", 2, "my.type", "my.type: { VCpus: 2, MemoryMiB: 64 }");
  CHECK(refusal(text, host(4, 65536)).find("one t3.large (2 vCPU, 8192 MiB) is larger") !=
        std::string::npos);
  CHECK(refusal(text, host(4.5, 65536)) == "none");
}

TEST_CASE("sizing: a type scaled to one MiB fits; one scaled to no CPU at all does not") {
  StackContext context = host(8, 65536);
  context.instance_scale = 1.0 / 8192;
  const auto refused = plan_stack(groups_of(1, "t3.large"), context);
  REQUIRE_FALSE(refused.has_value());  // 1 MiB, but no CPU
  CHECK(refused.error().name == "InsufficientInstanceCapacity");
  context.instance_scale = 1.0 / 1024;
  CHECK(refusal(groups_of(1, "t3.micro"), context) == "none");  // 1 MiB of 1024, 0.001 CPU of 2
}

TEST_CASE("sizing: what the metadata says of a type of the catalogue goes before it") {
  const std::string explicit_type = "t3.large: { VCpus: 1, MemoryMiB: 512, MonthlyPrice: 5 }";
  const auto metadata = planned(groups_of(1, "t3.large", 0, "", explicit_type)).metadata;
  CHECK(metadata.instance_types.at("t3.large") == InstanceType{1, 512, 5, 2, 8192});
}

TEST_CASE("sizing: explicit types that exceed the host together scale nothing") {
  const std::string text = groups_of(10, "my.type", 0, "", "my.type: { VCpus: 1, MemoryMiB: 64 }");
  CHECK(planned(text, host(4, 16384)).metadata.instance_scale == 1);
}

TEST_CASE("sizing: a group counts with the version of the launch template that it names") {
  auto resources = planned(groups_of(2, "t3.large")).resources;
  groups::AutoScalingGroup* group = nullptr;
  for (auto& resource : resources) {
    if (auto* launch_template = std::get_if<groups::LaunchTemplate>(&resource.properties)) {
      launch_template->versions.push_back(launch_template->versions.front());
      launch_template->versions.back().number = 2;
      launch_template->versions.back().instance_type = "t3.micro";
    } else if (auto* found = std::get_if<groups::AutoScalingGroup>(&resource.properties)) {
      group = found;
    }
  }
  REQUIRE(group != nullptr);
  const auto scale_of = [&](const std::string& version) {
    group->launch_template.version = version;
    const auto sizing = size_instance_types(resources, {}, host(8, 8192));
    REQUIRE(sizing.has_value());
    return sizing->scale;
  };
  CHECK(scale_of("1") == 0.5);  // two of 8192 MiB
  CHECK(scale_of("$Default") == 0.5);
  CHECK(scale_of("2") == 1);
  CHECK(scale_of("$Latest") == 1);
}

TEST_CASE("sizing: groups of no instances ask for nothing") {
  CHECK(planned(groups_of(0, "t3.large"), host(8, 16384)).metadata.instance_scale == 1);
}

}  // namespace
}  // namespace tidegate::stacks
