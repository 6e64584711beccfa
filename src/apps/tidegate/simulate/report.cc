#include "apps/tidegate/simulate/report.h"

#include <cmath>
#include <functional>

#include "base/text.h"
#include "core/cost/price_book.h"
#include "sim/traces/capacity.h"

namespace tidegate::apps {
namespace {

using traces::Scores;

double ratio(double part, double whole) {
  return whole > 0 ? part / whole : 0;
}

double dollars(const Simulated& run, double instance_hours) {
  return instance_hours * cost::per_hour(run.subject.monthly_price);
}

std::string percent_text(double percent) {
  return format_fixed(percent, percent < 1 ? 3 : percent < 10 ? 2 : 1) + " %";
}

std::string hours_text(double hours) {
  return hours < 100 ? format_fixed(hours, hours < 1 ? 3 : 1) : with_commas(std::round(hours));
}

std::string dollars_text(const Simulated& run, double instance_hours) {
  return run.subject.monthly_price > 0 ? "$" + format_fixed(dollars(run, instance_hours), 2) : "-";
}

std::string span_text(Duration length) {
  const auto seconds = std::chrono::round<std::chrono::seconds>(length).count();
  return seconds < 120 ? std::to_string(seconds) + " s" : length_text(length);
}

struct Row {
  const char* label;
  std::function<std::string(const Simulated&)> value;
};

std::vector<Row> service_rows() {
  return {
      {"requests in bad time (p95 over the SLO)",
       [](const Simulated& r) { return percent_text(r.outcome.scores.bad_percent); }},
      {"requests turned away",
       [](const Simulated& r) { return percent_text(r.outcome.scores.dropped_percent); }},
      {"bad time",
       [](const Simulated& r) { return percent_text(r.outcome.scores.bad_time_percent); }},
      {"  longest without a break",
       [](const Simulated& r) { return span_text(r.outcome.scores.longest_bad); }},
      {"θU  missing instances, share of the need",
       [](const Simulated& r) { return percent_text(r.outcome.scores.theta_u); }},
      {"θO  spare instances, share of the need",
       [](const Simulated& r) { return percent_text(r.outcome.scores.theta_o); }},
      {"τU  time with too few",
       [](const Simulated& r) { return percent_text(r.outcome.scores.tau_u); }},
      {"τO  time with too many",
       [](const Simulated& r) { return percent_text(r.outcome.scores.tau_o); }},
      {"υ   minutes in which need and supply moved apart",
       [](const Simulated& r) { return percent_text(r.outcome.scores.upsilon); }},
      {"shortage-hours",
       [](const Simulated& r) { return hours_text(r.outcome.scores.shortage_hours); }},
      {"  worst shortage, instances",
       [](const Simulated& r) { return std::to_string(r.outcome.scores.worst_shortage); }},
  };
}

std::vector<Row> money_rows() {
  return {
      {"instance-hours",
       [](const Simulated& r) { return hours_text(r.outcome.scores.instance_hours); }},
      {"cost of instances",
       [](const Simulated& r) { return dollars_text(r, r.outcome.scores.instance_hours); }},
      {"  of the oracle's instance-hours",
       [](const Simulated& r) {
         const Scores& s = r.outcome.scores;
         return "x " + format_fixed(ratio(s.instance_hours, s.oracle_hours), 2) + " of " +
                hours_text(s.oracle_hours);
       }},
      {"  of a constant size for p99.9",
       [](const Simulated& r) {
         const Scores& s = r.outcome.scores;
         return "x " + format_fixed(ratio(s.instance_hours, s.static_hours), 2) + " of " +
                hours_text(s.static_hours) + " (" + std::to_string(s.static_instances) + ")";
       }},
      {"decisions", [](const Simulated& r) { return std::to_string(r.outcome.decisions.size()); }},
      {"launches", [](const Simulated& r) { return std::to_string(r.outcome.launches); }},
      {"jitter, instances per hour",
       [](const Simulated& r) { return format_fixed(r.outcome.scores.jitter_per_hour, 2); }},
  };
}

std::string head_text(const SimulationReport& report) {
  const traces::Trace& trace = report.trace;
  const Simulated& first = report.runs.front();
  std::string text =
      "Trace     " + trace.name + "\n          " + with_commas(report.trace_requests) + " requests";
  if (!trace.source.empty()) {
    text += "; " + trace.source;
  }
  text += "\n          from " + format_iso8601(first.outcome.begin) + " on; seed " +
          std::to_string(report.seed) + "; scored " + span_text(first.outcome.scores.scored) + "\n";
  for (const std::string& remark : trace.remarks) {
    text += "          " + remark + "\n";
  }
  return text;
}

std::string subject_text(const Simulated& run) {
  const stacks::Simulation& simulation = run.subject.simulation;
  const traces::Capacity capacity = traces::capacity_of(simulation);
  std::string policies;
  for (const auto& policy : run.subject.policies) {
    policies += (policies.empty() ? "" : ", ") + policy_text(policy);
  }
  const auto& group = run.subject.group;
  std::string text =
      run.name + "\n  group     " + group.name.value + " " + std::to_string(group.min_size) + ".." +
      std::to_string(group.max_size) + " of " + run.subject.instance_type + "; " + policies +
      "; timing " + std::string{to_string(group.timing)} + "\n  instance  " +
      std::to_string(simulation.workers) + " workers of " +
      format_double(simulation.service_time_ms) + " ms: " + format_fixed(capacity.saturated, 1) +
      " requests/s, " + format_fixed(capacity.within_slo, 1) + " with p95 within " +
      format_double(simulation.slo_ms) + " ms; starts in " + to_text(simulation.boot) +
      "\n  traffic   TraceScale " + format_double(simulation.trace_scale) + "\n";
  if (!simulation.defaulted.empty()) {
    text += "  defaults  " + join(simulation.defaulted, ", ") + "\n";
  }
  if (!run.outcome.left_alarms.empty()) {
    text += "  left out  the template's own alarms, which move no capacity: " +
            join(run.outcome.left_alarms, ", ") + "\n";
  }
  return text;
}

std::vector<std::vector<Cell>> table_of(const SimulationReport& report) {
  std::vector<std::vector<Cell>> rows;
  std::vector<Cell> head{{""}};
  for (const Simulated& run : report.runs) {
    head.push_back({run.name, Colour::Bold});
  }
  rows.push_back(std::move(head));
  const auto add = [&](const std::vector<Row>& part) {
    for (const Row& row : part) {
      std::vector<Cell> cells{{row.label}};
      for (const Simulated& run : report.runs) {
        cells.push_back({row.value(run)});
      }
      rows.push_back(std::move(cells));
    }
  };
  add(service_rows());
  add(money_rows());
  return rows;
}

Json scores_json(const Simulated& run) {
  const Scores& s = run.outcome.scores;
  Json json = Json::object({{"ScoredSeconds", seconds_of(s.scored)},
                            {"Requests", s.requests},
                            {"BadRequestPercent", s.bad_percent},
                            {"DroppedPercent", s.dropped_percent},
                            {"BadTimePercent", s.bad_time_percent},
                            {"LongestBadSeconds", seconds_of(s.longest_bad)},
                            {"ThetaU", s.theta_u},
                            {"ThetaO", s.theta_o},
                            {"TauU", s.tau_u},
                            {"TauO", s.tau_o},
                            {"Upsilon", s.upsilon},
                            {"JitterPerHour", s.jitter_per_hour},
                            {"ShortageHours", s.shortage_hours},
                            {"WorstShortage", s.worst_shortage},
                            {"InstanceHours", s.instance_hours},
                            {"OracleInstanceHours", s.oracle_hours},
                            {"RatioToOracle", ratio(s.instance_hours, s.oracle_hours)},
                            {"StaticInstances", s.static_instances},
                            {"StaticInstanceHours", s.static_hours},
                            {"RatioToStatic", ratio(s.instance_hours, s.static_hours)}});
  if (run.subject.monthly_price > 0) {
    json.set("Cost", dollars(run, s.instance_hours));
  }
  json.set("Launches", run.outcome.launches);
  return json;
}

Json simulation_json(const stacks::Simulation& simulation) {
  Json defaulted = Json::array();
  for (const std::string& key : simulation.defaulted) {
    defaulted.push(key);
  }
  return Json::object({{"ServiceTimeMs", simulation.service_time_ms},
                       {"Workers", simulation.workers},
                       {"BootSeconds", to_text(simulation.boot)},
                       {"SloMs", simulation.slo_ms},
                       {"TraceScale", simulation.trace_scale},
                       {"Defaults", std::move(defaulted)}});
}

Json run_json(const Simulated& run) {
  Json policies = Json::array();
  for (const auto& policy : run.subject.policies) {
    policies.push(Json::object({{"PolicyName", policy.name.value},
                                {"Metric", std::string{to_string(policy.metric)}},
                                {"TargetValue", policy.target_value}}));
  }
  Json decisions = Json::array();
  for (const traces::Decision& decision : run.outcome.decisions) {
    decisions.push(Json::object({{"At", format_iso8601_millis(decision.at)},
                                 {"From", decision.from},
                                 {"To", decision.to},
                                 {"Why", decision.why}}));
  }
  return Json::object({{"Template", run.name},
                       {"AutoScalingGroupName", run.subject.group.name.value},
                       {"Policies", std::move(policies)},
                       {"Simulation", simulation_json(run.subject.simulation)},
                       {"Scores", scores_json(run)},
                       {"Decisions", std::move(decisions)}});
}

}  // namespace

std::string length_text(Duration length) {
  const auto minutes = std::chrono::floor<std::chrono::minutes>(length).count();
  if (minutes < 2) {
    return std::to_string(std::chrono::floor<std::chrono::seconds>(length).count()) + " s";
  }
  if (minutes < 120) {
    return std::to_string(minutes) + " min";
  }
  const auto hours = minutes / 60;
  if (hours < 48) {
    return std::to_string(hours) + " h";
  }
  return std::to_string(hours / 24) + " d" +
         (hours % 24 > 0 ? " " + std::to_string(hours % 24) + " h" : "");
}

std::string with_commas(double whole) {
  const std::string digits = format_fixed(whole, 0);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0 && digits[i - 1] != '-') {
      text += ',';
    }
    text += digits[i];
  }
  return text;
}

std::string policy_text(const scaling::TargetTrackingPolicy& policy) {
  return std::string{to_string(policy.metric)} + " " + format_double(policy.target_value);
}

std::string report_text(Paint paint, const SimulationReport& report) {
  std::string text = head_text(report);
  for (const Simulated& run : report.runs) {
    text += subject_text(run);
  }
  return text + "\n" + table(paint, table_of(report));
}

Json report_json(const SimulationReport& report) {
  Json remarks = Json::array();
  for (const std::string& remark : report.trace.remarks) {
    remarks.push(remark);
  }
  Json runs = Json::array();
  for (const Simulated& run : report.runs) {
    runs.push(run_json(run));
  }
  return Json::object({{"Trace",
                        Json::object({{"Name", report.trace.name},
                                      {"Source", report.trace.source},
                                      {"Requests", report.trace_requests},
                                      {"Remarks", std::move(remarks)}})},
                       {"Seed", static_cast<std::int64_t>(report.seed)},
                       {"Templates", std::move(runs)}});
}

}  // namespace tidegate::apps
