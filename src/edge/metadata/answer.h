// IMDSv2, the rules: a session token is put first, every GET carries it, what came through a proxy
// is refused, and version 1 (a GET without a token) is off. Pure; any thread.
// Source: EC2 User Guide, "Use the Instance Metadata Service to access instance metadata".
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "edge/metadata/document.h"
#include "net/server.h"

namespace tidegate::metadata {

inline constexpr std::chrono::seconds kLongestTokenLife{21600};

/// Session tokens without a memory of them: the instance's id and the end of its life, signed. They
/// stay valid over restarts of the service, and only for the instance that got them.
class Tokens {
 public:
  /// key: 32 random bytes.
  explicit Tokens(std::string key) : key_(std::move(key)) {}

  /// 56 characters, as AWS's have. `now`: seconds since boot.
  std::string issue(std::string_view instance,
                    std::chrono::seconds now,
                    std::chrono::seconds life) const;
  bool is_valid(std::string_view token, std::string_view instance, std::chrono::seconds now) const;

 private:
  std::string signature(std::string_view instance, std::string_view end) const;

  std::string key_;
};

struct Question {
  const net::HttpRequest& request;
  std::string_view instance;  // whose socket it came to
  std::chrono::seconds now;   // since boot
};

/// What AWS answers. `document`: the instance's, asked for only when the answer needs it; absent:
/// 404.
net::HttpResponse answer(const Question& question,
                         const Tokens& tokens,
                         UniqueFunction<std::optional<Json>()> document);

}  // namespace tidegate::metadata
