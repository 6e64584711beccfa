#include "sim/scenario.h"

#include "base/text.h"
#include "sim/steps.h"

namespace tidegate::sim {
namespace {

constexpr const char* kExpectUsage =
    "expect QUANTITY OP NUMBER [within D | for D] · expect settled [within D] · "
    "expect (ledger|blocker|activity|status) \"TEXT\" [within D]";

/// Words separated by blanks; "…" is one word, without its quotes.
Words split_words(std::string_view line) {
  Words words;
  std::string word;
  bool quoted = false;
  bool any = false;
  for (const char c : line) {
    if (c == '"') {
      quoted = !quoted;
      any = true;
    } else if (!quoted && (c == ' ' || c == '\t')) {
      if (any) {
        words.push_back(std::exchange(word, ""));
      }
      any = false;
    } else {
      word += c;
      any = true;
    }
  }
  if (any) {
    words.push_back(word);
  }
  return words;
}

std::vector<Verb> all_verbs() {
  std::vector<Verb> all = deeds();
  all.insert(all.end(), faults().begin(), faults().end());
  return all;
}

Result<Act> make_step(const Words& words) {
  const Words arguments(words.begin() + 1, words.end());
  if (words[0] == "try" && !arguments.empty()) {
    TG_ASSIGN_OR_RETURN(Act act, make_step(arguments));
    return Act{[act](Run& run) {
      act(run);
      return std::string{};
    }};
  }
  if (words[0] == "expect") {
    return make_expectation(arguments);
  }
  std::vector<std::string> known = {"expect", "try"};
  for (const Verb& verb : all_verbs()) {
    if (verb.name == words[0]) {
      auto act = verb.make(arguments);
      if (!act) {
        return wrong(act.error().message + "; usage: " + std::string{verb.usage});
      }
      return act;
    }
    known.emplace_back(verb.name);
  }
  const auto meant = nearest(words[0], known);
  return wrong("'" + words[0] + "' is no step" +
               (meant ? "; did you mean '" + *meant + "'?" : "; valid are " + join(known, ", ")));
}

Status read_header(Scenario& scenario, std::string_view key, std::string_view value) {
  if (key == "name") {
    scenario.name = value;
  } else if (key == "promises") {
    scenario.promise = value;
  } else if (key == "seed") {
    const auto seed = parse_int(value);
    if (!seed || *seed < 0) {
      return wrong("'" + std::string{value} + "' is no seed");
    }
    scenario.seed = static_cast<std::uint64_t>(*seed);
  } else if (key == "group") {
    for (const std::string& option : split_words(value)) {
      TG_RETURN_IF_ERROR(set_option(scenario.options, option));
    }
  } else {
    return wrong("'" + std::string{key} +
                 ":' is no header; valid are name:, promises:, seed:, group:");
  }
  return Ok{};
}

Status read_line(Scenario& scenario, std::string_view line, std::size_t number) {
  const Words words = split_words(line);
  if (words.empty()) {
    return Ok{};
  }
  if (words[0].ends_with(':')) {
    const auto colon = line.find(':');
    return read_header(scenario, trim(line.substr(0, colon)), trim(line.substr(colon + 1)));
  }
  TG_ASSIGN_OR_RETURN(Act act, make_step(words));
  scenario.steps.push_back({number, std::string{trim(line)}, std::move(act)});
  return Ok{};
}

}  // namespace

Error wrong(std::string message) {
  return Error{ErrorCode::InvalidArgument, "ValidationError", std::move(message)};
}

Result<Scenario> parse_scenario(std::string_view file, std::string_view text) {
  Scenario scenario;
  std::size_t number = 0;
  for (const std::string& line : split(text, '\n')) {
    ++number;
    const std::string_view code = std::string_view{line}.substr(0, line.find('#'));
    const Status read = read_line(scenario, code, number);
    if (!read) {
      return wrong(std::string{file} + ":" + std::to_string(number) + ": " + read.error().message);
    }
  }
  if (scenario.name.empty() || scenario.promise.empty()) {
    return wrong(std::string{file} + ":1: a scenario begins with 'name: …' and 'promises: …'");
  }
  if (scenario.steps.empty()) {
    return wrong(std::string{file} + ":" + std::to_string(number) + ": there is no step");
  }
  return scenario;
}

std::vector<std::string> verbs() {
  std::vector<std::string> all = {kExpectUsage, "try STEP: it may be refused"};
  for (const Verb& verb : all_verbs()) {
    all.emplace_back(verb.usage);
  }
  return all;
}

ScenarioResult run_scenario(const Scenario& scenario, std::uint64_t seed) {
  ScenarioResult result;
  World world{seed};
  const Instant begin = world.clock().now();
  Run run{world, scenario.options};
  for (const Step& step : scenario.steps) {
    const std::string failure = step.act(run);
    if (!failure.empty()) {
      result.failures.push_back("line " + std::to_string(step.line) + ": " + step.text + ": " +
                                failure);
      break;
    }
  }
  for (const std::string& breach : world.watch().breaches()) {
    result.failures.push_back("checker: " + breach);
  }
  result.ledger = world.ledger();
  result.simulated = world.clock().now() - begin;
  return result;
}

}  // namespace tidegate::sim
