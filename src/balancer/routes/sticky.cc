#include "balancer/routes/sticky.h"

#include <array>
#include <chrono>
#include <cstdio>

#include "base/text.h"
#include "net/crypto.h"

namespace tidegate::balancer {
namespace {

constexpr std::size_t kTimeBytes = 4;
constexpr std::size_t kTagBytes = 8;
constexpr std::size_t kSignatureBytes = 12;
constexpr std::size_t kTokenBytes = kTimeBytes + kTagBytes + kSignatureBytes;
constexpr std::size_t kTokenText = kTokenBytes / 3 * 4;

std::string time_bytes(std::int64_t now_s) {
  const auto seconds = static_cast<std::uint32_t>(now_s);
  std::string bytes;
  for (unsigned shift = 32; shift > 0; shift -= 8) {
    bytes.push_back(static_cast<char>(seconds >> (shift - 8) & 0xFFU));
  }
  return bytes;
}

std::int64_t time_of(std::string_view bytes) {
  std::uint32_t seconds = 0;
  for (const char c : bytes.substr(0, kTimeBytes)) {
    seconds = seconds << 8U | static_cast<unsigned char>(c);
  }
  return seconds;
}

std::string signature(std::string_view key, std::string_view body) {
  return net::hmac_sha256(key, "token|" + std::string{body}).substr(0, kSignatureBytes);
}

}  // namespace

Sticky::Sticky(const balancing::TargetGroupConfig& group, std::string_view home_key)
    : key_(net::hmac_sha256(home_key, "group|" + group.arn.value)),
      duration_s_(group.stickiness.duration / std::chrono::seconds{1}) {
  for (const balancing::TargetConfig& target : group.targets) {
    const std::string name = "target|" + target.id + "|" + std::to_string(target.port);
    tags_.push_back(net::hmac_sha256(key_, name).substr(0, kTagBytes));
  }
}

std::string Sticky::token(std::size_t position, std::int64_t now_s) const {
  const std::string body = time_bytes(now_s) + tags_[position];
  return base64_encode(body + signature(key_, body));
}

std::optional<std::size_t> Sticky::position(std::string_view token, std::int64_t now_s) const {
  const auto bytes = token.size() == kTokenText ? base64_decode(token) : std::nullopt;
  if (!bytes || bytes->size() != kTokenBytes) return std::nullopt;
  const std::string_view body = std::string_view{*bytes}.substr(0, kTimeBytes + kTagBytes);
  const std::string_view signed_by = std::string_view{*bytes}.substr(body.size());
  if (!net::constant_time_equal(signature(key_, body), signed_by)) return std::nullopt;
  if (now_s - time_of(body) > duration_s_) return std::nullopt;
  for (std::size_t i = 0; i < tags_.size(); ++i) {
    if (tags_[i] == body.substr(kTimeBytes)) return i;
  }
  return std::nullopt;
}

std::string Sticky::cookie_lines(std::size_t position, std::int64_t now_s) const {
  const std::string value = token(position, now_s);
  const std::string life = "; Expires=" + http_date(now_s + duration_s_) + "; Path=/";
  return "Set-Cookie: " + std::string{kStickyCookie} + "=" + value + life +
         "\r\nSet-Cookie: " + std::string{kStickyCorsCookie} + "=" + value + life +
         "; SameSite=None; Secure\r\n";
}

std::optional<std::string_view> cookie_value(std::string_view field, std::string_view name) {
  while (!field.empty()) {
    const std::size_t end = field.find(';');
    const std::string_view pair = trim(field.substr(0, end));
    if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=') {
      std::string_view value = pair.substr(name.size() + 1);
      if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
        value = value.substr(1, value.size() - 2);
      }
      return value;
    }
    field = end == std::string_view::npos ? std::string_view{} : field.substr(end + 1);
  }
  return std::nullopt;
}

std::string http_date(std::int64_t seconds) {
  using namespace std::chrono;  // NOLINT(google-build-using-namespace): names of a calendar
  static constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array kMonths{
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const sys_seconds when{std::chrono::seconds{seconds}};
  const sys_days day = floor<days>(when);
  const year_month_day date{day};
  const hh_mm_ss time{when - day};
  std::array<char, 40> text{};
  std::snprintf(text.data(),
                text.size(),
                "%s, %02u %s %04d %02d:%02d:%02d GMT",
                kDays[weekday{day}.c_encoding()],
                static_cast<unsigned>(date.day()),
                kMonths[static_cast<unsigned>(date.month()) - 1],
                static_cast<int>(date.year()),
                static_cast<int>(time.hours().count()),
                static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()));
  return text.data();
}

}  // namespace tidegate::balancer
