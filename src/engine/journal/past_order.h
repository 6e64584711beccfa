// The one order of past activities: as they are told, and as they are read back. Pure; any thread.
#pragma once

#include <tuple>

#include "core/groups/activity.h"

namespace tidegate::engine {

/// Newest deletion first, of one group the newest start first; ids break ties.
inline bool is_told_before(const groups::PastActivity& a, const groups::PastActivity& b) {
  return std::tie(b.group_deleted, b.activity.start, a.activity.id) <
         std::tie(a.group_deleted, a.activity.start, b.activity.id);
}

}  // namespace tidegate::engine
