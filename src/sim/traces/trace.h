// Recorded traffic as text: counts per bucket, or one line per request. Formats (docs/guides/
// simulate.md): lines starting with '#' are `key: value` headers; then one whole number per line,
// the requests of a bucket of `step_s` seconds, -1 where nothing was measured; or three numbers per
// line, milliseconds since the first request, context tokens and generated tokens. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace tidegate::traces {

/// Arrivals are known no finer than this; the engine samples as often.
inline constexpr Duration kCell = std::chrono::milliseconds{200};
inline constexpr Duration kLongestTrace = std::chrono::hours{24 * 366};

struct Bucket {
  double requests = 0;
  double work = 0;  // in requests of mean service time: more than `requests` where they are heavy
  bool is_measured = true;
};

struct Trace {
  std::string name;    // of the header `trace`, else the file's
  std::string source;  // of the header `source`: where it is from, and its licence
  std::optional<Instant> start;
  Duration step{};
  bool is_per_request = false;  // buckets hold what arrived; else a mean that arrives by chance
  std::vector<Bucket> buckets;
  std::vector<std::string> remarks;  // what is missing, as sentences with line numbers

  Duration length() const { return step * static_cast<std::int64_t>(buckets.size()); }
  double requests() const;
};

/// `file` is used in messages only. Error: InvalidArgument "FILE:LINE: …" with what would be valid.
/// What was not measured is no error: it keeps the load of the bucket before, is not scored, and is
/// among the remarks.
Result<Trace> parse_trace(std::string_view file, std::string_view text);

}  // namespace tidegate::traces
