#include <iterator>

#include "edge/api/cloudwatch/handlers.h"

namespace tidegate::api::cloudwatch {

std::vector<Entry> entries() {
  std::vector<Entry> all{
      reads<PutMetricDataOperation>({"Namespace", "MetricData"}, &put_metric_data),
      reads<GetMetricDataOperation>(
          {"MetricDataQueries", "StartTime", "EndTime", "NextToken", "ScanBy", "MaxDatapoints"},
          &get_metric_data),
      reads<GetMetricStatisticsOperation>({"Namespace",
                                           "MetricName",
                                           "Dimensions",
                                           "StartTime",
                                           "EndTime",
                                           "Period",
                                           "Statistics",
                                           "ExtendedStatistics",
                                           "Unit"},
                                          &get_metric_statistics),
      reads<ListMetricsOperation>(
          {"Namespace", "MetricName", "Dimensions", "NextToken", "RecentlyActive"}, &list_metrics),
  };
  for (std::vector<Entry>& some : std::vector{alarm_reads(), alarm_changes(), alarm_history()}) {
    std::move(some.begin(), some.end(), std::back_inserter(all));
  }
  return all;
}

}  // namespace tidegate::api::cloudwatch
