// The `status` document (CONTRACT, "Running it"; docs/reference/api.md): everything that the
// picture of STACK.md shows, as JSON. Pure over the published view.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/json.h"
#include "engine/queries.h"

namespace tidegate::status {

/// The newest value of an alarm's metric and statistic, if there is one: from the metric store.
using LatestValue = std::function<std::optional<double>(const alarms::Alarm&)>;

/// stack_name empty: every stack that is not deleted, and what belongs to none.
Json status_document(const engine::Model& model,
                     const std::string& stack_name,
                     const LatestValue& latest);

/// Parts of it that other answers use too.
Json group_document(const engine::Model& model, const engine::GroupModel& group);
Json instance_document(const engine::Model& model,
                       const engine::GroupModel& group,
                       const groups::Instance& instance);
Json policy_document(const engine::GroupModel& group, const engine::PolicyModel& policy);
Json activity_document(const groups::Activity& activity);
Json ledger_document(const engine::LedgerEntry& entry);

}  // namespace tidegate::status
