// What a plan holds, for the tests of this module.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "core/groups/plan.h"

namespace tidegate::groups::testing {

template <typename T>
std::vector<T> actions_of(const Plan& plan) {
  std::vector<T> found;
  for (const Action& action : plan.actions) {
    if (const T* one = std::get_if<T>(&action)) {
      found.push_back(*one);
    }
  }
  return found;
}

using Strings = std::vector<std::string>;

inline Strings zones_of(const Plan& plan) {
  Strings zones;
  for (const LaunchInstance& launch : actions_of<LaunchInstance>(plan)) {
    zones.push_back(launch.zone);
  }
  return zones;
}

template <typename T>
Strings ids_of(const Plan& plan) {
  Strings ids;
  for (const T& action : actions_of<T>(plan)) {
    ids.push_back(action.id.value);
  }
  return ids;
}

}  // namespace tidegate::groups::testing
