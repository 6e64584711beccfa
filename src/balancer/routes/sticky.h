// Duration cookies: which target a client had, in a token that only this home can make. AWSALB and
// AWSALBCORS carry the same token; the second is for pages of other sites. A token names its target
// by a keyed hash and is signed for its target group, so that it tells nothing, and addresses
// nothing that the group has not. Pure but for the key; read by every worker.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/balancing/data_plane.h"

namespace tidegate::balancer {

inline constexpr std::string_view kStickyCookie = "AWSALB";
inline constexpr std::string_view kStickyCorsCookie = "AWSALBCORS";

class Sticky {
 public:
  /// home_key: of the configuration; never empty.
  Sticky(const balancing::TargetGroupConfig& group, std::string_view home_key);

  /// Of the target at that position of the group; 32 characters of base64. now_s: seconds of UTC.
  std::string token(std::size_t position, std::int64_t now_s) const;
  /// The target's position; absent when the token is none of this group's, is older than the
  /// duration, or names a target that has left.
  std::optional<std::size_t> position(std::string_view token, std::int64_t now_s) const;

  /// The lines that an answer carries, with their ends.
  std::string cookie_lines(std::size_t position, std::int64_t now_s) const;

 private:
  std::string key_;  // of this group
  std::int64_t duration_s_;
  std::vector<std::string> tags_;  // of the targets, in their order
};

/// The value of that cookie in a Cookie field; absent when it is not there.
std::optional<std::string_view> cookie_value(std::string_view field, std::string_view name);

/// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 §5.6.7).
std::string http_date(std::int64_t seconds);

}  // namespace tidegate::balancer
