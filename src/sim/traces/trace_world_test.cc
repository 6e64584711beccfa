#include "sim/traces/trace_world.h"

#include <doctest/doctest.h>

#include "sim/group_template.h"

namespace tidegate::traces {
namespace {

/// A wave between a tenth and four instances' worth, a minute a bucket.
Trace wave(std::int32_t length) {
  std::string text = "# trace: wave\n# step_s: 60\n# start: 2026-03-01T00:00:00\n";
  for (std::int32_t i = 0; i < length; ++i) {
    const std::int32_t place = i % 40;
    const std::int32_t height = place < 20 ? place : 40 - place;
    text += std::to_string(600 + height * 900 + (i * 7919) % 500) + "\n";
  }
  return *parse_trace("wave.txt", text);
}

Plan plan_for(const sim::GroupOptions& options) {
  Plan plan;
  plan.template_text = sim::make_template(options);
  plan.group = groups::GroupName{sim::kGroupName};
  plan.seed = 3;
  return plan;
}

struct Ran {
  Outcome outcome;
  std::vector<std::string> ledger;
};

Ran run(const Plan& plan, const Trace& trace) {
  Ran ran;
  Sinks sinks;
  sinks.ledger = [&ran](const engine::LedgerEntry& entry) {
    ran.ledger.push_back(engine::to_json_line(entry));
  };
  auto outcome = run_trace(plan, trace, sinks);
  REQUIRE_MESSAGE(outcome.has_value(), (outcome ? "" : outcome.error().message));
  ran.outcome = std::move(*outcome);
  return ran;
}

void check_same(Plan plan, const Trace& trace) {
  plan.stepping = Stepping::SkipQuiet;
  const Ran quick = run(plan, trace);
  plan.stepping = Stepping::EveryTick;
  const Ran slow = run(plan, trace);
  REQUIRE(quick.ledger.size() > 10);
  const std::size_t both = std::min(quick.ledger.size(), slow.ledger.size());
  for (std::size_t i = 0; i < both; ++i) {
    REQUIRE(quick.ledger[i] == slow.ledger[i]);
  }
  CHECK(quick.ledger.size() == slow.ledger.size());
  CHECK(quick.outcome.scores == slow.outcome.scores);
  CHECK(quick.outcome.decisions.size() == slow.outcome.decisions.size());
  CHECK(quick.outcome.whole_ticks * 10 < slow.outcome.whole_ticks);
}

TEST_CASE("trace world: skipping what is quiet gives the ledger and scores of every tick") {
  sim::GroupOptions options;
  options.max = 6;
  SUBCASE("fast") {}
  SUBCASE("fast, at MinSize 2 and MaxSize 3") {
    options.min = 2;
    options.max = 3;
  }
  SUBCASE("aws timing") {
    options.timing = "aws";
    options.warmup = 120;
  }
  SUBCASE("a long warm-up") {
    options.warmup = 90;
  }
  check_same(plan_for(options), wave(options.timing == "aws" ? 120 : 60));
}

TEST_CASE("trace world: slow and uncertain starts are the same too") {
  sim::GroupOptions options;
  options.max = 6;
  options.launch_timeout = 300;
  Plan plan = plan_for(options);
  plan.simulation.boot = {stacks::BootTime::Shape::LogNormal, 30, 0.4};
  check_same(plan, wave(60));
}

}  // namespace
}  // namespace tidegate::traces
