// User data of a process instance: what is accepted, the ERR trap that bash gets, and the failing
// line of a run that failed. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "core/groups/instance.h"

namespace tidegate::compute_process {

/// Where these files are for the instance itself: below kRunFolder, or where instances have no
/// files of their own below the folder that stands for it.
inline constexpr std::string_view kRunFolder = "/run/tidegate";
inline constexpr std::string_view kUserDataFile = "/user-data";
inline constexpr std::string_view kBashEnvironmentFile = "/bash-environment";
inline constexpr std::string_view kFailureFile = "/failure";

enum class Interpreter { None, Bash, Other };

/// None for empty user data. Error: InvalidArgument for #cloud-config and for anything that does
/// not begin with "#!".
Result<Interpreter> interpreter_of(std::string_view user_data);

/// The file that BASH_ENV names: an ERR trap with errtrace that writes status, line and command to
/// kFailureFile in run_folder, an `exit` that does so too, an EXIT trap that tells the last
/// command, and a sentence for a missing docker.
std::string bash_environment(std::string_view run_folder);

/// The line that made the run fail with `status`. `record`: what the traps wrote; `console`: of the
/// console, the newest part, for what they cannot see (set -u, exec of a missing program, syntax).
std::optional<groups::FailingLine> failing_line(std::string_view user_data,
                                                std::string_view record,
                                                std::string_view console,
                                                std::int32_t status);

/// "exited with status 3 after 0.4 s in line 7: `false`".
std::string exit_sentence(std::int32_t status,
                          Duration duration,
                          const std::optional<groups::FailingLine>& line);

}  // namespace tidegate::compute_process
