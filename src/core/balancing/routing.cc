#include "core/balancing/routing.h"

#include <algorithm>

#include "base/text.h"

namespace tidegate::balancing {
namespace {

std::optional<std::size_t> position_of(const TargetGroupArn& arn,
                                       std::span<const TargetGroupConfig> groups) {
  const auto at = std::ranges::find(groups, arn, &TargetGroupConfig::arn);
  if (at == groups.end()) return std::nullopt;
  return static_cast<std::size_t>(at - groups.begin());
}

// Without the port; the colons of an IP literal are inside its brackets.
std::string_view without_port(std::string_view host) {
  const std::size_t colon = host.rfind(':');
  if (colon == std::string_view::npos || host.find(']', colon) != std::string_view::npos) {
    return host;
  }
  return host.substr(0, colon);
}

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

std::optional<int> hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

std::optional<std::string> decode_unreserved(std::string_view path) {
  std::string out;
  out.reserve(path.size());
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] != '%') {
      out += path[i];
      continue;
    }
    if (i + 2 >= path.size()) return std::nullopt;
    const std::optional<int> high = hex_digit(path[i + 1]);
    const std::optional<int> low = hex_digit(path[i + 2]);
    if (!high || !low) return std::nullopt;
    const char decoded = static_cast<char>(*high * 16 + *low);
    if (decoded == '\0') return std::nullopt;
    if (is_unreserved(decoded)) {
      out += decoded;
    } else {
      out += path.substr(i, 3);
    }
    i += 2;
  }
  return out;
}

// RFC 3986 §5.2.4 for an absolute path: never climbs over the root.
std::string remove_dot_segments(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/', 1), path.size());
    const std::string_view segment = path.substr(0, end);  // with its leading slash
    const bool last = end == path.size();
    path.remove_prefix(end);
    if (segment == "/." || segment == "/..") {
      if (segment == "/..") out.erase(std::min(out.rfind('/'), out.size()));
      if (last) out += '/';
    } else {
      out += segment;
    }
  }
  return out;
}

}  // namespace

Pattern::Pattern(std::string_view text, Case sensitivity)
    : case_(sensitivity),
      text_(sensitivity == Case::Insensitive ? to_lower(text) : std::string{text}) {
  const std::size_t wildcard = text_.find_first_of("*?");
  if (wildcard == std::string::npos) {
    shape_ = Shape::Exact;
  } else if (wildcard + 1 == text_.size() && text_[wildcard] == '*') {
    shape_ = Shape::Prefix;
    text_.pop_back();
  }
}

bool Pattern::matches(std::string_view text) const {
  std::string lowered;
  if (case_ == Case::Insensitive) {
    lowered = to_lower(text);
    text = lowered;
  }
  switch (shape_) {
    case Shape::Exact:
      return text == text_;
    case Shape::Prefix:
      return text.starts_with(text_);
    case Shape::General:
      break;
  }
  return matches_wildcard(text_, text);
}

RouteTable::RouteTable(const ListenerConfig& listener, std::span<const TargetGroupConfig> groups)
    : default_(position_of(listener.default_target_group, groups)) {
  for (const Rule& rule : listener.rules) {
    Compiled compiled;
    compiled.priority = rule.priority;
    compiled.target_group = position_of(rule.action.target_group, groups);
    for (const RuleCondition& condition : rule.conditions) {
      const bool host = condition.field == RuleCondition::Field::HostHeader;
      std::vector<Pattern> patterns;
      for (const std::string& value : condition.values) {
        patterns.emplace_back(value, host ? Pattern::Case::Insensitive : Pattern::Case::Sensitive);
      }
      (host ? compiled.hosts : compiled.paths).push_back(std::move(patterns));
    }
    rules_.push_back(std::move(compiled));
  }
  std::ranges::sort(rules_, {}, &Compiled::priority);  // unique in a listener
}

bool RouteTable::all_match(const std::vector<std::vector<Pattern>>& conditions,
                           std::string_view text) {
  return std::ranges::all_of(conditions, [&](const std::vector<Pattern>& patterns) {
    return std::ranges::any_of(patterns,
                               [&](const Pattern& pattern) { return pattern.matches(text); });
  });
}

RouteTable::Match RouteTable::match(std::string_view host, std::string_view path) const {
  host = without_port(host);
  std::size_t evaluated = 0;
  for (const Compiled& rule : rules_) {
    ++evaluated;
    if (all_match(rule.paths, path) && all_match(rule.hosts, host)) {
      return {rule.target_group, evaluated};
    }
  }
  return {default_, evaluated};
}

bool needs_normalising(std::string_view path) {
  return path.find('%') != std::string_view::npos || path.find("/.") != std::string_view::npos;
}

std::optional<std::string> routing_path(std::string_view path) {
  std::optional<std::string> decoded = decode_unreserved(path);
  if (!decoded || decoded->empty() || decoded->front() != '/') return decoded;
  return remove_dot_segments(*decoded);
}

std::vector<std::uint32_t> routable(std::span<const Eligibility> eligibility) {
  const bool any_preferred =
      std::ranges::find(eligibility, Eligibility::Preferred) != eligibility.end();
  const Eligibility wanted = any_preferred ? Eligibility::Preferred : Eligibility::FailOpen;
  std::vector<std::uint32_t> out;
  for (std::size_t i = 0; i < eligibility.size(); ++i) {
    if (eligibility[i] == wanted) out.push_back(static_cast<std::uint32_t>(i));
  }
  return out;
}

std::optional<std::uint32_t> Rotation::pick(std::span<const std::uint32_t> routable,
                                            std::span<const std::uint32_t> tried) {
  for (std::size_t tries = 0; tries < routable.size(); ++tries) {
    const std::uint32_t candidate = routable[next_ % routable.size()];
    ++next_;
    if (std::ranges::find(tried, candidate) == tried.end()) return candidate;
  }
  return std::nullopt;
}

}  // namespace tidegate::balancing
