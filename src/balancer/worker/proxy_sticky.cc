// Stickiness: the target that a client's cookie names, and the cookies of the answer.
#include <algorithm>

#include "balancer/worker/proxy.h"
#include "net/loop.h"

namespace tidegate::balancer {

// AWSALB first; the other is for who may not keep that one. A cookie that says nothing (any more)
// is as good as none: the rotation chooses, and the answer brings a new one.
LocalTarget* Proxy::sticky_target(const LocalGroup& group, const http1::RequestHead& head) const {
  if (group.sticky == nullptr) return nullptr;
  const std::int64_t now_s = net::wall_clock_seconds();
  for (const std::string_view name : {kStickyCookie, kStickyCorsCookie}) {
    for (const http1::Field& field : head.fields) {
      const auto value =
          field.id == http1::FieldId::Cookie ? cookie_value(field.value, name) : std::nullopt;
      const auto position = value ? group.sticky->position(*value, now_s) : std::nullopt;
      if (position) return group.targets[*position];
    }
  }
  return nullptr;
}

// Of the target that answers, whichever was asked for: each answer begins the duration anew.
std::string Proxy::cookie_lines(const Stream& stream) const {
  const LocalGroup& group = *stream.group;
  if (group.sticky == nullptr) return {};
  const auto at = std::ranges::find(group.targets, stream.up->target);
  if (at == group.targets.end()) return {};
  const auto position = static_cast<std::size_t>(at - group.targets.begin());
  return group.sticky->cookie_lines(position, net::wall_clock_seconds());
}

}  // namespace tidegate::balancer
