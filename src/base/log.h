// One event per line on stderr: `2026-01-03T12:04:31.250Z info instance_launched group=g
// instance=i-1`. error: someone must act; warn: degraded; info: state changed. No secrets, and none
// on a per-request path.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace tidegate {

enum class LogLevel { Info, Warn, Error };
using LogField = std::pair<std::string_view, std::string>;

/// Writes one line in one write(2). Values with blanks, quotes or control bytes are quoted and
/// escaped. Thread-safe.
void log_event(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {});

}  // namespace tidegate
