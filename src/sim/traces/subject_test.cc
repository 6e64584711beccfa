#include "sim/traces/subject.h"

#include <doctest/doctest.h>

#include "sim/group_template.h"

namespace tidegate::traces {
namespace {

TemplateText given(std::string text) {
  return {"t.yaml", "/t", std::move(text), {}, "eu-west-2"};
}

std::string error_of(const std::string& text, std::optional<std::string> group = std::nullopt) {
  const auto subject = read_subject(given(text), group);
  return subject ? std::string{} : subject.error().message;
}

std::string with_simulation(const std::string& simulation) {
  std::string text = sim::make_template({});
  const std::string mark = "    Timing: fast\n";
  return text.insert(text.find(mark), "    Simulation: " + simulation + "\n");
}

TEST_CASE("subject: the group with a policy, what it assumes of an instance, and its price") {
  const auto subject = read_subject(
      given(with_simulation("{ ServiceTimeMs: 80, Workers: 8, BootSeconds: { Median: 30, Sigma: "
                            "0.25 }, SloMs: 400, TraceScale: 2.5 }")),
      std::nullopt);
  REQUIRE_MESSAGE(subject.has_value(), (subject ? "" : subject.error().message));
  CHECK(subject->group.name.value == sim::kGroupName);
  REQUIRE(subject->policies.size() == 1);
  CHECK(subject->policies[0].target_value == 70);
  CHECK(subject->instance_type == "t3.large");
  CHECK(subject->monthly_price == 68);
  CHECK(subject->simulation.service_time_ms == 80);
  CHECK(subject->simulation.workers == 8);
  CHECK(subject->simulation.boot == stacks::BootTime{stacks::BootTime::Shape::LogNormal, 30, 0.25});
  CHECK(subject->simulation.slo_ms == 400);
  CHECK(subject->simulation.trace_scale == 2.5);
  CHECK(subject->simulation.defaulted.empty());
}

TEST_CASE("subject: defaults are named") {
  const auto none = read_subject(given(sim::make_template({})), std::nullopt);
  REQUIRE(none.has_value());
  CHECK(none->simulation == [] {
    stacks::Simulation simulation;
    simulation.defaulted = {"ServiceTimeMs", "Workers", "BootSeconds", "SloMs", "TraceScale"};
    return simulation;
  }());
  const auto some =
      read_subject(given(with_simulation("{ BootSeconds: { Min: 2, Max: 5 } }")), std::nullopt);
  REQUIRE(some.has_value());
  CHECK(some->simulation.boot == stacks::BootTime{stacks::BootTime::Shape::Uniform, 2, 3});
  CHECK(some->simulation.defaulted ==
        std::vector<std::string>{"ServiceTimeMs", "Workers", "SloMs", "TraceScale"});
}

TEST_CASE("subject: a template that cannot be simulated is refused by file and line") {
  sim::GroupOptions without_policy;
  without_policy.target = 0;
  const std::string no_policy = error_of(sim::make_template(without_policy));
  CAPTURE(no_policy);
  CHECK(no_policy.starts_with("t.yaml:"));
  CHECK(no_policy.find(": the Auto Scaling group 'web-asg' has no policy: nothing would change its "
                       "size; give it an AWS::AutoScaling::ScalingPolicy") != std::string::npos);
  CHECK(error_of(sim::make_template(without_policy), "web-asg").find("has no policy") !=
        std::string::npos);
  CHECK(error_of(sim::make_template({}), "other") ==
        "t.yaml: it has no Auto Scaling group 'other'; it has web-asg");
  CHECK(
      error_of("Resources:\n  T:\n    Type: AWS::EC2::LaunchTemplat\n").starts_with("t.yaml:3: "));
  CHECK(error_of(with_simulation("{ Worker: 2 }"))
            .find("unknown property 'Worker'; did you mean 'Workers'?") != std::string::npos);
  CHECK(error_of(with_simulation("{ SloMs: 20 }"))
            .find("an SloMs of 20 cannot be met: one request takes ServiceTimeMs, 20 ms") !=
        std::string::npos);
  CHECK(error_of(with_simulation("{ BootSeconds: { Min: 5, Max: 2 } }"))
            .find("2 is less than Min 5") != std::string::npos);
}

}  // namespace
}  // namespace tidegate::traces
