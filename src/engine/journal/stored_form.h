// How the model lies in the state store: one key per entity, its value as JSON text. What the
// journal writes, and what checkers compare the store with.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "engine/journal/journal.h"

namespace tidegate::engine {

/// "instance/", … of each kind.
std::string_view prefix_of(EntityKind kind);

/// The entity's value; absent when the model does not have it (any more).
std::optional<Json> encode(const Model& model,
                           const Notifications& notifications,
                           const EntityKey& key);

/// Key → value of everything in the model: what the store holds once all of it is journalled.
/// Without notifications.
std::map<std::string, std::string> stored_form(const Model& model);

}  // namespace tidegate::engine
