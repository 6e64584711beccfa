// Entities as stored text, both ways by one description per type (fields.h). Unknown members are
// ignored, missing ones keep their default: an older or newer version of the same major schema
// reads them.
#pragma once

#include <string>

#include "base/json.h"
#include "base/result.h"
#include "engine/model.h"
#include "ports/notifier.h"

namespace tidegate::engine {

Json to_json(const stacks::Stack& value);
Json to_json(const groups::LaunchTemplate& value);
Json to_json(const balancing::LoadBalancer& value);
Json to_json(const balancing::TargetGroup& value);
Json to_json(const balancing::Listener& value);
Json to_json(const balancing::Rule& value);
Json to_json(const groups::AutoScalingGroup& value);
Json to_json(const scaling::TargetTrackingPolicy& value);
Json to_json(const alarms::Alarm& value);
Json to_json(const alarms::HistoryItem& value);
Json to_json(const groups::Instance& value);
Json to_json(const groups::StandaloneInstance& value);
Json to_json(const groups::Activity& value);
Json to_json(const groups::PastActivity& value);
Json to_json(const ports::Notification& value);
Json to_json(const cost::Account& value);
Json to_json(const caches::CacheCluster& value);

/// Reads T from JSON; members of the wrong kind keep their default.
template <typename T>
T from_json(const Json& json);

}  // namespace tidegate::engine
