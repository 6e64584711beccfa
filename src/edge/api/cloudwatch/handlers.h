// Amazon CloudWatch: alarms of the model, metrics straight to and from the metric store.
#pragma once

#include <vector>

#include "edge/api/calls/serve.h"
#include "edge/api/models/cloudwatch.h"

namespace tidegate::api::cloudwatch {

std::vector<Entry> entries();

MetricAlarm alarm_answer(const alarms::Alarm& alarm);

/// What PutMetricData does to the store, and what GetMetricStatistics reads.
Result<Nothing> put_metric_data(const Context& context, const PutMetricDataInput& request);
Result<GetMetricStatisticsOutput> get_metric_statistics(const Context& context,
                                                        const GetMetricStatisticsInput& request);

}  // namespace tidegate::api::cloudwatch
