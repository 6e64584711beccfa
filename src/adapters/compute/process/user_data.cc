#include "adapters/compute/process/user_data.h"

#include <vector>

#include "base/text.h"

namespace tidegate::compute_process {
namespace {

constexpr std::size_t kMostCommand = 200;  // characters of it that are told
constexpr std::string_view kRestartNote = "tidegate: restart in place";

Error invalid(std::string sentence) {
  return Error{ErrorCode::InvalidArgument, "InvalidUserData.Malformed", std::move(sentence)};
}

std::string line_of(std::string_view user_data, std::int32_t number) {
  const std::vector<std::string> lines = split(user_data, '\n');
  const auto index = static_cast<std::size_t>(number);
  if (number < 1 || index > lines.size()) return {};
  return std::string{trim(lines[index - 1])};
}

struct Records {
  std::optional<groups::FailingLine> failed;  // the last failing command
  std::optional<std::string> last_command;    // at exit
};

/// Lines "ERR\tSTATUS\tLINE\tCOMMAND" and "EXIT\tSTATUS\t0\tCOMMAND". The instance can write there
/// what it likes: anything else is passed over.
Records parse_records(std::string_view text) {
  Records records;
  for (const std::string& line : split(text, '\n')) {
    const std::vector<std::string> parts = split(line, '\t');
    if (parts.size() < 4) continue;
    const std::optional<std::int64_t> status = parse_int(parts[1]);
    const std::optional<std::int64_t> number = parse_int(parts[2]);
    if (!status || !number || *number < 0 || *number > 1000000) continue;
    if (parts[0] == "ERR") {
      records.failed = groups::FailingLine{static_cast<std::int32_t>(*status),
                                           static_cast<std::int32_t>(*number),
                                           parts[3].substr(0, kMostCommand)};
      records.last_command.reset();
    } else if (parts[0] == "EXIT") {
      records.last_command = parts[3].substr(0, kMostCommand);
    }
  }
  return records;
}

/// A failure that the script went on after is not the one that ended it.
bool ended_by(const Records& records, std::int32_t status) {
  if (!records.failed || records.failed->status != status) return false;
  return !records.last_command || *records.last_command == records.failed->command ||
         records.last_command->starts_with("builtin exit");
}

/// As a shell reads it back.
std::string shell_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

/// bash's own "/run/tidegate/user-data: line 7: NAME: unbound variable", the last of this run.
std::optional<std::int32_t> line_on_console(std::string_view console) {
  if (const std::size_t note = console.rfind(kRestartNote); note != std::string_view::npos) {
    console.remove_prefix(note);
  }
  const std::string mark = std::string{kUserDataFile} + ": line ";
  const std::size_t at = console.rfind(mark);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view rest = console.substr(at + mark.size());
  const std::optional<std::int64_t> number = parse_int(rest.substr(0, rest.find(':')));
  if (!number || *number < 1 || *number > 1000000) return std::nullopt;
  return static_cast<std::int32_t>(*number);
}

}  // namespace

Result<Interpreter> interpreter_of(std::string_view user_data) {
  if (trim(user_data).empty()) return Interpreter::None;
  const std::string first = split(user_data, '\n').front();
  if (trim(first) == "#cloud-config") {
    return invalid(
        "user data is #cloud-config, which is not built yet: use a script that begins with "
        "#!/bin/bash");
  }
  if (!first.starts_with("#!")) {
    return invalid(
        "user data does not begin with #!: name its interpreter in the first line, as in "
        "#!/bin/bash");
  }
  for (const std::string& word : split(first.substr(2), ' ')) {
    if (word == "bash" || word.ends_with("/bash")) return Interpreter::Bash;
  }
  return Interpreter::Other;
}

std::string bash_environment(std::string_view run_folder) {
  std::string text{"__tidegate_file="};
  return text + shell_quoted(std::string{run_folder} + std::string{kFailureFile}) + R"bash(
# Read by bash before the user data (BASH_ENV), so that its failing line is known.
unset BASH_ENV
__tidegate_failure() {
  printf 'ERR\t%s\t%s\t%s\n' "$1" "$2" "${3//[$'\n\t']/ }" >| "$__tidegate_file"
} 2>/dev/null
__tidegate_exit() {
  printf 'EXIT\t%s\t0\t%s\n' "$1" "${2//[$'\n\t']/ }" >> "$__tidegate_file"
} 2>/dev/null
exit() {
  local __tidegate_status=${1-$?}
  [ "$__tidegate_status" = 0 ] ||
    __tidegate_failure "$__tidegate_status" "${BASH_LINENO[0]}" "exit $__tidegate_status"
  builtin exit "$__tidegate_status"
}
command_not_found_handle() {
  case $1 in
    docker|docker-compose|podman)
      echo "tidegate: '$1' does not run in an instance of the process driver:" \
        "a container or VM image is the answer (Metadata: Tidegate: Images)" >&2 ;;
  esac
  echo "$0: line ${BASH_LINENO[0]}: $1: command not found" >&2
  return 127
}
set -o errtrace
trap '__tidegate_failure "$?" "$LINENO" "$BASH_COMMAND"' ERR
trap '__tidegate_exit "$?" "$BASH_COMMAND"' EXIT
)bash";
}

std::optional<groups::FailingLine> failing_line(std::string_view user_data,
                                                std::string_view record,
                                                std::string_view console,
                                                std::int32_t status) {
  if (status == 0) return std::nullopt;
  const Records records = parse_records(record);
  if (ended_by(records, status)) return records.failed;
  const std::optional<std::int32_t> number = line_on_console(console);
  if (!number) return std::nullopt;
  return groups::FailingLine{status, *number, line_of(user_data, *number).substr(0, kMostCommand)};
}

std::string exit_sentence(std::int32_t status,
                          Duration duration,
                          const std::optional<groups::FailingLine>& line) {
  std::string sentence = "exited with status " + std::to_string(status) + " after " +
                         format_fixed(seconds_of(duration), 1) + " s";
  if (line) sentence += " in line " + std::to_string(line->line) + ": `" + line->command + "`";
  return sentence;
}

}  // namespace tidegate::compute_process
