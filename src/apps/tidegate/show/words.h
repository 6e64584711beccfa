// How single values are written in pictures: percents, shares, counts, zones, times. Pure. An
// absent value is "-".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.h"

namespace tidegate::apps {

/// "70 %", at most one digit after the point.
std::string percent_text(const Json& percent);
/// A share 0..1 as "100 %".
std::string share_text(const Json& share);
/// A count, given as a number or as text.
std::string count_text(const Json& count);
/// MiB as "8 GiB" or "256 MiB".
std::string memory_text(std::int64_t mib);
/// "eu-west-2a" of region "eu-west-2" as "2a"; other zones as they are.
std::string short_zone(std::string_view zone, std::string_view region);
/// "12:04:31" of an ISO 8601 time.
std::string clock_text(std::string_view iso);
/// "1.2 s"; "350 ms" below a second.
std::string seconds_text(double seconds);
/// A line of a picture: labels have a column of ten.
std::string row(std::string_view label, std::string_view rest);

}  // namespace tidegate::apps
