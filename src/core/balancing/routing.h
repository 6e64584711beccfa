// The way of a request: which rule of a listener matches it, and which target of the group takes
// it. Compiled once per configuration, read by every worker; Rotation is one worker's own. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/balancing/data_plane.h"
#include "core/balancing/target_health.h"

namespace tidegate::balancing {

/// One pattern with `*` (any run) and `?` (any one byte), prepared for the common shapes.
class Pattern {
 public:
  enum class Case { Sensitive, Insensitive };
  Pattern(std::string_view text, Case sensitivity);
  bool matches(std::string_view text) const;

 private:
  enum class Shape { Exact, Prefix, General };
  Shape shape_ = Shape::General;
  Case case_ = Case::Sensitive;
  std::string text_;  // lower case when insensitive; without its star when a prefix
};

/// The rules of one listener in the order of their priority.
class RouteTable {
 public:
  /// A group is named by its position in `groups`. A rule or default that names a group outside of
  /// it never gets requests: the listener answers 503 for these.
  RouteTable(const ListenerConfig& listener, std::span<const TargetGroupConfig> groups);

  struct Match {
    std::optional<std::size_t> target_group;
    std::size_t evaluated = 0;  // rules looked at, the default one not counted
  };
  /// `host` with or without port, any case; `path` as routing_path() gives it.
  Match match(std::string_view host, std::string_view path) const;

 private:
  struct Compiled {
    std::int32_t priority = 0;
    std::vector<std::vector<Pattern>> hosts;  // one entry per condition: any of its patterns
    std::vector<std::vector<Pattern>> paths;
    std::optional<std::size_t> target_group;
  };
  static bool all_match(const std::vector<std::vector<Pattern>>& conditions, std::string_view text);

  std::vector<Compiled> rules_;
  std::optional<std::size_t> default_;
};

/// The path that rules are matched against: unreserved characters decoded, dot segments resolved
/// (RFC 3986 §6.2.2). Absent when the path hides a NUL or has a broken escape. `%2F` and `%5C` stay
/// as they are. Only for routing: the target gets the bytes that the client sent.
std::optional<std::string> routing_path(std::string_view path);
/// False for the paths that routing_path() would return unchanged, which is nearly all.
bool needs_normalising(std::string_view path);

/// Which targets get requests: the preferred ones, or those of fail-open when none is preferred.
/// Positions in `eligibility`, in order.
std::vector<std::uint32_t> routable(std::span<const Eligibility> eligibility);

/// Round robin over a list that may change at any time.
class Rotation {
 public:
  explicit Rotation(std::uint64_t start = 0) : next_(start) {}
  /// The next member of `routable` that is not in `tried`; absent when there is none.
  std::optional<std::uint32_t> pick(std::span<const std::uint32_t> routable,
                                    std::span<const std::uint32_t> tried = {});

 private:
  std::uint64_t next_;
};

}  // namespace tidegate::balancing
