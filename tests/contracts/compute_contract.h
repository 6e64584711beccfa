// What every ports::Compute promises, as tests. A file per implementation gives a harness and calls
// compute_contract() in one TEST_CASE.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "ports/compute.h"

namespace tidegate::contracts {

class ComputeHarness {
 public:
  ComputeHarness() = default;
  ComputeHarness(const ComputeHarness&) = delete;
  ComputeHarness& operator=(const ComputeHarness&) = delete;
  virtual ~ComputeHarness() = default;

  virtual ports::Compute& compute() = 0;
  /// Lets 10 ms pass.
  virtual void pass_time() = 0;
};

using ComputeHarnessFactory = std::function<std::unique_ptr<ComputeHarness>()>;

inline constexpr int kComputePatience = 3000;  // of 10 ms

/// An instance that runs until it is stopped.
inline ports::LaunchSpec launch_spec(const std::string& id) {
  ports::LaunchSpec spec;
  spec.id = groups::InstanceId{id};
  spec.group_name = "g";
  spec.zone = "eu-west-2a";
  spec.image_id = "ami-1";
  spec.image.layers = {"host"};
  spec.instance_type = "t3.nano";
  spec.size = {0.2, 64};
  spec.user_data = "#!/bin/bash\necho up\nexec sleep 1000\n";
  spec.port = 8000;
  return spec;
}

inline std::optional<ports::InstanceObservation> seen(ComputeHarness& harness,
                                                      const std::string& id) {
  for (ports::InstanceObservation& one : harness.compute().snapshot()) {
    if (one.id.value == id) return std::move(one);
  }
  return std::nullopt;
}

/// Waits until the condition holds of the instance (or of its absence); fails at the deadline.
template <typename Condition>
std::optional<ports::InstanceObservation> wait_seen(ComputeHarness& harness,
                                                    const std::string& id,
                                                    Condition condition) {
  for (int i = 0; i < kComputePatience; ++i) {
    auto one = seen(harness, id);
    if (condition(one)) return one;
    harness.pass_time();
  }
  const auto last = seen(harness, id);
  INFO((last ? last->failure + " " + last->console_tail : std::string{"absent"}));
  FAIL("not within the deadline");
  return last;
}

inline auto in_phase(ports::InstancePhase phase) {
  return [phase](const std::optional<ports::InstanceObservation>& one) {
    return one && one->phase == phase;
  };
}

inline auto is_absent() {
  return [](const std::optional<ports::InstanceObservation>& one) { return !one.has_value(); };
}

inline void launch_and_kill(ComputeHarness& harness) {
  using ports::InstancePhase;
  ports::Compute& compute = harness.compute();
  CHECK(compute.snapshot().empty());
  compute.launch(launch_spec("i-2"));
  compute.launch(launch_spec("i-1"));
  const auto first = wait_seen(harness, "i-1", in_phase(InstancePhase::Running));
  const auto second = wait_seen(harness, "i-2", in_phase(InstancePhase::Running));
  CHECK(first->process_alive);
  CHECK(first->port == 8000);
  CHECK(first->cpu_quota == doctest::Approx(0.2));
  CHECK_FALSE(first->address.empty());
  CHECK(first->address != second->address);
  CHECK(first->failure.empty());
  CHECK_FALSE(first->user_data_exit_status);
  const auto all = compute.snapshot();
  REQUIRE(all.size() == 2);
  CHECK(all[0].id.value == "i-1");
  CHECK(all[1].id.value == "i-2");
  compute.kill(groups::InstanceId{"i-1"});
  wait_seen(harness, "i-1", is_absent());
  CHECK(seen(harness, "i-2")->phase == InstancePhase::Running);
  compute.kill(groups::InstanceId{"i-2"});
  wait_seen(harness, "i-2", is_absent());
}

inline void is_idempotent(ComputeHarness& harness) {
  using ports::InstancePhase;
  ports::Compute& compute = harness.compute();
  compute.launch(launch_spec("i-1"));
  const auto first = wait_seen(harness, "i-1", in_phase(InstancePhase::Running));
  compute.launch(launch_spec("i-1"));
  harness.pass_time();
  CHECK(compute.snapshot().size() == 1);
  CHECK(seen(harness, "i-1")->address == first->address);
  compute.stop(groups::InstanceId{"i-unknown"});
  compute.kill(groups::InstanceId{"i-unknown"});
  compute.kill(groups::InstanceId{"i-1"});
  compute.kill(groups::InstanceId{"i-1"});
  wait_seen(harness, "i-1", is_absent());
  compute.launch(launch_spec("i-1"));
  wait_seen(harness, "i-1", in_phase(InstancePhase::Running));
  compute.kill(groups::InstanceId{"i-1"});
  wait_seen(harness, "i-1", is_absent());
}

inline void stop_is_no_restart(ComputeHarness& harness) {
  using ports::InstancePhase;
  ports::Compute& compute = harness.compute();
  compute.launch(launch_spec("i-1"));
  wait_seen(harness, "i-1", in_phase(InstancePhase::Running));
  compute.stop(groups::InstanceId{"i-1"});
  compute.stop(groups::InstanceId{"i-1"});
  const auto stopped = wait_seen(harness, "i-1", in_phase(InstancePhase::Exited));
  CHECK_FALSE(stopped->process_alive);
  CHECK(stopped->incarnation == 0);
  CHECK_FALSE(stopped->status_check_failed);
  compute.kill(groups::InstanceId{"i-1"});
  wait_seen(harness, "i-1", is_absent());
}

inline void knows_its_limits(ComputeHarness& harness) {
  ports::Compute& compute = harness.compute();
  CHECK(compute.capacity().vcpus >= 1);
  CHECK(compute.capacity().memory_mib >= 64);
  CHECK(compute.check_image({{"host"}}));
  const Status image = compute.check_image({{"host", "/missing/layer"}});
  REQUIRE_FALSE(image);
  CHECK(image.error().name == "InvalidAMIID.NotFound");
  CHECK(image.error().message.find("/missing/layer") != std::string::npos);
  CHECK(compute.console(groups::InstanceId{"i-none"}, 0, 100).error().code == ErrorCode::NotFound);
}

inline void compute_contract(const ComputeHarnessFactory& factory) {
  SUBCASE("launches, tells by id, and leaves nothing after kill") {
    launch_and_kill(*factory());
  }
  SUBCASE("an id is launched once, unknown ones are nothing") {
    is_idempotent(*factory());
  }
  SUBCASE("stop ends the processes and nothing restarts them") {
    stop_is_no_restart(*factory());
  }
  SUBCASE("knows its capacity and refuses what is missing") {
    knows_its_limits(*factory());
  }
}

}  // namespace tidegate::contracts
