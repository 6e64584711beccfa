#include "apps/tidegate/rehearse/rehearse.h"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>

#include <unistd.h>

#include "apps/tidegate/rehearse/drive.h"
#include "apps/tidegate/rehearse/load.h"
#include "apps/tidegate/rehearse/seen.h"
#include "apps/tidegate/show/words.h"
#include "apps/tidegate/verbs/connection.h"
#include "apps/tidegate/verbs/reach.h"
#include "base/text.h"

namespace tidegate::apps {
namespace {

constexpr Duration kPoll = std::chrono::milliseconds{100};
constexpr double kWorkMs = 5;          // CPU of one request, where the application offers /work?ms=
constexpr double kLowThreshold = 0.7;  // of the target (DESIGN decision 8)
constexpr double kGentleRate = 20;     // requests per second while scaling in
constexpr double kStepPatience_s = 60;
constexpr double kCooldownPatience_s = 180;  // the low alarm is 120 × 1 s
constexpr double kLeavePatience_s = 420;     // deregistration delay, StopTimeout, and their grace
constexpr double kFirstShare = 0.05;         // of the traffic: it certainly gets some

struct Step {
  std::string name;
  double seconds = 0;  // since the load began
  bool passed = false;
  std::string detail;
};

std::string cpu_detail(const Seen& seen) {
  return "CPU " + percent_text(seen.cpu_percent ? Json{*seen.cpu_percent} : Json{nullptr});
}

/// One run: looks at the group, drives the load, and notes the steps.
class Rehearsal {
 public:
  Rehearsal(Client& client, std::string stack, std::string home)
      : client_(client), stack_(std::move(stack)), home_(std::move(home)) {}

  Status scale_out(Rehearse::Extent extent);
  Status scale_in();
  const std::vector<Step>& steps() const { return steps_; }

 private:
  using Goal = std::function<bool(const Seen&)>;
  using Detail = std::function<std::string(const Seen&)>;

  Status look();
  Status begin_load();
  void drive();
  void show();
  /// Looks until the goal holds; notes the step. Error: FailedPrecondition when it does not hold
  /// within that time.
  Status step(const std::string& name, double patience_s, const Goal& goal, const Detail& detail);
  std::string newcomer() const;
  std::string change_of_desired(const Seen& seen) const;
  Status begin_scale_out();
  Status see_newcomer();

  Status see_caches();

  Client& client_;
  std::string stack_;
  std::string home_;
  Json status_;  // the newest answer
  std::optional<Seen> seen_;
  Seen before_;
  std::unique_ptr<Load> load_;
  std::string path_ = "/";
  double rate_ = 0;
  bool pushing_ = false;  // toward the goal, as opposed to a gentle load
  std::int64_t fewest_in_service_ = 0;
  MonotonicInstant begin_, driven_, shown_;
  std::vector<Step> steps_;
};

Status Rehearsal::look() {
  TG_ASSIGN_OR_RETURN(status_, client_.call("tidegate", "GetStatus"));
  TG_ASSIGN_OR_RETURN(seen_, seen_in(status_, stack_));
  fewest_in_service_ = std::min(fewest_in_service_, seen_->in_service());
  return Ok{};
}

Status Rehearsal::begin_load() {
  TG_ASSIGN_OR_RETURN(const LoadTarget target, load_target(seen_->url));
  const std::string work = "/work?ms=" + format_double(pushing_ ? kWorkMs : 1);
  if (try_path(target, work)) {
    path_ = work;
  } else {
    TG_RETURN_IF_ERROR(try_path(target, path_));
  }
  load_ = std::make_unique<Load>(target);
  rate_ = pushing_ ? first_rate(cpu_goal(seen_->target_percent),
                                seen_->vcpus,
                                seen_->in_service(),
                                path_ == work ? kWorkMs : 0)
                   : kGentleRate;
  load_->set_rate(rate_, path_);
  begin_ = driven_ = shown_ = monotonic_now();
  fewest_in_service_ = seen_->in_service();
  return Ok{};
}

void Rehearsal::drive() {
  if (!pushing_ || seconds_since(driven_) < 1) {
    return;
  }
  driven_ = monotonic_now();
  rate_ = next_rate(
      rate_, seen_->cpu_percent, cpu_goal(seen_->target_percent), load_->counters().in_flight);
  load_->set_rate(rate_, path_);
}

void Rehearsal::show() {
  const bool terminal = isatty(STDERR_FILENO) == 1;
  if (seconds_since(shown_) < (terminal ? 0.2 : 2.0)) {
    return;
  }
  shown_ = monotonic_now();
  const LoadCounters load = load_->counters();
  const double mean_ms =
      load.answered > 0 ? load.seconds_sum / static_cast<double>(load.answered) * 1000 : 0;
  const std::string line =
      "  " + format_fixed(seconds_since(begin_), 0) + " s  CPU " +
      percent_text(seen_->cpu_percent ? Json{*seen_->cpu_percent} : Json{nullptr}) + "  desired " +
      std::to_string(seen_->desired) + "  serving " + std::to_string(seen_->in_service()) +
      "  load " + format_fixed(rate_, 0) + "/s, " + format_fixed(mean_ms, 0) + " ms, " +
      std::to_string(load.failed + load.refused) + " failed";
  std::fputs(terminal ? ("\r\x1b[K" + line).c_str() : (line + "\n").c_str(), stderr);
}

Status Rehearsal::step(const std::string& name,
                       double patience_s,
                       const Goal& goal,
                       const Detail& detail) {
  const MonotonicInstant begin = monotonic_now();
  while (true) {
    TG_RETURN_IF_ERROR(look());
    const bool reached = goal(*seen_);
    if (reached || seconds_since(begin) > patience_s) {
      steps_.push_back({name, seconds_since(begin_), reached, detail(*seen_)});
      const bool terminal = isatty(STDERR_FILENO) == 1;
      progress((terminal ? "\r\x1b[K" : "") + std::string{reached ? "ok      " : "FAILED  "} +
               format_fixed(steps_.back().seconds, 1) + " s  " + name + ": " +
               steps_.back().detail);
      if (reached) {
        return Ok{};
      }
      return Error{ErrorCode::FailedPrecondition,
                   "StepFailed",
                   "'" + name + "' did not happen within " + format_fixed(patience_s, 0) +
                       " s; tidegate explain group " + seen_->group + " says why"};
    }
    drive();
    show();
    pause_for(kPoll);
  }
}

std::string Rehearsal::newcomer() const {
  for (const auto& [id, instance] : seen_->instances) {
    if (!before_.instances.contains(id)) {
      return id;
    }
  }
  return "";
}

std::string Rehearsal::change_of_desired(const Seen& seen) const {
  return "desired " + std::to_string(before_.desired) + " to " + std::to_string(seen.desired);
}

Status Rehearsal::begin_scale_out() {
  TG_RETURN_IF_ERROR(look());
  before_ = *seen_;
  if (before_.in_service() == 0) {
    return Error{ErrorCode::FailedPrecondition,
                 "NotServing",
                 "no instance of " + before_.group + " serves; tidegate explain group " +
                     before_.group + " says why"};
  }
  if (before_.desired >= before_.max_size) {
    return Error{ErrorCode::FailedPrecondition,
                 "AtMaxSize",
                 before_.group + " is at its MaxSize already; tidegate rehearse scale-in first"};
  }
  pushing_ = true;
  return begin_load();
}

Status Rehearsal::see_newcomer() {
  TG_RETURN_IF_ERROR(step(
      "verify that a new instance launches",
      kStepPatience_s,
      [this](const Seen&) { return !newcomer().empty(); },
      [this](const Seen&) { return newcomer(); }));
  const std::string id = newcomer();
  return step(
      "verify that it registers with the load balancer",
      before_.launch_timeout_s + 10,
      [&id](const Seen& seen) {
        const auto found = seen.instances.find(id);
        return found != seen.instances.end() && found->second.in_service && found->second.healthy;
      },
      [&id](const Seen&) { return id + " serves"; });
}

Status Rehearsal::scale_out(Rehearse::Extent extent) {
  TG_RETURN_IF_ERROR(begin_scale_out());
  TG_RETURN_IF_ERROR(step(
      "generate load to bring CPU above " + format_double(before_.target_percent) + " %",
      kStepPatience_s,
      [](const Seen& seen) { return seen.cpu_percent.value_or(0) > seen.target_percent; },
      cpu_detail));
  TG_RETURN_IF_ERROR(step(
      "watch the group's activity",
      kStepPatience_s,
      [this](const Seen& seen) { return seen.desired > before_.desired; },
      [this](const Seen& seen) { return change_of_desired(seen); }));
  TG_RETURN_IF_ERROR(see_newcomer());
  if (extent == Rehearse::Extent::ToMax) {
    TG_RETURN_IF_ERROR(step(
        "go on until " + std::to_string(before_.max_size) + " serve",
        3 * kStepPatience_s,
        [](const Seen& seen) { return seen.in_service() >= seen.max_size; },
        [](const Seen& seen) { return std::to_string(seen.in_service()) + " serve"; }));
  }
  TG_RETURN_IF_ERROR(step(
      "verify that traffic is distributed",
      kStepPatience_s,
      [](const Seen& seen) {
        return std::all_of(seen.instances.begin(), seen.instances.end(), [](const auto& entry) {
          return !entry.second.in_service || entry.second.share.value_or(0) >= kFirstShare;
        });
      },
      [](const Seen& seen) { return seen.shares(); }));
  return see_caches();
}

/// Only where there is a cache, and where an instance's network can be entered.
Status Rehearsal::see_caches() {
  if (cache_reaches(status_, home_).empty() || geteuid() != 0) {
    return Ok{};
  }
  const auto unreached = [this] {
    std::vector<std::string> sentences;
    for (const CacheReach& reach : cache_reaches(status_, home_)) {
      if (!reach.trouble.empty()) {
        sentences.push_back(reach.cache + " from " + reach.instance + ": " + reach.trouble);
      }
    }
    return sentences;
  };
  return step(
      "verify that each instance reaches Redis",
      kStepPatience_s,
      [&](const Seen&) { return unreached().empty(); },
      [&](const Seen& seen) {
        const auto sentences = unreached();
        return sentences.empty()
                   ? std::to_string(seen.in_service()) + " of " +
                         std::to_string(seen.in_service()) + " get an answer by its name"
                   : join(sentences, "; ");
      });
}

Status Rehearsal::scale_in() {
  TG_RETURN_IF_ERROR(look());
  before_ = *seen_;
  if (before_.desired <= before_.min_size) {
    return Error{ErrorCode::FailedPrecondition,
                 "AtMinSize",
                 before_.group + " is at its MinSize already; tidegate rehearse scale-out first"};
  }
  TG_RETURN_IF_ERROR(begin_load());
  const double low = before_.target_percent * kLowThreshold;
  const std::string smallest = std::to_string(before_.min_size);
  TG_RETURN_IF_ERROR(step(
      "reduce load to bring CPU below " + format_double(low) + " %",
      kStepPatience_s,
      [low](const Seen& seen) { return seen.cpu_percent.value_or(100) < low; },
      cpu_detail));
  TG_RETURN_IF_ERROR(step(
      "wait for the cooldown",
      kCooldownPatience_s,
      [this](const Seen& seen) { return seen.desired < before_.desired; },
      [this](const Seen& seen) {
        return "desired " + std::to_string(before_.desired) + " to " + std::to_string(seen.desired);
      }));
  const auto more = static_cast<double>(before_.desired - before_.min_size);
  TG_RETURN_IF_ERROR(step(
      "verify that instances terminate, never below " + smallest,
      kLeavePatience_s + more * kCooldownPatience_s,
      [this](const Seen& seen) {
        return static_cast<std::int64_t>(seen.instances.size()) == before_.min_size &&
               seen.in_service() == before_.min_size && fewest_in_service_ >= before_.min_size;
      },
      [this](const Seen& seen) {
        return std::to_string(seen.instances.size()) + " left, fewest serving " +
               std::to_string(fewest_in_service_);
      }));
  return step(
      "verify that traffic continues normally",
      kStepPatience_s,
      [this](const Seen&) {
        const LoadCounters load = load_->counters();
        return load.answered > 0 && load.failed == 0 && load.refused == 0;
      },
      [this](const Seen&) {
        const LoadCounters load = load_->counters();
        return std::to_string(load.answered) + " answered, " +
               std::to_string(load.failed + load.refused) + " failed";
      });
}

Json steps_json(const std::vector<Step>& steps) {
  Json list = Json::array();
  for (const Step& step : steps) {
    list.push(Json::object({{"Name", step.name},
                            {"Seconds", step.seconds},
                            {"Passed", step.passed},
                            {"Detail", step.detail}}));
  }
  return Json::object({{"Steps", list}});
}

std::string steps_text(const std::vector<Step>& steps) {
  std::string text;
  for (const Step& step : steps) {
    text += (step.passed ? "passed  " : "FAILED  ") + format_fixed(step.seconds, 1) + " s  " +
            step.name + ": " + step.detail + "\n";
  }
  return text;
}

}  // namespace

Exit run_rehearse(const Rehearse& rehearse, const Environment& environment) {
  const auto client = connect(environment);
  if (!client) {
    return report(client.error(), environment);
  }
  Rehearsal rehearsal{**client, rehearse.stack, environment.home};
  const Status done = rehearse.direction == Rehearse::Direction::Out
                          ? rehearsal.scale_out(rehearse.extent)
                          : rehearsal.scale_in();
  print(rehearse.output == Output::Json ? steps_json(rehearsal.steps()).dump(2) + "\n"
                                        : steps_text(rehearsal.steps()));
  return done ? Exit::Done : report(done.error(), environment);
}

}  // namespace tidegate::apps
