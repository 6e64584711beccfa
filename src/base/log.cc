#include "base/log.h"

#include <ctime>

#include <unistd.h>

#include "base/time.h"

namespace tidegate {
namespace {

std::string_view level_name(LogLevel level) {
  switch (level) {
    case LogLevel::Info:
      return "info";
    case LogLevel::Warn:
      return "warn";
    case LogLevel::Error:
      return "error";
  }
  return "?";
}

/// The wall clock is read here only to stamp the line; no decision ever sees it.
std::string stamp() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return format_iso8601_millis(
      Instant{std::chrono::seconds{now.tv_sec} + Duration{now.tv_nsec / 1000}});
}

void append_value(std::string& line, const std::string& value) {
  if (!value.empty() && value.find_first_of(" \t\r\n\"=\\") == std::string::npos) {
    line += value;
    return;
  }
  line.push_back('"');
  for (const char c : value) {
    switch (c) {
      case '\n':
        line += "\\n";
        break;
      case '\r':
        line += "\\r";
        break;
      case '"':
      case '\\':
        line.push_back('\\');
        line.push_back(c);
        break;
      default:
        line.push_back(static_cast<unsigned char>(c) < 0x20 ? '?' : c);
    }
  }
  line.push_back('"');
}

}  // namespace

void log_event(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  std::string line = stamp();
  line.push_back(' ');
  line += level_name(level);
  line.push_back(' ');
  line += event;
  for (const auto& [key, value] : fields) {
    line.push_back(' ');
    line += key;
    line.push_back('=');
    append_value(line, value);
  }
  line.push_back('\n');
  const ssize_t written = write(STDERR_FILENO, line.data(), line.size());
  static_cast<void>(written);  // nobody is left to tell
}

}  // namespace tidegate
