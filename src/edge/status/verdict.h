// The one word that `status` ends with: READY when at least MinSize serve in each group (CONTRACT).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/queries.h"

namespace tidegate::status {

enum class Verdict {
  Ready,     // MinSize serve in each group; scaling is no failure
  Creating,  // not yet, and nothing has failed so far
  Degraded,  // fewer than MinSize serve in a group, and some in every one
  Down,      // none serves in a group that should have one, or the stack itself is gone or failed
};
std::string_view to_string(Verdict verdict);  // "READY", …

Verdict verdict_of(const engine::Model& model, const stacks::Stack& stack);
/// The worst of the groups; READY when there is none.
Verdict verdict_of(const engine::Model& model,
                   const std::vector<const engine::GroupModel*>& groups);
/// "1 of 1 serving": over all groups, of what is desired.
std::string verdict_text(const engine::Model& model,
                         const std::vector<const engine::GroupModel*>& groups);

/// A sentence for `up` and people: "http://…/" of the first listener; empty when there is none.
struct Url {
  std::string url;
  std::string note;  // why its port is not the one asked for, or why there is no URL
};
Url url_of(const engine::Model& model,
           const std::vector<const balancing::LoadBalancer*>& load_balancers);

}  // namespace tidegate::status
