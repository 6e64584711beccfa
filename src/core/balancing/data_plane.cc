#include "core/balancing/data_plane.h"

#include <array>
#include <utility>

namespace tidegate::balancing {
namespace {

constexpr auto kStates = std::to_array<std::pair<TargetHealthState, std::string_view>>({
    {TargetHealthState::Initial, "initial"},
    {TargetHealthState::Healthy, "healthy"},
    {TargetHealthState::Unhealthy, "unhealthy"},
    {TargetHealthState::Unused, "unused"},
    {TargetHealthState::Draining, "draining"},
    {TargetHealthState::Unavailable, "unavailable"},
});

}  // namespace

std::string_view to_string(TargetHealthState state) {
  for (const auto& [candidate, text] : kStates) {
    if (candidate == state) return text;
  }
  return {};
}

std::optional<TargetHealthState> parse_target_health_state(std::string_view text) {
  for (const auto& [state, candidate] : kStates) {
    if (candidate == text) return state;
  }
  return std::nullopt;
}

}  // namespace tidegate::balancing
