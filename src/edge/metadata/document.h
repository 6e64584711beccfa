// What an instance's metadata service can answer: every path below /latest/ with its value, made of
// the document that the process driver keeps for the instance. Pure; any thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"

namespace tidegate::metadata {

/// Path below /latest/ → value: "meta-data/instance-id" → "i-0123…". Only what the document says:
/// a member that is absent is a path that is absent. An instance has no role, so there is no
/// meta-data/iam.
/// Source: EC2 User Guide, "Instance metadata categories".
using Paths = std::map<std::string, std::string, std::less<>>;
Paths paths_of(const Json& document);

/// The value at `path`, or the listing of a folder: one name a line, folders with a slash at their
/// end. A slash at the end of `path` does not count. Absent: neither.
std::optional<std::string> look_up(const Paths& paths, std::string_view path);

}  // namespace tidegate::metadata
