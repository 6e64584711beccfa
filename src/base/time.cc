#include "base/time.h"

#include <algorithm>
#include <charconv>

namespace tidegate {
namespace {

using std::chrono::floor;

struct Civil {
  std::chrono::year_month_day date;
  std::chrono::hh_mm_ss<Duration> time;
};

Civil civil_of(Instant t) {
  const auto since = t.time_since_epoch();
  const auto days = floor<std::chrono::days>(since);
  return {std::chrono::year_month_day{std::chrono::sys_days{days}},
          std::chrono::hh_mm_ss<Duration>{since - days}};
}

/// `value` in at least `digits` digits, zeros in front, behind `text`. Not printf: alarms write a
/// time for each of their datapoints, and a simulation has millions of those.
void append_padded(std::string& text, std::int64_t value, std::size_t digits) {
  char buffer[24];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
  const auto length = static_cast<std::size_t>(end - buffer);
  text.append(digits - std::min(digits, length), '0').append(buffer, length);
}

/// Reads exactly `digits` digits at `at` and moves past them; -1 stands for "not a number" inside
/// this file only.
int take_number(std::string_view text, std::size_t& at, std::size_t digits) {
  if (at + digits > text.size()) {
    return -1;
  }
  int value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    const char c = text[at + i];
    if (c < '0' || c > '9') {
      return -1;
    }
    value = value * 10 + (c - '0');
  }
  at += digits;
  return value;
}

bool take_char(std::string_view text, std::size_t& at, char wanted) {
  if (at >= text.size() || text[at] != wanted) {
    return false;
  }
  ++at;
  return true;
}

Duration take_fraction(std::string_view text, std::size_t& at) {
  std::int64_t micros = 0;
  std::int64_t scale = 100000;
  while (at < text.size() && text[at] >= '0' && text[at] <= '9') {
    micros += (text[at] - '0') * scale;
    scale /= 10;
    ++at;
  }
  return Duration{micros};
}

std::optional<Duration> take_zone(std::string_view text, std::size_t& at) {
  if (take_char(text, at, 'Z')) {
    return Duration{0};
  }
  const bool east = take_char(text, at, '+');
  if (!east && !take_char(text, at, '-')) {
    return std::nullopt;
  }
  const int hours = take_number(text, at, 2);
  take_char(text, at, ':');
  const int minutes = take_number(text, at, 2);
  if (hours < 0 || minutes < 0) {
    return std::nullopt;
  }
  const Duration offset = std::chrono::hours{hours} + std::chrono::minutes{minutes};
  return east ? offset : -offset;
}

Error bad_time(std::string_view text) {
  return Error{ErrorCode::InvalidArgument,
               "ValidationError",
               "'" + std::string(text) + "' is not an ISO 8601 time such as 2026-01-03T12:04:31Z"};
}

}  // namespace

std::string format_iso8601(Instant t) {
  const Civil c = civil_of(t);
  std::string text;
  text.reserve(sizeof "2026-01-03T12:03:24.000Z");
  append_padded(text, static_cast<int>(c.date.year()), 4);
  append_padded(text += '-', static_cast<unsigned>(c.date.month()), 2);
  append_padded(text += '-', static_cast<unsigned>(c.date.day()), 2);
  append_padded(text += 'T', c.time.hours().count(), 2);
  append_padded(text += ':', c.time.minutes().count(), 2);
  append_padded(text += ':', c.time.seconds().count(), 2);
  return text += 'Z';
}

std::string format_iso8601_millis(Instant t) {
  const Civil c = civil_of(t);
  std::string text = format_iso8601(t);
  text.back() = '.';
  append_padded(text, c.time.subseconds().count() / 1000, 3);
  return text += 'Z';
}

std::string format_clock_time(Instant t) {
  return format_iso8601(t).substr(11, 8);
}

Result<Instant> parse_iso8601(std::string_view text) {
  std::size_t at = 0;
  const int year = take_number(text, at, 4);
  bool good = take_char(text, at, '-');
  const int month = take_number(text, at, 2);
  good = take_char(text, at, '-') && good;
  const int day = take_number(text, at, 2);
  good = (take_char(text, at, 'T') || take_char(text, at, ' ')) && good;
  const int hour = take_number(text, at, 2);
  good = take_char(text, at, ':') && good;
  const int minute = take_number(text, at, 2);
  good = take_char(text, at, ':') && good;
  const int second = take_number(text, at, 2);
  if (!good || year < 0 || month < 0 || day < 0 || hour < 0 || hour > 23 || minute < 0 ||
      minute > 59 || second < 0 || second > 60) {
    return bad_time(text);
  }
  const Duration fraction = take_char(text, at, '.') ? take_fraction(text, at) : Duration{0};
  const auto zone = take_zone(text, at);
  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!zone || at != text.size() || !date.ok()) {
    return bad_time(text);
  }
  const auto days = std::chrono::sys_days{date}.time_since_epoch();
  return Instant{std::chrono::duration_cast<Duration>(days) + std::chrono::hours{hour} +
                 std::chrono::minutes{minute} + std::chrono::seconds{second} + fraction - *zone};
}

}  // namespace tidegate
