#include "apps/tidegate/command_line.h"

#include <doctest/doctest.h>

namespace tidegate::apps {
namespace {

template <typename T>
T parsed(const std::vector<std::string>& arguments) {
  const Command command = parse_command_line(arguments);
  const T* value = std::get_if<T>(&command);
  REQUIRE(value != nullptr);
  return *value;
}

TEST_CASE("command line: verbs become values") {
  CHECK(parsed<Serve>({"serve"}).mode == Serve::Mode::Foreground);
  CHECK(parsed<Serve>({"serve", "--detach"}).mode == Serve::Mode::Detach);
  CHECK(parsed<Stop>({"stop"}).scope == Stop::Scope::ControlPlane);
  CHECK(parsed<Stop>({"stop", "--all"}).scope == Stop::Scope::All);
  CHECK(parsed<Down>({"down", "cnt", "--now"}).haste == Down::Haste::Now);
  CHECK(parsed<ShowStatus>({"status", "--watch"}).mode == ShowStatus::Mode::Watch);
  CHECK(parsed<ShowStatus>({"status", "--json"}).output == Output::Json);
  CHECK(parsed<Logs>({"logs", "i-1", "-f"}).mode == Logs::Mode::Follow);
  CHECK(parsed<Explain>({"explain", "group", "g"}).name == "g");
  CHECK(parsed<ShowEnv>({"env"}).output == Output::Text);
  CHECK(parsed<Version>({"version", "--json"}).output == Output::Json);
}

TEST_CASE("command line: up takes parameters, and a name from the file") {
  const Up up =
      parsed<Up>({"up", "/x/cnt/stack.yaml", "--parameter", "A=1", "--parameter", "B=x=y"});
  CHECK(up.stack_name == "cnt");
  CHECK(up.parameters == std::map<std::string, std::string>{{"A", "1"}, {"B", "x=y"}});
  CHECK(parsed<Up>({"up", "/x/web.yaml"}).stack_name == "web");
  CHECK(parsed<Up>({"up", "/x/web/template.json"}).stack_name == "web");
  CHECK(parsed<Up>({"up", "/x/web.yaml", "--stack-name", "other"}).stack_name == "other");
  CHECK(parsed<Say>({"up", "/x/web.yaml", "--parameter", "A"}).exit == Exit::Usage);
}

TEST_CASE("command line: the documents' words are aliases") {
  using Direction = Rehearse::Direction;
  CHECK(parsed<Rehearse>({"rehearse", "scale-out"}).direction == Direction::Out);
  CHECK(parsed<Rehearse>({"rehearse", "scale-up"}).direction == Direction::Out);
  CHECK(parsed<Rehearse>({"rehearse", "scale-in"}).direction == Direction::In);
  CHECK(parsed<Rehearse>({"rehearse", "scale-down"}).direction == Direction::In);
  CHECK(parsed<Rehearse>({"rehearse", "scale-out", "--to-max"}).extent == Rehearse::Extent::ToMax);
}

TEST_CASE("command line: what is not built is said, exits 2 and is absent from the help") {
  const std::string help = parsed<Say>({"--help"}).text;
  CHECK(parsed<Say>({"--help"}).exit == Exit::Done);
  for (const std::string verb : {"dashboard"}) {
    CAPTURE(verb);
    const Say say = parsed<Say>({verb, "x", "--trace", "y"});
    CHECK(say.exit == Exit::Usage);
    CHECK(say.text.find("not built yet") != std::string::npos);
    CHECK(help.find(verb) == std::string::npos);
  }
  CHECK(parsed<Say>({"explain", "request", "1-2"}).exit == Exit::Usage);
  CHECK(parsed<Say>({"explain", "request", "1-2"}).text.find("not built yet") != std::string::npos);
}

TEST_CASE("command line: wrong usage is a sentence and exits 2") {
  const std::vector<std::vector<std::string>> cases = {
      {},
      {"statsu"},
      {"up"},
      {"explain", "stack", "x"},
      {"rehearse", "sideways"},
      {"status", "--jsn"},
      {"completion", "fish"},
      {"down", "a", "b"},
  };
  for (const auto& arguments : cases) {
    CAPTURE(arguments.size());
    const Say say = parsed<Say>(arguments);
    CHECK(say.exit == Exit::Usage);
    CHECK_FALSE(say.text.empty());
  }
  CHECK(parsed<Say>({"statsu"}).text.find("'status'") != std::string::npos);
}

TEST_CASE("command line: simulate takes templates and a trace, or a recording") {
  const auto parsed = parse_command_line({"simulate",
                                          "a.yaml",
                                          "b.yaml",
                                          "--trace",
                                          "t.txt",
                                          "--seed",
                                          "7",
                                          "--parameter",
                                          "Max=3",
                                          "--group",
                                          "g",
                                          "--svg",
                                          "p.svg",
                                          "--json"});
  const auto* simulate = std::get_if<Simulate>(&parsed);
  REQUIRE(simulate != nullptr);
  CHECK(simulate->templates == std::vector<std::string>{"a.yaml", "b.yaml"});
  CHECK(simulate->trace == "t.txt");
  CHECK(simulate->seed == 7);
  CHECK(simulate->group == "g");
  CHECK(simulate->parameters.at("Max") == "3");
  CHECK(simulate->svg == "p.svg");
  CHECK(simulate->output == Output::Json);
  const auto replayed = parse_command_line({"simulate", "--replay", "day"});
  REQUIRE(std::holds_alternative<Simulate>(replayed));
  CHECK(std::get<Simulate>(replayed).replay == "day");
  for (const std::vector<std::string>& wrong :
       {std::vector<std::string>{"simulate", "a.yaml"},
        {"simulate", "--trace", "t"},
        {"simulate", "a.yaml", "--replay", "day"},
        {"simulate", "a", "b", "--trace", "t", "--ledger", "l"}}) {
    const auto said = parse_command_line(wrong);
    REQUIRE(std::holds_alternative<Say>(said));
    CHECK(std::get<Say>(said).exit == Exit::Usage);
  }
}

}  // namespace
}  // namespace tidegate::apps
