#include "adapters/compute/process/user_data.h"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <doctest/doctest.h>
#include <sys/wait.h>

#include "base/text.h"

namespace tidegate::compute_process {
namespace {

TEST_CASE("user data: its first line says what runs it") {
  struct Case {
    const char* text;
    Interpreter want;
  };
  const auto cases = std::to_array<Case>({{"", Interpreter::None},
                                          {" \n\n", Interpreter::None},
                                          {"#!/bin/bash\ntrue", Interpreter::Bash},
                                          {"#!/usr/bin/env bash", Interpreter::Bash},
                                          {"#!/bin/bash -eu\n", Interpreter::Bash},
                                          {"#!/bin/sh\n", Interpreter::Other},
                                          {"#!/usr/bin/python3\n", Interpreter::Other}});
  for (const Case& c : cases) {
    CAPTURE(c.text);
    const Result<Interpreter> found = interpreter_of(c.text);
    REQUIRE(found);
    CHECK(*found == c.want);
  }
}

TEST_CASE("user data: #cloud-config and text without an interpreter are refused with what to do") {
  for (const char* text : {"#cloud-config\npackages: [x]", "echo hi", "\n#!/bin/bash"}) {
    CAPTURE(text);
    const Result<Interpreter> found = interpreter_of(text);
    REQUIRE_FALSE(found);
    CHECK(found.error().message.find("#!/bin/bash") != std::string::npos);
  }
}

struct Run {
  std::int32_t status = 0;
  std::string record, console;
};

std::string replaced(std::string text, std::string_view what, const std::string& with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size()) {
    text.replace(at, what.size(), with);
  }
  return text;
}

std::string slurp(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Runs the script with our environment file, in a folder of its own in place of /run/tidegate.
Run run(const std::string& script) {
  std::string folder = "/tmp/tg-user-data-XXXXXX";
  REQUIRE(::mkdtemp(folder.data()) != nullptr);
  std::ofstream(folder + "/env") << bash_environment(folder);
  std::ofstream(folder + "/user-data") << script;
  const std::string command =
      "BASH_ENV=" + folder + "/env bash " + folder + "/user-data > " + folder + "/console 2>&1";
  Run done;
  done.status = WEXITSTATUS(std::system(command.c_str()));  // NOLINT(concurrency-mt-unsafe)
  done.record = slurp(folder + "/failure");
  done.console = replaced(slurp(folder + "/console"), folder, "/run/tidegate");
  std::filesystem::remove_all(folder);
  return done;
}

TEST_CASE("user data: the failing line of a bash script is known, however it fails") {
  struct Case {
    const char* name;
    const char* script;
    std::int32_t status, line;
    const char* command;
  };
  const auto cases = std::to_array<Case>({
      {"set -e", "#!/bin/bash\nset -e\nfalse\necho no\n", 1, 3, "false"},
      {"the last command", "#!/bin/bash\necho a\nls /nosuch\n", 2, 3, "ls /nosuch"},
      {"in a function", "#!/bin/bash\nset -e\nf() {\n  true\n  return 4\n}\nf\n", 4, 7, "return 4"},
      {"in a subshell", "#!/bin/bash\nset -e\n(exit 9)\n", 9, 3, "( exit 9 )"},
      {"in a pipe", "#!/bin/bash\nset -eo pipefail\nfalse | cat\n", 1, 3, "cat"},
      {"explicit exit", "#!/bin/bash\nfalse\ntrue\nexit 3\n", 3, 4, "exit 3"},
      {"exit with $?", "#!/bin/bash\n(builtin exit 6)\nexit\n", 6, 3, "exit 6"},
      {"set -u", "#!/bin/bash\nset -u\necho $NOPE\n", 1, 3, "echo $NOPE"},
      {"set -u after a failure that did not matter",
       "#!/bin/bash\nfalse\nset -u\necho $NOPE\n",
       1,
       4,
       "echo $NOPE"},
      {"exec of what is not there", "#!/bin/bash\ntrue\nexec nosuch\n", 127, 3, "exec nosuch"},
      {"command not found", "#!/bin/bash\nset -e\ntrue\nnosuch --x\n", 127, 4, "nosuch --x"},
      {"syntax", "#!/bin/bash\ntrue\nif )\n", 2, 3, "if )"},
  });
  for (const Case& c : cases) {
    CAPTURE(c.name);
    const Run done = run(c.script);
    CAPTURE(done.record);
    CAPTURE(done.console);
    CHECK(done.status == c.status);
    const auto line = failing_line(c.script, done.record, done.console, done.status);
    REQUIRE(line);
    CHECK(*line == groups::FailingLine{c.status, c.line, c.command});
  }
}

TEST_CASE("user data: a script that ends well has no failing line, whatever failed on the way") {
  const Run done = run("#!/bin/bash\nfalse\ntrue\nexit 0\n");
  CHECK(done.status == 0);
  CHECK_FALSE(failing_line("", done.record, done.console, done.status));
}

TEST_CASE("user data: a missing docker is a sentence, looking for it is none") {
  const Run looked = run("#!/bin/bash\ncommand -v docker-nosuch || true\n");
  CHECK(looked.status == 0);
  CHECK(looked.console.empty());
  const Run used = run("#!/bin/bash\nPATH=/nowhere\ndocker run x\n");
  CHECK(used.status == 127);
  CHECK(used.console.find("container or VM image") != std::string::npos);
  CHECK(failing_line("", used.record, used.console, 127)->line == 3);
}

TEST_CASE("user data: child shells do not get our traps") {
  const Run done = run("#!/bin/bash\necho \"[$BASH_ENV]\"\nbash -c 'false; true'\ntrue\n");
  CHECK(done.console == "[]\n");
  CHECK(done.record.find("ERR") == std::string::npos);
}

TEST_CASE("user data: rubbish where the traps write is passed over") {
  for (const char* record : {"", "ERR\t1", "ERR\tx\ty\tz", "ERR\t1\t-4\tfoo", "\t\t\t\t"}) {
    CAPTURE(record);
    CHECK_FALSE(failing_line("#!/bin/bash", record, "", 1));
  }
}

TEST_CASE("user data: the line on the console is of the newest run") {
  const std::string before = "/run/tidegate/user-data: line 9: x: y\n";
  CHECK(failing_line("a\nb", "", before, 1)->line == 9);
  CHECK_FALSE(failing_line("a\nb", "", before + "tidegate: restart in place, run 2\n", 1));
}

TEST_CASE("exit sentence: status, time, line") {
  CHECK(exit_sentence(3, from_seconds(0.44), std::nullopt) == "exited with status 3 after 0.4 s");
  CHECK(exit_sentence(3, from_seconds(2), groups::FailingLine{3, 7, "false"}) ==
        "exited with status 3 after 2.0 s in line 7: `false`");
}

}  // namespace
}  // namespace tidegate::compute_process
