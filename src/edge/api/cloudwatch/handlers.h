// Amazon CloudWatch: alarms of the model, metrics straight to and from the metric store.
#pragma once

#include <vector>

#include "edge/api/calls/serve.h"
#include "edge/api/models/cloudwatch.h"

namespace tidegate::api::cloudwatch {

std::vector<Entry> entries();

MetricAlarm alarm_answer(const alarms::Alarm& alarm);

// The entries by file.
std::vector<Entry> alarm_reads();    // alarms.cc
std::vector<Entry> alarm_changes();  // alarm_changes.cc
std::vector<Entry> alarm_history();  // alarm_history.cc

/// What PutMetricData does to the store, and what the others read.
Result<Nothing> put_metric_data(const Context& context, const PutMetricDataInput& request);
Result<GetMetricDataOutput> get_metric_data(const Context& context,
                                            const GetMetricDataInput& request);
Result<GetMetricStatisticsOutput> get_metric_statistics(const Context& context,
                                                        const GetMetricStatisticsInput& request);
Result<ListMetricsOutput> list_metrics(const Context& context, const ListMetricsInput& request);

}  // namespace tidegate::api::cloudwatch
