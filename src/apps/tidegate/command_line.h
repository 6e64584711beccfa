// The command line as values: what was asked for, checked, before anything is done. CLI11 stays
// inside command_line.cc. Pure but for the text it returns.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace tidegate::apps {

/// Exit statuses of every verb (CONTRACT "Running it").
enum class Exit { Done = 0, Failed = 1, Usage = 2, NotReached = 3 };

enum class Output { Text, Json };

struct Serve {
  enum class Mode { Foreground, Detach };
  Mode mode = Mode::Foreground;
};
struct Stop {
  enum class Scope { ControlPlane, All };
  Scope scope = Scope::ControlPlane;
};
struct Balancer {
  std::string template_file;  // empty: under a control plane, which speaks over the wire
  std::string listen;
  int workers = 0;  // 0: one per CPU
  std::string admin;
};
/// The instances' metadata service; the control plane starts it.
struct Metadata {};
struct Up {
  std::string template_file;
  std::string stack_name;  // given, or from the file's name
  std::map<std::string, std::string> parameters;
  Output output = Output::Text;
};
struct Down {
  enum class Haste { Drain, Now };
  std::string stack;
  Haste haste = Haste::Drain;
  Output output = Output::Text;
};
struct ShowStatus {
  enum class Mode { Once, Watch };
  Mode mode = Mode::Once;
  Output output = Output::Text;
};
struct Explain {
  std::string kind;  // group, instance, activity
  std::string name;
  Output output = Output::Text;
};
struct Logs {
  enum class Mode { Once, Follow };
  std::string instance;
  Mode mode = Mode::Once;
  Output output = Output::Text;
};
struct Rehearse {
  enum class Direction { Out, In };
  enum class Extent { OneStep, ToMax };
  Direction direction = Direction::Out;
  Extent extent = Extent::OneStep;
  std::string stack;  // empty: the only one
  Output output = Output::Text;
};
struct Simulate {
  std::vector<std::string> templates;  // one or more; none to replay
  std::string trace;                   // file
  std::string replay;                  // file of a recording; empty: the templates are simulated
  std::uint64_t seed = 1;
  std::optional<std::string> group;  // absent: the only one with a policy
  std::map<std::string, std::string> parameters;
  std::string svg;     // file to draw into; empty: none
  std::string ledger;  // file for the decisions' ledger; empty: none
  Output output = Output::Text;
};
struct ShowCost {
  Output output = Output::Text;
};
struct ShowEnv {
  Output output = Output::Text;
};
struct Doctor {
  Output output = Output::Text;
};
struct Version {
  Output output = Output::Text;
};
struct Completion {
  std::string shell;  // bash, zsh
};
/// Nothing to run: print and leave with that status (--help, wrong usage, not built yet).
struct Say {
  std::string text;
  Exit exit = Exit::Done;
};

using Command = std::variant<Say,
                             Serve,
                             Stop,
                             Balancer,
                             Metadata,
                             Up,
                             Down,
                             ShowStatus,
                             Explain,
                             Logs,
                             Rehearse,
                             ShowCost,
                             Simulate,
                             ShowEnv,
                             Doctor,
                             Version,
                             Completion>;

/// argv without the program's name. Wrong usage is a Say with Exit::Usage and a sentence.
Command parse_command_line(const std::vector<std::string>& arguments);

/// The file's name without extension; for stack.* and template.* its folder's name. `file` is
/// absolute.
std::string default_stack_name(const std::string& file);

}  // namespace tidegate::apps
