// DescribeAlarmHistory.
#include <algorithm>

#include "core/alarms/history.h"
#include "edge/api/calls/pages.h"
#include "edge/api/cloudwatch/handlers.h"

namespace tidegate::api::cloudwatch {
namespace {

constexpr std::int64_t kItemsPerPage = 100;  // DescribeAlarmHistory, CloudWatch API reference

bool wanted(const DescribeAlarmHistoryInput& request, const alarms::HistoryItem& item) {
  return request.alarm_name.value_or(item.alarm.value) == item.alarm.value &&
         request.history_item_type.value_or(std::string{to_string(item.type)}) ==
             to_string(item.type) &&
         item.at >= request.start_date.value_or(item.at) &&
         item.at <= request.end_date.value_or(item.at);
}

AlarmHistoryItem answer_of(const alarms::HistoryItem& item) {
  AlarmHistoryItem answer;
  answer.alarm_name = item.alarm.value;
  answer.alarm_type = "MetricAlarm";
  answer.timestamp = item.at;
  answer.history_item_type = std::string{to_string(item.type)};
  answer.history_summary = item.summary;
  answer.history_data = item.data;
  return answer;
}

Result<DescribeAlarmHistoryOutput> describe_alarm_history(
    const Context& context, const DescribeAlarmHistoryInput& request) {
  const auto types = request.alarm_types.value_or(std::vector<std::string>{});
  const bool metric_alarms =
      types.empty() || std::find(types.begin(), types.end(), "MetricAlarm") != types.end();
  std::vector<alarms::HistoryItem> all;
  for (const alarms::HistoryItem& item : context.model.alarm_history) {
    if (metric_alarms && wanted(request, item)) {
      all.push_back(item);
    }
  }
  if (request.scan_by.value_or("TimestampDescending") == "TimestampDescending") {
    std::reverse(all.begin(), all.end());
  }
  TG_ASSIGN_OR_RETURN(
      const auto page,
      page_of(
          std::move(all),
          [](const alarms::HistoryItem& item) { return std::to_string(item.sequence); },
          request.next_token,
          request.max_records.value_or(kItemsPerPage),
          "InvalidNextToken"));
  DescribeAlarmHistoryOutput answer;
  auto& items = answer.alarm_history_items.emplace();
  std::transform(page.items.begin(), page.items.end(), std::back_inserter(items), &answer_of);
  answer.next_token = page.next_token;
  return answer;
}

}  // namespace

std::vector<Entry> alarm_history() {
  return {reads<DescribeAlarmHistoryOperation>({"AlarmName",
                                                "AlarmTypes",
                                                "HistoryItemType",
                                                "StartDate",
                                                "EndDate",
                                                "MaxRecords",
                                                "NextToken",
                                                "ScanBy"},
                                               &describe_alarm_history)};
}

}  // namespace tidegate::api::cloudwatch
