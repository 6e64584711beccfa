#include "apps/tidegate/command_line.h"

#include <filesystem>
#include <memory>

#include <CLI/CLI.hpp>

#include "base/text.h"

namespace tidegate::apps {
namespace {

constexpr const char* kAbout =
    "Tidegate: Auto Scaling, Application Load Balancer and CloudWatch on machines you own.\n"
    "\n"
    "A CloudFormation template is the configuration file; `tidegate up` makes it real, `status`\n"
    "shows it, `explain` says why it is as it is, `rehearse` proves that it scales.";

constexpr const char* kFooter =
    "Results go to stdout, progress to stderr. Exit status: 0 done, 1 failed, 2 wrong usage,\n"
    "3 control plane not reached.\n"
    "Environment: TIDEGATE_HOME, TIDEGATE_API, TIDEGATE_REGION, TIDEGATE_RANGE,\n"
    "TIDEGATE_INSTANCE_SCALE. The guide: docs/guides/getting-started.md\n";

/// What CLI11 writes into while it parses; turned into a Command afterwards.
struct Raw {
  Balancer balancer;
  Up up;
  Down down;
  Explain explain;
  Logs logs;
  Rehearse rehearse;
  Simulate simulate;
  Completion completion;
  std::vector<std::string> parameters;
  std::string direction;
  std::string group;
  bool detach = false, all = false, now = false, watch = false, follow = false, to_max = false;
  bool json = false;
};

using Finish = std::function<Command(Raw&)>;
struct Parser {
  CLI::App app{kAbout, "tidegate"};
  Raw raw;
  std::vector<std::pair<CLI::App*, Finish>> verbs;
};

Output output_of(const Raw& raw) {
  return raw.json ? Output::Json : Output::Text;
}

CLI::App* add(Parser& parser, const char* name, const char* help, Finish finish) {
  CLI::App* verb = parser.app.add_subcommand(name, help);
  parser.verbs.emplace_back(verb, std::move(finish));
  return verb;
}

void add_json(Parser& parser, CLI::App* verb) {
  verb->add_flag("--json", parser.raw.json, "print the result as JSON");
}

void add_processes(Parser& parser) {
  CLI::App* serve = add(parser, "serve", "run the control plane of this home", [](Raw& raw) {
    return Serve{raw.detach ? Serve::Mode::Detach : Serve::Mode::Foreground};
  });
  serve->add_flag("--detach",
                  parser.raw.detach,
                  "in the background, restarted when it fails; returns when the API answers");
  CLI::App* stop = add(parser, "stop", "end the control plane; traffic goes on", [](Raw& raw) {
    return Stop{raw.all ? Stop::Scope::All : Stop::Scope::ControlPlane};
  });
  stop->add_flag("--all", parser.raw.all, "end the balancer and every instance too");
  CLI::App* balancer =
      add(parser, "balancer", "the data plane alone, from a template", [](Raw& raw) {
        return raw.balancer;
      });
  balancer->add_option("--template", parser.raw.balancer.template_file, "template FILE to serve");
  balancer->add_option("--listen", parser.raw.balancer.listen, "address to bind, as ADDRESS:PORT");
  balancer->add_option("--workers", parser.raw.balancer.workers, "threads; default one per CPU")
      ->check(CLI::Range(1, 256));
  balancer->add_option("--admin", parser.raw.balancer.admin, "address of its own counters");
  add(parser,
      "metadata",
      "the instances' metadata service (IMDSv2); the control plane starts it",
      [](Raw&) { return Metadata{}; });
}

/// Absent: all of `pairs` are in `parameters` now.
std::optional<Say> read_parameters(const std::vector<std::string>& pairs,
                                   std::map<std::string, std::string>& parameters) {
  for (const std::string& pair : pairs) {
    const auto equals = pair.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Say{"--parameter takes NAME=VALUE, not '" + pair + "'\n", Exit::Usage};
    }
    parameters[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  return std::nullopt;
}

Command finish_up(Raw& raw) {
  if (auto wrong = read_parameters(raw.parameters, raw.up.parameters)) {
    return *wrong;
  }
  std::error_code ignored;
  raw.up.template_file =
      std::filesystem::absolute(raw.up.template_file, ignored).lexically_normal().string();
  if (raw.up.stack_name.empty()) {
    raw.up.stack_name = default_stack_name(raw.up.template_file);
  }
  raw.up.output = output_of(raw);
  return raw.up;
}

void add_stacks(Parser& parser) {
  CLI::App* up = add(parser,
                     "up",
                     "create or update a stack, and wait until it serves; starts the control plane "
                     "when none answers",
                     finish_up);
  up->add_option("TEMPLATE", parser.raw.up.template_file, "CloudFormation template, YAML or JSON")
      ->required();
  up->add_option("--stack-name",
                 parser.raw.up.stack_name,
                 "default: the file's name, or its "
                 "folder's for stack.* and template.*");
  up->add_option("--parameter", parser.raw.parameters, "NAME=VALUE of a template parameter")
      ->allow_extra_args(false);
  add_json(parser, up);
  CLI::App* down = add(parser, "down", "delete a stack, and wait until it is gone", [](Raw& raw) {
    raw.down.haste = raw.now ? Down::Haste::Now : Down::Haste::Drain;
    raw.down.output = output_of(raw);
    return raw.down;
  });
  down->add_option("STACK", parser.raw.down.stack, "its name")->required();
  down->add_flag("--now", parser.raw.now, "without draining: connections are cut");
  add_json(parser, down);
}

void add_seeing(Parser& parser) {
  CLI::App* status = add(parser, "status", "what is, and whether it is well", [](Raw& raw) {
    return ShowStatus{raw.watch ? ShowStatus::Mode::Watch : ShowStatus::Mode::Once, output_of(raw)};
  });
  status->add_flag("--watch", parser.raw.watch, "draw it anew every second");
  add_json(parser, status);
  CLI::App* explain = add(parser, "explain", "why it is as it is", [](Raw& raw) -> Command {
    if (raw.explain.kind == "request") {
      return Say{"explain request: not built yet\n", Exit::Usage};
    }
    raw.explain.output = output_of(raw);
    return raw.explain;
  });
  explain->add_option("KIND", parser.raw.explain.kind, "group, instance or activity")
      ->required()
      ->check([](const std::string& kind) -> std::string {
        const bool known =
            kind == "group" || kind == "instance" || kind == "activity" || kind == "request";
        return known ? "" : "'" + kind + "' is none of group, instance, activity";
      });
  explain->add_option("NAME", parser.raw.explain.name, "a group's name, an id")->required();
  add_json(parser, explain);
  CLI::App* logs = add(parser, "logs", "what an instance wrote on its console", [](Raw& raw) {
    raw.logs.mode = raw.follow ? Logs::Mode::Follow : Logs::Mode::Once;
    raw.logs.output = output_of(raw);
    return raw.logs;
  });
  logs->add_option("INSTANCE", parser.raw.logs.instance, "i-…")->required();
  logs->add_flag("-f,--follow", parser.raw.follow, "go on as it writes");
  add_json(parser, logs);
}

Command finish_rehearse(Raw& raw) {
  const std::string& word = raw.direction;
  const bool out = word == "scale-out" || word == "scale-up";
  raw.rehearse.direction = out ? Rehearse::Direction::Out : Rehearse::Direction::In;
  raw.rehearse.extent = raw.to_max ? Rehearse::Extent::ToMax : Rehearse::Extent::OneStep;
  raw.rehearse.output = output_of(raw);
  return raw.rehearse;
}

void add_rehearse(Parser& parser) {
  CLI::App* rehearse = add(parser,
                           "rehearse",
                           "run the scaling test against the live stack, each step with its time",
                           finish_rehearse);
  rehearse
      ->add_option(
          "DIRECTION", parser.raw.direction, "scale-out or scale-in (also scale-up, scale-down)")
      ->required()
      ->check(CLI::IsMember({"scale-out", "scale-in", "scale-up", "scale-down"}));
  rehearse->add_flag("--to-max", parser.raw.to_max, "scale out until MaxSize instances serve");
  rehearse->add_option("--stack", parser.raw.rehearse.stack, "default: the only one");
  add_json(parser, rehearse);
}

/// Empty: the options go together.
std::string wrong_with(const Simulate& simulate) {
  if (!simulate.replay.empty()) {
    return simulate.templates.empty() && simulate.trace.empty() && simulate.svg.empty()
               ? ""
               : "--replay runs a recording, which has its template and its traffic in it";
  }
  if (simulate.templates.empty()) {
    return "TEMPLATE is required";
  }
  if (simulate.trace.empty()) {
    return "--trace is required";
  }
  return simulate.ledger.empty() || simulate.templates.size() == 1
             ? ""
             : "--ledger is the ledger of one TEMPLATE, not of " +
                   std::to_string(simulate.templates.size());
}

Command finish_simulate(Raw& raw) {
  Simulate& simulate = raw.simulate;
  if (auto wrong = read_parameters(raw.parameters, simulate.parameters)) {
    return *wrong;
  }
  if (const std::string wrong = wrong_with(simulate); !wrong.empty()) {
    return Say{"tidegate simulate: " + wrong + "\nSee: tidegate simulate --help\n", Exit::Usage};
  }
  if (!raw.group.empty()) {
    simulate.group = raw.group;
  }
  simulate.output = output_of(raw);
  return simulate;
}

void add_simulate(Parser& parser) {
  Simulate& raw = parser.raw.simulate;
  CLI::App* simulate = add(parser,
                           "simulate",
                           "what a template's policy would have done with recorded traffic; "
                           "several templates are compared",
                           finish_simulate);
  simulate->add_option("TEMPLATE", raw.templates, "CloudFormation template, YAML or JSON");
  simulate->add_option("--trace", raw.trace, "FILE of recorded traffic; docs/guides/simulate.md");
  simulate->add_option(
      "--replay", raw.replay, "run the recording FILE again that `serve` made (TIDEGATE_RECORD)");
  simulate->add_option("--seed", raw.seed, "of everything that is chance; default 1");
  simulate->add_option("--group", parser.raw.group, "the group that gets the load");
  simulate->add_option("--parameter", parser.raw.parameters, "NAME=VALUE of a template parameter")
      ->allow_extra_args(false);
  simulate->add_option("--svg", raw.svg, "draw load, need, supply and decisions into FILE");
  simulate->add_option("--ledger", raw.ledger, "write every decision into FILE, one JSON a line");
  add_json(parser, simulate);
}

void add_rest(Parser& parser) {
  add_json(parser, add(parser, "cost", "what each stack costs and has cost, by part", [](Raw& raw) {
             return ShowCost{output_of(raw)};
           }));
  add_json(
      parser,
      add(parser, "env", "what aws cli and boto3 need: eval \"$(tidegate env)\"", [](Raw& raw) {
        return ShowEnv{output_of(raw)};
      }));
  add_json(parser,
           add(parser,
               "doctor",
               "what this machine can do, and what follows where it "
               "cannot",
               [](Raw& raw) { return Doctor{output_of(raw)}; }));
  CLI::App* completion = add(parser,
                             "completion",
                             "words for your shell: source <(tidegate "
                             "completion bash)",
                             [](Raw& raw) { return raw.completion; });
  completion->add_option("SHELL", parser.raw.completion.shell, "bash or zsh")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh"}));
  add_json(parser, add(parser, "version", "which build this is", [](Raw& raw) {
             return Version{output_of(raw)};
           }));
}

std::unique_ptr<Parser> make_parser() {
  auto parser = std::make_unique<Parser>();
  parser->app.require_subcommand(1);
  parser->app.footer(kFooter);
  parser->app.get_formatter()->column_width(24);
  add_stacks(*parser);
  add_seeing(*parser);
  add_rehearse(*parser);
  add_simulate(*parser);
  add_processes(*parser);
  add_rest(*parser);
  return parser;
}

/// Documented verbs that this build does not have.
bool is_not_built(const std::string& verb) {
  return verb == "dashboard";
}

Command usage_error(const Parser& parser,
                    const std::vector<std::string>& arguments,
                    const std::string& message) {
  std::vector<std::string> names;
  for (const auto& [verb, finish] : parser.verbs) {
    names.push_back(verb->get_name());
  }
  const std::string first = arguments.empty() ? "" : arguments.front();
  if (std::find(names.begin(), names.end(), first) != names.end()) {
    return Say{"tidegate " + first + ": " + message + "\nSee: tidegate " + first + " --help\n",
               Exit::Usage};
  }
  if (first.starts_with("-")) {
    return Say{"tidegate: " + message + "\nSee: tidegate --help\n", Exit::Usage};
  }
  std::string text = "tidegate: there is no verb '" + first + "'\n";
  if (const auto close = nearest(first, names)) {
    text += "Did you mean '" + *close + "'?\n";
  }
  text += "See: tidegate --help\n";
  return Say{text, Exit::Usage};
}

}  // namespace

std::string default_stack_name(const std::string& file) {
  const std::filesystem::path path{file};
  const std::string stem = path.stem().string();
  if (stem == "stack" || stem == "template") {
    return path.parent_path().filename().string();
  }
  return stem;
}

Command parse_command_line(const std::vector<std::string>& arguments) {
  if (!arguments.empty() && is_not_built(arguments.front())) {
    return Say{"tidegate " + arguments.front() + ": not built yet\n", Exit::Usage};
  }
  const auto parser = make_parser();
  if (arguments.empty()) {
    return Say{parser->app.help(), Exit::Usage};
  }
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());  // as CLI11 wants them
  try {
    parser->app.parse(std::move(reversed));
  } catch (const CLI::CallForHelp&) {
    for (const auto& [verb, finish] : parser->verbs) {
      if (verb->parsed()) {
        return Say{verb->help("tidegate"), Exit::Done};
      }
    }
    return Say{parser->app.help(), Exit::Done};
  } catch (const CLI::ParseError& error) {
    return usage_error(*parser, arguments, error.what());
  }
  for (const auto& [verb, finish] : parser->verbs) {
    if (verb->parsed()) {
      return finish(parser->raw);
    }
  }
  return usage_error(*parser, arguments, "a verb is required");
}

}  // namespace tidegate::apps
