// ListMetrics.
#include <algorithm>

#include "edge/api/calls/pages.h"
#include "edge/api/cloudwatch/handlers.h"
#include "edge/api/cloudwatch/metric_window.h"

namespace tidegate::api::cloudwatch {
namespace {

constexpr std::int64_t kMetricsPerPage = 500;  // ListMetrics, CloudWatch API reference
constexpr Duration kListed = std::chrono::hours{24 * 14};
constexpr Duration kRecently = std::chrono::hours{3};

bool passes(const DimensionFilter& filter, const metrics::MetricId& metric) {
  return std::any_of(metric.dimensions.begin(), metric.dimensions.end(), [&](const auto& given) {
    return given.name == *filter.name && filter.value.value_or(given.value) == given.value;
  });
}

bool wanted(const ListMetricsInput& request, const metrics::MetricId& metric) {
  const auto filters = request.dimensions.value_or(std::vector<DimensionFilter>{});
  return request.metric_name.value_or(metric.name) == metric.name &&
         std::all_of(filters.begin(), filters.end(), [&](const DimensionFilter& filter) {
           return passes(filter, metric);
         });
}

std::string key_of(const metrics::MetricId& metric) {
  std::string key = metric.metric_namespace + '\n' + metric.name;
  for (const metrics::Dimension& dimension : metric.dimensions) {
    key += '\n' + dimension.name + '\t' + dimension.value;
  }
  return key;
}

}  // namespace

Result<ListMetricsOutput> list_metrics(const Context& context, const ListMetricsInput& request) {
  const Duration age = request.recently_active.has_value() ? kRecently : kListed;
  std::vector<metrics::MetricId> all;
  for (auto& metric : context.metrics.list(request.namespace_.value_or(""))) {
    const auto newest = context.metrics.newest(metric);
    if (newest.has_value() && context.now - *newest <= age && wanted(request, metric)) {
      all.push_back(std::move(metric));
    }
  }
  TG_ASSIGN_OR_RETURN(
      const auto page,
      page_of(
          std::move(all), &key_of, request.next_token, kMetricsPerPage, "InvalidParameterValue"));
  ListMetricsOutput answer;
  auto& listed = answer.metrics.emplace();
  for (const metrics::MetricId& metric : page.items) {
    Metric& item = listed.emplace_back();
    item.namespace_ = metric.metric_namespace;
    item.metric_name = metric.name;
    item.dimensions = dimensions_of(metric);
  }
  answer.next_token = page.next_token;
  return answer;
}

}  // namespace tidegate::api::cloudwatch
