// What image ids and types mean in a home, what fits, and what keeps a group from launching.
#include "engine/fleet/fleet.h"

#include "engine/state_fixture.h"

namespace tidegate::engine {
namespace {

using Layers = std::vector<std::string>;

struct Home : StateBench {
  stacks::TidegateMetadata& stack(const std::string& name,
                                  stacks::Status status = stacks::Status::CreateComplete) {
    auto& made = model.stacks[stacks::StackName{name}];
    made.name = stacks::StackName{name};
    made.status = status;
    return made.metadata;
  }
  std::optional<stacks::InstanceType> size(const std::string& type,
                                           std::int32_t instances = 1,
                                           const std::string& stack = "") {
    return size_of(model, stacks::StackName{stack}, type, instances);
  }
};

stacks::InstanceType type_of(double vcpus, std::int64_t memory_mib) {
  stacks::InstanceType type;
  type.vcpus = vcpus;
  type.memory_mib = memory_mib;
  return type;
}

}  // namespace

TEST_CASE_FIXTURE(Home,
                  "catalogue: images are what the stacks that exist declare, and the host's") {
  CHECK(images_of(model).size() == 1);
  CHECK(images_of(model).at(kHostImage).layers == Layers{"host"});
  stack("a").images = {{"ami-1", {{"one"}}}, {"ami-none", {}}};
  stack("b").images = {{"ami-1", {{"other"}}}, {"ami-2", {{"two"}}}};
  stack("gone", stacks::Status::DeleteComplete).images = {{"ami-3", {{"three"}}}};
  const auto images = images_of(model);
  CHECK(images.size() == 3);
  CHECK(images.at("ami-1").layers == Layers{"one"});
  CHECK(images.at("ami-2").layers == Layers{"two"});
  CHECK(images.contains(kHostImage));
}

TEST_CASE_FIXTURE(Home, "catalogue: what a stack says itself wins, then what any stack says") {
  stack("a").images = {{"ami-1", {{"one"}}}};
  stack("b").images = {{"ami-1", {{"other"}}}, {"ami-2", {{"two"}}}};
  CHECK(image_of(model, stacks::StackName{"b"}, "ami-1")->layers == Layers{"other"});
  CHECK(image_of(model, stacks::StackName{"a"}, "ami-2")->layers == Layers{"two"});
  CHECK(image_of(model, {}, "ami-1")->layers == Layers{"one"});
  CHECK_FALSE(image_of(model, {}, "ami-3").has_value());
}

TEST_CASE_FIXTURE(Home,
                  "catalogue: a declared size wins over the catalogue's, the stack's own first") {
  stack("a").instance_types = {{"t3.micro", type_of(0.25, 64)}};
  stack("b").instance_types = {{"t3.micro", type_of(0.5, 128)}, {"our.own", type_of(3, 7)}};
  stack("gone", stacks::Status::DeleteComplete).instance_types = {{"old.own", type_of(1, 1)}};
  CHECK(size("t3.micro")->vcpus == 0.25);
  CHECK(size("t3.micro", 1, "b")->memory_mib == 128);
  CHECK(size("t3.micro", 1, "c")->memory_mib == 64);
  CHECK(size("our.own", 1, "a")->vcpus == 3);
  CHECK_FALSE(size("old.own").has_value());
  CHECK(size("old.own", 1, "gone").has_value());  // while its last instances end
}

TEST_CASE_FIXTURE(Home, "catalogue: a catalogue's size is scaled so that so many fit this host") {
  const auto check = [this](std::int32_t instances, double vcpus, std::int64_t memory_mib) {
    CAPTURE(instances);
    const auto found = size("t3.large", instances);  // 2 vCPUs and 8192 MiB, on 8 and 4096
    REQUIRE(found.has_value());
    CHECK(found->vcpus == doctest::Approx(vcpus));
    CHECK(found->memory_mib == memory_mib);
    CHECK(found->catalogue_vcpus == 2);
    CHECK(found->catalogue_memory_mib == 8192);
    CHECK(found->monthly_price == 68);
  };
  check(0, 1, 4096);
  check(1, 1, 4096);
  check(2, 0.5, 2048);
  check(3, 0.333, 1365);  // down, to a thousandth of a CPU and a MiB
  model.host_memory_mib = 1 << 20;
  check(4, 2, 8192);  // never more than it is
  check(5, 1.6, 6553);
  model.instance_scale = 0.1;
  check(5, 0.2, 819);
  CHECK_FALSE(size("t3.tiny").has_value());
}

TEST_CASE_FIXTURE(Home, "catalogue: zones are the region's three, and those of subnets") {
  stack("a").subnet_zones = {{"subnet-a", "eu-west-2d"}, {"subnet-b", "eu-west-2b"}};
  stack("gone", stacks::Status::DeleteComplete).subnet_zones = {{"subnet-z", "eu-west-2z"}};
  CHECK(zones_of(model) ==
        std::vector<std::string>{"eu-west-2a", "eu-west-2b", "eu-west-2c", "eu-west-2d"});
  CHECK(subnet_zones(model).at("subnet-a") == "eu-west-2d");
  CHECK_FALSE(subnet_zones(model).contains("subnet-z"));
}

TEST_CASE("room: as many fit as the scarcer of CPUs and memory has room for") {
  const auto half = type_of(0.5, 256);
  CHECK(how_many_fit(half, {1, 10'000}) == 2);
  CHECK(how_many_fit(half, {0.999, 10'000}) == 1);
  CHECK(how_many_fit(half, {100, 512}) == 2);
  CHECK(how_many_fit(half, {100, 511}) == 1);
  CHECK(how_many_fit(half, {-1, 512}) == 0);
  CHECK(how_many_fit(half, {100, -512}) == 0);
  CHECK(how_many_fit(type_of(0.1, 1), {0.3, 10'000}) == 3);  // 2.9999999999999996
  CHECK(how_many_fit(type_of(1e-9, 1), {8, std::int64_t{1} << 40}) == 1'000'000);
}

TEST_CASE("room: a size that is not known, or none, is no question of room") {
  CHECK_FALSE(how_many_fit(std::nullopt, {8, 4096}).has_value());
  CHECK_FALSE(how_many_fit(type_of(0, 256), {8, 4096}).has_value());
  CHECK_FALSE(how_many_fit(type_of(0.5, 0), {8, 4096}).has_value());
}

TEST_CASE_FIXTURE(Home,
                  "room: what exists takes its size, in groups and outside, until it is gone") {
  stack("a").instance_types = {{"our.own", type_of(0.5, 100)}};
  GroupModel& fleet = group();
  fleet.stack = stacks::StackName{"a"};
  fleet.group.max_size = 2;
  instance(fleet, "i-1").instance_type = "our.own";
  instance(fleet, "i-2", groups::LifecycleState::Terminating).instance_type = "t3.large";
  instance(fleet, "i-3").instance_type = "unheard.of";
  auto& lone = model.standalone[groups::InstanceId{"i-4"}].value;
  lone.instance.instance_type = "t3.large";
  auto& ended = model.standalone[groups::InstanceId{"i-5"}].value;
  ended.instance.instance_type = "t3.large";
  ended.terminated = now();
  const Room room = room_left(state);
  // t3.large: half of the host's memory for a group of two, a quarter outside.
  CHECK(room.vcpus == doctest::Approx(8 - 0.5 - 0.5 - 0.25));
  CHECK(room.memory_mib == 4096 - 100 - 2048 - 1024);
}

TEST_CASE_FIXTURE(Home, "room: what keeps a group from launching at all is said by name") {
  GroupModel& fleet = group();
  fleet.group.launch_template = {groups::LaunchTemplateId{"lt-1"}, "web", "2"};
  const std::string no_version = "The launch template web has no version 2 any more.";
  CHECK(launch_obstacle(model, fleet) == no_version);
  fleet.group.launch_template.name.clear();
  CHECK(launch_obstacle(model, fleet) == "The launch template lt-1 has no version 2 any more.");
  auto& versions = model.launch_templates[groups::LaunchTemplateId{"lt-1"}].versions;
  versions.emplace_back().number = 2;
  versions.back().image_id = "ami-1";
  CHECK(launch_obstacle(model, fleet) ==
        "The image ami-1 is not known any more: no stack of this home declares it.");
  versions.back().image_id = kHostImage;
  CHECK(launch_obstacle(model, fleet).empty());
}

}  // namespace tidegate::engine
