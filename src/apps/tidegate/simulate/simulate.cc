#include "apps/tidegate/simulate/simulate.h"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <unistd.h>

#include "apps/tidegate/serve/recording_file.h"
#include "apps/tidegate/simulate/chart.h"
#include "apps/tidegate/simulate/report.h"
#include "apps/tidegate/verbs/connection.h"
#include "edge/api/front/gunzip.h"
#include "replay/replay.h"

namespace tidegate::apps {
namespace {

constexpr std::uintmax_t kMaxFileBytes = 512 * 1024 * 1024;  // unpacked
constexpr double kQuietSeconds = 2;  // CONTRACT: what takes longer shows progress
constexpr double kProgressSeconds = 5;

Result<std::string> read_file(const std::string& path, const char* what) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) {
    return Error{ErrorCode::NotFound,
                 "ValidationError",
                 "cannot read the " + std::string{what} + " '" + path + "': there is no such file"};
  }
  const Error too_large{ErrorCode::ResourceExhausted,
                        "ValidationError",
                        "the " + std::string{what} + " '" + path + "' is larger than 512 MiB"};
  if (std::filesystem::file_size(path, ignored) > kMaxFileBytes && !ignored) {
    return too_large;
  }
  std::ifstream file{path, std::ios::binary};
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) {
    return Error{ErrorCode::NotFound,
                 "ValidationError",
                 "cannot read the " + std::string{what} + " '" + path + "'"};
  }
  if (!text.view().starts_with("\x1f\x8b")) {
    return text.str();
  }
  auto unpacked = api::gunzip(text.view(), kMaxFileBytes);
  if (!unpacked) {
    return unpacked.error().code == ErrorCode::ResourceExhausted
               ? too_large
               : Error{ErrorCode::Corrupt,
                       "ValidationError",
                       "the " + std::string{what} + " '" + path + "' is no whole gzip file"};
  }
  return unpacked;
}

Status write_file(const std::string& path, const std::string& text) {
  std::ofstream file{path, std::ios::binary | std::ios::trunc};
  file << text;
  file.flush();
  if (!file) {
    return Error{ErrorCode::ResourceExhausted, "ValidationError", "cannot write '" + path + "'"};
  }
  return Ok{};
}

/// Lines on stderr, a few seconds apart; silent while everything is quick.
class ProgressLine {
 public:
  void show(const std::string& what, double share) {
    if (seconds_since(begin_) < kQuietSeconds || seconds_since(shown_) < kProgressSeconds) {
      return;
    }
    shown_ = monotonic_now();
    progress(what + ": " + std::to_string(static_cast<int>(std::floor(share * 100))) + " %");
  }

 private:
  MonotonicInstant begin_ = monotonic_now();
  MonotonicInstant shown_ = monotonic_now();
};

/// The ledger of one run on its way into a file.
class LedgerOut {
 public:
  explicit LedgerOut(const std::string& path) : path_(path) {
    if (!path_.empty()) {
      file_.open(path_, std::ios::binary | std::ios::trunc);
    }
  }
  traces::LedgerSink sink() {
    if (path_.empty()) {
      return {};
    }
    return
        [this](const engine::LedgerEntry& entry) { file_ << engine::to_json_line(entry) << '\n'; };
  }
  Status finish() {
    file_.flush();
    if (!path_.empty() && !file_) {
      return Error{ErrorCode::ResourceExhausted, "ValidationError", "cannot write '" + path_ + "'"};
    }
    return Ok{};
  }

 private:
  std::string path_;
  std::ofstream file_;
};

Result<traces::TemplateText> read_template(const std::string& file,
                                           const Simulate& simulate,
                                           const Environment& environment) {
  traces::TemplateText given;
  given.file = file;
  given.folder = std::filesystem::absolute(file).parent_path().string();
  TG_ASSIGN_OR_RETURN(given.text, read_file(file, "template"));
  given.parameters = simulate.parameters;
  given.region = environment.region;
  return given;
}

Result<Simulated> simulate_one(const traces::TemplateText& given,
                               const traces::Subject& subject,
                               const traces::Trace& trace,
                               const Simulate& simulate,
                               ProgressLine& line) {
  traces::Plan plan;
  plan.template_text = given.text;
  plan.template_folder = given.folder;
  plan.parameters = given.parameters;
  plan.region = given.region;
  plan.group = subject.group.name;
  plan.simulation = subject.simulation;
  plan.seed = simulate.seed;
  LedgerOut ledger{simulate.ledger};
  traces::Sinks sinks;
  sinks.ledger = ledger.sink();
  sinks.progress = [&](double share) { line.show("simulating " + given.file, share); };
  auto outcome = traces::run_trace(plan, trace, sinks);
  if (!outcome) {
    Error error = outcome.error();
    error.message = given.file + ": " + error.message;
    return error;
  }
  TG_RETURN_IF_ERROR(ledger.finish());
  return Simulated{given.file, subject, std::move(*outcome)};
}

Result<SimulationReport> simulate_all(const Simulate& simulate, const Environment& environment) {
  // Everything is read before anything is run: a typo in the last file costs no minutes.
  std::vector<std::pair<traces::TemplateText, traces::Subject>> subjects;
  for (const std::string& file : simulate.templates) {
    TG_ASSIGN_OR_RETURN(auto given, read_template(file, simulate, environment));
    TG_ASSIGN_OR_RETURN(auto subject, traces::read_subject(given, simulate.group));
    subjects.emplace_back(std::move(given), std::move(subject));
  }
  TG_ASSIGN_OR_RETURN(const std::string text, read_file(simulate.trace, "trace"));
  SimulationReport report;
  TG_ASSIGN_OR_RETURN(report.trace, traces::parse_trace(simulate.trace, text));
  report.trace_requests = report.trace.requests();
  report.seed = simulate.seed;
  ProgressLine line;
  for (const auto& [given, subject] : subjects) {
    TG_ASSIGN_OR_RETURN(auto run, simulate_one(given, subject, report.trace, simulate, line));
    report.runs.push_back(std::move(run));
  }
  return report;
}

std::string replayed_text(const replay::Replayed& done, const std::string& file) {
  const std::string what = length_text(done.last - done.first) + " from " +
                           format_iso8601(done.first) + " on, " + std::to_string(done.ticks) +
                           " ticks, " + std::to_string(done.commands) + " commands, " +
                           std::to_string(done.ledger_entries) + " ledger entries";
  const std::string cut =
      done.is_cut ? "its end is missing: the control plane did not end by itself\n" : "";
  return done.difference.empty()
             ? file + ": " + what + ": every decision is the recorded one\n" + cut
             : file + ": " + what + ": another ledger: " + done.difference + "\n" + cut;
}

Json replayed_json(const replay::Replayed& done, const std::string& file) {
  return Json::object({{"Recording", file},
                       {"First", format_iso8601_millis(done.first)},
                       {"Last", format_iso8601_millis(done.last)},
                       {"Ticks", static_cast<std::int64_t>(done.ticks)},
                       {"Commands", static_cast<std::int64_t>(done.commands)},
                       {"LedgerEntries", static_cast<std::int64_t>(done.ledger_entries)},
                       {"Same", done.difference.empty()},
                       {"Difference", done.difference},
                       {"Cut", done.is_cut}});
}

Exit failed(const Error& error) {
  progress("tidegate: " + error.message);
  return Exit::Failed;
}

Exit run_replay(const Simulate& simulate) {
  const auto text = read_file(simulate.replay, "recording");
  if (!text) {
    return failed(text.error());
  }
  LedgerOut ledger{simulate.ledger};
  const auto done = replay::replay(*text, recording_version(), ledger.sink());
  if (!done) {
    progress("tidegate: " + simulate.replay + ": " + done.error().message);
    return Exit::Failed;
  }
  if (const Status written = ledger.finish(); !written) {
    return failed(written.error());
  }
  print(simulate.output == Output::Json ? replayed_json(*done, simulate.replay).dump(2) + "\n"
                                        : replayed_text(*done, simulate.replay));
  return done->difference.empty() ? Exit::Done : Exit::Failed;
}

}  // namespace

Exit run_simulate(const Simulate& simulate, const Environment& environment) {
  if (!simulate.replay.empty()) {
    return run_replay(simulate);
  }
  const auto report = simulate_all(simulate, environment);
  if (!report) {
    return failed(report.error());
  }
  if (!simulate.svg.empty()) {
    if (const Status written = write_file(simulate.svg, chart_svg(*report)); !written) {
      return failed(written.error());
    }
  }
  print(simulate.output == Output::Json ? report_json(*report).dump(2) + "\n"
                                        : report_text(paint_of(STDOUT_FILENO), *report));
  return Exit::Done;
}

}  // namespace tidegate::apps
