#include "sim/scenario.h"

#include <array>
#include <string>

#include <doctest/doctest.h>

#include "sim/storm.h"

namespace tidegate::sim {
namespace {

std::string error_of(const std::string& steps) {
  const auto scenario = parse_scenario("x.scenario", "name: n\npromises: p\n" + steps + "\n");
  return scenario ? std::string{} : scenario.error().message;
}

TEST_CASE("scenario: what cannot be read is named by file, line and what would be valid") {
  struct Case {
    const char* steps;
    const char* error;  // begins with
  };
  for (
      const Case& c : std::to_array<Case>({
          {"craete", "x.scenario:3: 'craete' is no step; did you mean 'create'?"},
          {"\nbamboozle", "x.scenario:4: 'bamboozle' is no step; valid are expect, try, create,"},
          {"color: red", "x.scenario:3: 'color:' is no header; valid are name:, promises:,"},
          {"group: maxx=3", "x.scenario:3: 'maxx=3' is no option of a group; did you mean 'max'?"},
          {"group: max=three", "x.scenario:3: 'max=three' is no option of a group; valid are"},
          {"seed: -1", "x.scenario:3: '-1' is no seed"},
          {"run 10", "x.scenario:3: '10' is no duration; valid are 250ms, 10s, 5m, 1h; usage: run"},
          {"run", "x.scenario:3: for how long?; usage: run DURATION"},
          {"load much", "x.scenario:3: 'much' is no share; valid are 30% or 0.3; usage: load"},
          {"lose some", "x.scenario:3: which instance? oldest, newest, random or all; usage: lose"},
          {"set-desired", "x.scenario:3: to how many?; usage: set-desired N"},
          {"store maybe", "x.scenario:3: on or off?; usage: store on|off"},
          {"crash after x", "x.scenario:3: for how long, or after how many operations?; usage:"},
          {"expect", "x.scenario:3: expect what?"},
          {"expect happiness = 3",
           "x.scenario:3: 'happiness' is nothing that can be expected; valid are settled, ledger,"},
          {"expect serving ~ 3",
           "x.scenario:3: after 'serving' comes one of = != < <= > >= and a number"},
          {"expect serving = 3 within soon", "x.scenario:3: 'soon' is no duration"},
          {"try craete", "x.scenario:3: 'craete' is no step"},
          {"# nothing", "x.scenario:4: there is no step"},
      })) {
    CAPTURE(c.steps);
    const std::string error = error_of(c.steps);
    CAPTURE(error);
    CHECK(error.starts_with(c.error));
  }
  CHECK(parse_scenario("x", "create\n").error().message ==
        "x:1: a scenario begins with 'name: …' and 'promises: …'");
}

TEST_CASE("scenario: headers, comments, quotes and options are read") {
  const auto scenario =
      parse_scenario("x",
                     "# first\nname: a b\npromises: c: d  \nseed: 9\n"
                     "group: min=2 max=4 desired=3 drain=start\n"
                     "create   # now\nexpect ledger \"in service i-\" within 5s\n");
  REQUIRE(scenario.has_value());
  CHECK(scenario->name == "a b");
  CHECK(scenario->promise == "c: d");
  CHECK(scenario->seed == 9);
  CHECK(scenario->options.min == 2);
  CHECK(scenario->options.max == 4);
  CHECK(scenario->options.desired == 3);
  CHECK(scenario->options.drain == "start");
  REQUIRE(scenario->steps.size() == 2);
  CHECK(scenario->steps[0].text == "create");
  CHECK(scenario->steps[1].line == 7);
  CHECK(run_scenario(*scenario, 9).failures.empty());
}

TEST_CASE("scenario: an expectation that fails says what is seen, by line, and stops the run") {
  const auto scenario = parse_scenario(
      "x", "name: n\npromises: p\ncreate\nexpect serving = 7 within 3s\nexpect launches = 9\n");
  REQUIRE(scenario.has_value());
  const ScenarioResult result = run_scenario(*scenario, 1);
  REQUIRE(result.failures.size() == 1);
  CHECK(result.failures[0] == "line 4: expect serving = 7 within 3s: it is 1");
  CHECK(result.simulated == std::chrono::seconds{3});
}

TEST_CASE("storm: a seed is always the same text, other seeds are others, and each can be read") {
  CHECK(make_storm(1, 3) == make_storm(1, 3));
  CHECK(make_storm(1, 3) != make_storm(2, 3));
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const auto scenario = parse_scenario("storm", make_storm(seed, 5));
    CAPTURE(seed);
    REQUIRE(scenario.has_value());
    CHECK(scenario->seed == seed);
  }
}

}  // namespace
}  // namespace tidegate::sim
