// The alarm rows of `tidegate status`. Pure.
#pragma once

#include <string>

#include "apps/tidegate/show/paint.h"
#include "base/json.h"

namespace tidegate::apps {

/// alarms: [{AlarmName, StateValue, MetricName, Value, Threshold, ComparisonOperator, Origin,
/// Receivers, Note}]; empty text where there are none.
std::string alarms_text(const Json& alarms, Paint paint);

}  // namespace tidegate::apps
