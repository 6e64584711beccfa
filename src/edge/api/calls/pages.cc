#include "edge/api/calls/pages.h"

#include <string_view>

#include "base/text.h"

namespace tidegate::api {
namespace {
constexpr std::string_view kPrefix = "tidegate1:";  // of what a token says; the number is its form
}

std::string encode_token(const std::string& key) {
  return base64_encode(std::string{kPrefix} + key);
}

std::optional<std::string> decode_token(const std::string& token) {
  const auto text = base64_decode(token);
  if (!text.has_value() || !text->starts_with(kPrefix)) {
    return std::nullopt;
  }
  return text->substr(kPrefix.size());
}

}  // namespace tidegate::api
