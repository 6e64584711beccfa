// What users do to a world: commands, load, time that passes.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "sim/steps.h"

namespace tidegate::sim {
namespace {

std::string outcome(const Result<engine::Answer>& answer) {
  return answer.has_value() ? "" : answer.error().name + ": " + answer.error().message;
}

Result<Act> make_command(const Words& arguments, std::string (*execute)(Run&, const Words&)) {
  return Act{[arguments, execute](Run& run) { return execute(run, arguments); }};
}

std::string create(Run& run, const Words&) {
  return outcome(run.world.execute(engine::CreateStack{
      stacks::StackName{kStackName}, make_template(run.options), "/templates", {}, {}}));
}

std::string update(Run& run, const Words& assignments) {
  for (const std::string& assignment : assignments) {
    if (const Status set = set_option(run.options, assignment); !set) {
      return set.error().message;
    }
  }
  return outcome(run.world.execute(engine::UpdateStack{
      stacks::StackName{kStackName}, make_template(run.options), "/templates", {}}));
}

std::string destroy(Run& run, const Words& words) {
  const auto haste =
      words.empty() ? engine::DeleteStack::Haste::Drain : engine::DeleteStack::Haste::Now;
  return outcome(run.world.execute(engine::DeleteStack{stacks::StackName{kStackName}, haste}));
}

std::string set_desired(Run& run, const Words& words) {
  const auto capacity = static_cast<std::int32_t>(parse_int(words[0]).value_or(0));
  return outcome(
      run.world.execute(engine::SetDesiredCapacity{groups::GroupName{kGroupName}, capacity}));
}

std::string terminate(Run& run, const Words& words) {
  const auto desired = words.size() > 1 ? engine::TerminateInstance::Desired::Decrement
                                        : engine::TerminateInstance::Desired::Keep;
  for (const groups::InstanceId& id : pick(run, words[0])) {
    const auto answer = run.world.execute(engine::TerminateInstance{id, desired});
    if (!answer) {
      return outcome(answer);
    }
  }
  return "";
}

Result<Act> make_set_desired(const Words& arguments) {
  if (arguments.size() != 1 || !parse_int(arguments[0])) {
    return wrong("to how many?");
  }
  return make_command(arguments, set_desired);
}

Result<Act> make_terminate(const Words& arguments) {
  const bool decrements = arguments.size() == 2 && arguments[1] == "decrement";
  if (!decrements) {
    TG_RETURN_IF_ERROR([&]() -> Status {
      TG_ASSIGN_OR_RETURN(const Words checked, check_which(arguments));
      return checked.empty() ? Status{wrong("which?")} : Status{Ok{}};
    }());
  }
  return make_command(arguments, terminate);
}

Result<Act> make_update(const Words& arguments) {
  GroupOptions scratch;
  for (const std::string& assignment : arguments) {
    TG_RETURN_IF_ERROR(set_option(scratch, assignment));
  }
  return make_command(arguments, update);
}

Result<Act> make_run(const Words& arguments, Pace pace) {
  if (arguments.size() != 1) {
    return wrong("for how long?");
  }
  TG_ASSIGN_OR_RETURN(const Duration duration, parse_duration(arguments[0]));
  return Act{[duration, pace](Run& run) {
    run.world.run_for(duration, pace);
    return std::string{};
  }};
}

/// "load 150% [noise 5%]": work that would fill so much of one instance's quota.
Result<Act> make_load(const Words& arguments) {
  if (arguments.size() != 1 && !(arguments.size() == 3 && arguments[1] == "noise")) {
    return wrong("how much?");
  }
  TG_ASSIGN_OR_RETURN(const double work, parse_share(arguments[0]));
  double noise = 0;
  if (arguments.size() == 3) {
    TG_ASSIGN_OR_RETURN(noise, parse_share(arguments[2]));
  }
  return Act{[work, noise](Run& run) {
    Demand demand = run.world.workload().demand();
    demand.work_percent = work * 100;
    demand.noise_percent = noise * 100;
    run.world.workload().set_demand(demand);
    return std::string{};
  }};
}

/// "requests 20 of 200ms": so many per second.
Result<Act> make_requests(const Words& arguments) {
  const auto rate = arguments.empty() ? std::nullopt : parse_double(arguments[0]);
  if (!rate || (arguments.size() != 1 && !(arguments.size() == 3 && arguments[1] == "of"))) {
    return wrong("how many per second?");
  }
  Duration service = Demand{}.service_time;
  if (arguments.size() == 3) {
    TG_ASSIGN_OR_RETURN(service, parse_duration(arguments[2]));
  }
  return Act{[rate, service](Run& run) {
    Demand demand = run.world.workload().demand();
    demand.requests_per_second = *rate;
    demand.service_time = service;
    run.world.workload().set_demand(demand);
    return std::string{};
  }};
}

Result<Act> make_websockets(const Words& arguments) {
  const auto count = arguments.size() == 1 ? parse_int(arguments[0]) : std::nullopt;
  if (!count) {
    return wrong("how many?");
  }
  return Act{[count](Run& run) {
    run.world.workload().open_websockets(*count);
    return std::string{};
  }};
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  struct Unit {
    std::string_view suffix;
    Duration length;
  };
  static constexpr auto units = std::to_array<Unit>({{"ms", std::chrono::milliseconds{1}},
                                                     {"s", std::chrono::seconds{1}},
                                                     {"m", std::chrono::minutes{1}},
                                                     {"h", std::chrono::hours{1}}});
  for (const Unit& unit : units) {
    if (text.ends_with(unit.suffix)) {
      const auto number = parse_double(text.substr(0, text.size() - unit.suffix.size()));
      if (number && *number >= 0) {
        return Duration{
            static_cast<std::int64_t>(*number * static_cast<double>(unit.length.count()))};
      }
    }
  }
  return wrong("'" + std::string{text} + "' is no duration; valid are 250ms, 10s, 5m, 1h");
}

Result<double> parse_share(std::string_view text) {
  const bool percent = text.ends_with('%');
  const auto number = parse_double(percent ? text.substr(0, text.size() - 1) : text);
  if (!number || *number < 0) {
    return wrong("'" + std::string{text} + "' is no share; valid are 30% or 0.3");
  }
  return percent ? *number / 100 : *number;
}

const std::vector<Verb>& deeds() {
  static const std::vector<Verb> all = {
      {"create", "create", [](const Words& a) { return make_command(a, create); }},
      {"update", "update OPTION=VALUE…", make_update},
      {"delete", "delete [now]", [](const Words& a) { return make_command(a, destroy); }},
      {"set-desired", "set-desired N", make_set_desired},
      {"terminate", "terminate oldest|newest|random|all [decrement]", make_terminate},
      {"run", "run DURATION", [](const Words& a) { return make_run(a, Pace::Lively); }},
      {"idle", "idle DURATION", [](const Words& a) { return make_run(a, Pace::Idle); }},
      {"load", "load SHARE [noise SHARE]", make_load},
      {"requests", "requests PER_SECOND [of DURATION]", make_requests},
      {"websockets", "websockets N", make_websockets},
  };
  return all;
}

}  // namespace tidegate::sim
