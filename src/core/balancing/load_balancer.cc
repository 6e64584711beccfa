#include "core/balancing/load_balancer.h"

#include "base/text.h"

namespace tidegate::balancing {
namespace {

constexpr std::int64_t kStatusMin = 200;
constexpr std::int64_t kStatusMax = 499;

struct StatusRange {
  std::int64_t first = 0;
  std::int64_t last = 0;
};

// Three digits and nothing else: "+200" and " 200" are no codes.
std::optional<std::int64_t> status_code(std::string_view text) {
  if (text.size() != 3) return std::nullopt;
  const std::optional<std::int64_t> code = parse_int(text);
  if (!code || *code < 100) return std::nullopt;
  return code;
}

std::optional<StatusRange> status_range(std::string_view text) {
  const std::size_t dash = text.find('-');
  const std::optional<std::int64_t> first = status_code(text.substr(0, dash));
  if (!first) return std::nullopt;
  if (dash == std::string_view::npos) return StatusRange{*first, *first};
  const std::optional<std::int64_t> last = status_code(text.substr(dash + 1));
  if (!last || *last < *first) return std::nullopt;
  return StatusRange{*first, *last};
}

}  // namespace

bool matcher_accepts(std::string_view matcher, int status) {
  bool accepted = false;
  for (const std::string& part : split(matcher, ',')) {
    const std::optional<StatusRange> range = status_range(part);
    if (!range) return false;
    accepted = accepted || (status >= range->first && status <= range->last);
  }
  return accepted;
}

std::string matcher_error(std::string_view matcher) {
  for (const std::string& part : split(matcher, ',')) {
    const std::optional<StatusRange> range = status_range(part);
    if (!range) {
      return "Health check matcher HTTP code '" + std::string{matcher} +
             "' must be a code (200), a list (200,202) or a range (200-299)";
    }
    if (range->first < kStatusMin || range->last > kStatusMax) {
      return "Health check matcher HTTP code '" + std::string{matcher} +
             "' must be within '200-499' inclusive";
    }
  }
  return {};
}

}  // namespace tidegate::balancing
