// `explain`: what was decided about a group, an instance or an activity, what was not, why, and
// what would change it. Pure over the published view.
#pragma once

#include <string>

#include "base/json.h"
#include "base/result.h"
#include "engine/queries.h"

namespace tidegate::status {

enum class Subject { Group, Instance, Activity };

/// {"Text": lines for people, and what they are made of}.
/// Error: NotFound (ValidationError) with the names that exist.
Result<Json> explain(const engine::Model& model, Subject subject, const std::string& name);

}  // namespace tidegate::status
