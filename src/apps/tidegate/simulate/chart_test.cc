#include "apps/tidegate/simulate/chart.h"

#include <doctest/doctest.h>

#include "base/xml.h"

namespace tidegate::apps {
namespace {

TEST_CASE("chart: ticks of values are round, and reach over the most") {
  CHECK(even_ticks(87, 5) == std::vector<double>{0, 20, 40, 60, 80, 100});
  CHECK(even_ticks(3.2, 5) == std::vector<double>{0, 1, 2, 3, 4});
  CHECK(even_ticks(1800, 3) == std::vector<double>{0, 1000, 2000});
  CHECK(even_ticks(0, 5).size() >= 2);
}

TEST_CASE("chart: ticks of time stand at round times of the day") {
  const Instant begin = *parse_iso8601("2026-03-01T21:30:00Z");
  const auto hours = time_ticks(begin, std::chrono::minutes{270}, 10);
  REQUIRE(hours.size() == 10);
  CHECK(hours[0].at == Duration{0});
  CHECK(hours[0].label == "21:30");
  CHECK(hours[5].label == "03-02");  // midnight
  const auto days = time_ticks(begin, std::chrono::hours{24 * 87}, 10);
  REQUIRE_FALSE(days.empty());
  CHECK(days.size() <= 10);
  CHECK(days[0].label.size() == 10);
}

TEST_CASE("chart: lengths and large numbers as people write them") {
  CHECK(length_text(std::chrono::seconds{40}) == "40 s");
  CHECK(length_text(std::chrono::minutes{58}) == "58 min");
  CHECK(length_text(std::chrono::hours{47}) == "47 h");
  CHECK(length_text(std::chrono::hours{24 * 87 + 1}) == "87 d 1 h");
  CHECK(with_commas(7) == "7");
  CHECK(with_commas(1352804107) == "1,352,804,107");
  CHECK(with_commas(-12345) == "-12,345");
}

Simulated flat_run(std::string name) {
  Simulated run;
  run.name = std::move(name);
  run.subject.group.name = groups::GroupName{"web"};
  run.subject.instance_type = "t3.large";
  run.subject.monthly_price = 73;
  run.outcome.begin = *parse_iso8601("2026-03-01T00:00:00Z");
  run.outcome.chart_step = std::chrono::minutes{1};
  run.outcome.chart.assign(60, {120, 3, 2, 2, 1});
  run.outcome.min_size = 1;
  run.outcome.max_size = 3;
  run.outcome.decisions = {{run.outcome.begin + std::chrono::minutes{5}, 2, 3, "why"}};
  run.outcome.scores.instance_hours = 20;
  run.outcome.scores.oracle_hours = 10;
  run.outcome.scores.static_hours = 40;
  run.outcome.scores.static_instances = 4;
  return run;
}

TEST_CASE("chart: one panel for each template, with titles, units, legend and limits") {
  SimulationReport report;
  report.trace.name = "a <trace> & more";
  report.runs = {flat_run("one.yaml"), flat_run("two.yaml")};
  const std::string svg = chart_svg(report);
  CHECK(parse_xml(svg).has_value());
  for (const char* word : {"one.yaml under a &lt;trace&gt; &amp; more",
                           "two.yaml",
                           "requests/s",
                           "instances needed",
                           "missing",
                           "MaxSize 3",
                           "time (UTC)"}) {
    CAPTURE(word);
    CHECK(svg.find(word) != std::string::npos);
  }
}

TEST_CASE("report: costs and ratios stand beside each other; no price is no cost") {
  SimulationReport report;
  report.runs = {flat_run("one.yaml"), flat_run("two.yaml")};
  report.runs[1].subject.monthly_price = 0;
  const std::string text = report_text(Paint::Plain, report);
  CHECK(text.find("$2.00") != std::string::npos);  // 20 h at 73 / 730
  CHECK(text.find("x 2.00 of 10.0") != std::string::npos);
  CHECK(text.find("x 0.50 of 40.0 (4)") != std::string::npos);
  const Json json = report_json(report);
  CHECK(json["Templates"].items()[0]["Scores"]["Cost"].number_or(0) == doctest::Approx(2));
  CHECK(json["Templates"].items()[1]["Scores"].find("Cost") == nullptr);
  CHECK(json["Templates"].items()[0]["Decisions"].items().size() == 1);
}

}  // namespace
}  // namespace tidegate::apps
