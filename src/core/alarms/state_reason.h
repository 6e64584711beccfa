// The texts an alarm gives for its state, as CloudWatch words them (clients parse them), and the
// JSON beside them. Used by alarm.cc only; pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "core/alarms/alarm.h"

namespace tidegate::alarms {

struct EvaluatedPoint {
  Instant start;
  double value = 0;
};

/// What an evaluation looked at. real.size() == breaching + good; fills: how many of the N periods
/// have no real point.
struct EvaluatedPoints {
  std::vector<EvaluatedPoint> real;  // newest first
  std::int32_t breaching = 0;
  std::int32_t good = 0;
  std::int32_t fills = 0;
  std::int32_t oldest_breaching_position = 0;  // counted from the newest period = 1; 0: none
};

/// "Threshold Crossed: 1 out of the last 1 datapoints [6.0 (25/09/22 18:49:00)] was greater than
/// the threshold (5.0) (minimum 1 datapoint for OK -> ALARM transition)." and its relatives.
std::string state_reason(const Alarm& alarm, StateValue state, const EvaluatedPoints& points);

/// CloudWatch's version "1.0": recentDatapoints oldest first, evaluatedDatapoints newest first.
/// Without real points the periods that were asked for are named.
std::string state_reason_data(const Alarm& alarm,
                              const EvaluatedPoints& points,
                              Instant newest_start,
                              Instant now);

/// As Java prints a double, which is what CloudWatch's texts have: 6.0, 0.1, 1.0E7, 1.0E-4.
std::string format_reason_number(double value);

}  // namespace tidegate::alarms
