// What the environment says: the only place that reads TIDEGATE_* variables. Parsed once at start
// to typed values; a bad value is an error that names the variable, never a silent default.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tidegate::apps {

/// Longest TIDEGATE_HOME: what stands below it (instances/i-…/sock, 45 bytes at most) must fit a
/// socket path of 100 bytes.
inline constexpr std::size_t kMaxHomeBytes = 55;

struct Environment {
  std::string home;                    // absolute, without a slash at its end
  std::string api_host = "127.0.0.1";  // IPv4 literal
  std::uint16_t api_port = 4580;
  std::string region = "eu-west-2";
  std::optional<std::string> range;      // CIDR; absent: a free one is chosen
  std::optional<double> instance_scale;  // absent: auto
  std::optional<std::string> record;     // file to record into, absolute; absent: nothing is

  std::string api_url() const;
  bool operator==(const Environment&) const = default;
};

enum class Caller { Root, User };

/// The value of a variable, or nothing where it is not set.
using Lookup = std::function<std::optional<std::string>(std::string_view name)>;

/// Errors: InvalidArgument with a sentence that names the variable and what would be valid. An
/// empty variable is the same as one that is not set.
Result<Environment> read_environment(Caller caller, const Lookup& lookup);

/// Looks a variable up in this process's own environment.
std::optional<std::string> process_environment(std::string_view name);

}  // namespace tidegate::apps
