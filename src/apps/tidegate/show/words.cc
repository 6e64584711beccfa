#include "apps/tidegate/show/words.h"

#include <cmath>

#include "base/text.h"

namespace tidegate::apps {
namespace {

constexpr std::size_t kLabelWidth = 10;

}  // namespace

std::string percent_text(const Json& percent) {
  if (!percent.is_number()) {
    return "-";
  }
  return format_double(std::round(percent.number_or(0) * 10) / 10) + " %";
}

std::string share_text(const Json& share) {
  if (!share.is_number()) {
    return "-";
  }
  return format_double(std::round(share.number_or(0) * 100)) + " %";
}

std::string count_text(const Json& count) {
  if (count.is_number()) {
    return format_double(count.number_or(0));
  }
  return count.string_or("-");
}

std::string memory_text(std::int64_t mib) {
  return mib >= 1024 && mib % 1024 == 0 ? std::to_string(mib / 1024) + " GiB"
                                        : std::to_string(mib) + " MiB";
}

std::string short_zone(std::string_view zone, std::string_view region) {
  if (region.empty() || !zone.starts_with(region)) {
    return std::string{zone};
  }
  return std::string{zone.substr(region.size() - 1)};
}

std::string clock_text(std::string_view iso) {
  return std::string{iso.size() >= 19 ? iso.substr(11, 8) : iso};
}

std::string seconds_text(double seconds) {
  return seconds < 1 ? format_fixed(seconds * 1000, 0) + " ms" : format_fixed(seconds, 1) + " s";
}

std::string row(std::string_view label, std::string_view rest) {
  std::string text{label};
  text.append(label.size() < kLabelWidth ? kLabelWidth - label.size() : 1, ' ');
  return text.append(rest) + "\n";
}

}  // namespace tidegate::apps
