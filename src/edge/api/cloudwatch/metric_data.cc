// GetMetricData: statistics and metric math, in pages.
#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "core/metrics/expression.h"
#include "edge/api/calls/pages.h"
#include "edge/api/cloudwatch/handlers.h"
#include "edge/api/cloudwatch/metric_window.h"

namespace tidegate::api::cloudwatch {
namespace {

constexpr std::size_t kMaxQueries = 500;          // GetMetricData, CloudWatch API reference
constexpr std::int64_t kMaxDatapoints = 100'800;  // of one answer, and here of one query
constexpr std::int64_t kMaxPeriods = 1'008'000;   // ours, of all queries of a request

struct Answered {
  const MetricDataQuery* query = nullptr;
  Window window;
  std::vector<metrics::Series> series;
};

std::string where(std::size_t index) {
  return "MetricDataQueries.member." + std::to_string(index + 1);
}

/// All queries of a request, each answered when another needs it.
class Queries {
 public:
  Queries(const Context& context, const GetMetricDataInput& request)
      : context_(context), request_(request) {}

  Status check_all() {
    const auto& queries = *request_.metric_data_queries;
    if (queries.empty() || queries.size() > kMaxQueries) {
      return validation("The collection MetricDataQueries must have 1 to 500 members.");
    }
    for (std::size_t i = 0; i < queries.size(); ++i) {
      TG_RETURN_IF_ERROR(check(queries[i], where(i)));
      if (!by_id_.emplace(*queries[i].id, &queries[i]).second) {
        return validation("The values for parameter id in MetricDataQueries are not unique.");
      }
      in_order_.push_back(&queries[i]);
    }
    return Ok{};
  }

  Status answer_all() {
    for (const MetricDataQuery* query : in_order_) {
      if (query->metric_stat.has_value()) {
        TG_RETURN_IF_ERROR(read(*query));
      }
    }
    for (const MetricDataQuery* query : in_order_) {
      TG_RETURN_IF_ERROR(answer(*query));
    }
    return Ok{};
  }

  /// Of the queries that return data, in the request's order.
  std::vector<const Answered*> returned() const {
    std::vector<const Answered*> found;
    for (const MetricDataQuery* query : in_order_) {
      if (query->return_data.value_or(true)) {
        found.push_back(&answered_.at(*query->id));
      }
    }
    return found;
  }

 private:
  static Status check(const MetricDataQuery& query, const std::string& at) {
    if (!metrics::is_query_id(*query.id)) {
      return validation("The value '" + *query.id + "' for parameter " + at +
                        ".Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$.");
    }
    if (query.metric_stat.has_value() == query.expression.has_value()) {
      return validation("The parameter " + at + " needs exactly one of MetricStat and Expression.");
    }
    if (query.account_id.has_value() || query.period.has_value()) {
      return validation("The parameter " + at +
                        (query.account_id.has_value() ? ".AccountId" : ".Period") +
                        " is not built; a Period stands in MetricStat");
    }
    if (query.label.value_or("").find("${") != std::string::npos) {
      return validation("The parameter " + at + ".Label: dynamic labels (${…}) are not built");
    }
    return query.metric_stat.has_value() ? check_stat(*query.metric_stat, at) : Status{Ok{}};
  }

  static Status check_stat(const MetricStat& stat, const std::string& at) {
    if (!stat.metric->namespace_.has_value() || !stat.metric->metric_name.has_value()) {
      return validation("The parameter " + at +
                        ".MetricStat.Metric needs a Namespace and a MetricName.");
    }
    if (const std::string wrong = period_error(*stat.period); !wrong.empty()) {
      return validation(at + ": " + wrong);
    }
    if (const std::string wrong = statistic_error(*stat.stat); !wrong.empty()) {
      return validation(at + ": " + wrong);
    }
    return Ok{};
  }

  Status read(const MetricDataQuery& query) {
    const MetricStat& stat = *query.metric_stat;
    const Metric& asked = *stat.metric;
    Answered& out = answered_[*query.id];
    out.query = &query;
    out.window = window_of(*request_.start_time, *request_.end_time, *stat.period, context_.now);
    TG_RETURN_IF_ERROR(count(out.window, 1));
    TG_ASSIGN_OR_RETURN(const auto metric,
                        metric_of(*asked.namespace_, *asked.metric_name, asked.dimensions));
    metrics::Series series{query.label.value_or(metric.name), {}};
    const bool other_unit = stat.unit.has_value() && *stat.unit != context_.metrics.unit(metric);
    series.points =
        other_unit
            ? metrics::Points(static_cast<std::size_t>(out.window.periods()))
            : read_values(
                  context_.metrics, metric, out.window, *metrics::parse_any_statistic(*stat.stat));
    out.series.push_back(std::move(series));
    return Ok{};
  }

  Status count(const Window& window, std::size_t series) {
    periods_ += window.periods() * static_cast<std::int64_t>(series);
    if (window.periods() > kMaxDatapoints || periods_ > kMaxPeriods) {
      return validation(
          "The request covers more than 100800 periods in one query or 1008000 in all; a longer "
          "Period or a shorter time range is needed.");
    }
    return Ok{};
  }

  Error wrong(const MetricDataQuery& query, const std::string& what) const {
    return validation("Error in expression '" + *query.id + "': " + what);
  }

  Status answer(const MetricDataQuery& query) {
    if (answered_.contains(*query.id)) {
      return Ok{};
    }
    if (!underway_.insert(*query.id).second) {
      return wrong(query, "it needs its own result");
    }
    auto expression = metrics::Expression::parse(*query.expression);
    if (!expression.has_value()) {
      return wrong(query, expression.error().message);
    }
    metrics::MathScope scope;
    std::optional<Window> window;
    for (const std::string& id : expression->ids()) {
      TG_RETURN_IF_ERROR(add_to(scope, window, query, id));
    }
    const bool names_all = query.expression->find("METRICS(") != std::string::npos;
    TG_RETURN_IF_ERROR(add_metrics(scope, window, query, names_all));
    if (!window.has_value()) {
      return wrong(query, "it names no metric");
    }
    scope.period_seconds = seconds_of(window->period);
    auto value = expression->evaluate(scope);
    if (!value.has_value()) {
      return wrong(query, value.error().message);
    }
    Answered out{&query, *window, {}};
    TG_RETURN_IF_ERROR(take(out, std::move(*value)));
    TG_RETURN_IF_ERROR(count(*window, out.series.size()));
    answered_.emplace(*query.id, std::move(out));
    return Ok{};
  }

  Status add_to(metrics::MathScope& scope,
                std::optional<Window>& window,
                const MetricDataQuery& query,
                const std::string& id) {
    const auto needed = by_id_.find(id);
    if (needed == by_id_.end()) {
      return wrong(query, "there is no query with the id '" + id + "'");
    }
    TG_RETURN_IF_ERROR(answer(*needed->second));
    const Answered& found = answered_.at(id);
    TG_RETURN_IF_ERROR(agree(window, found.window, query));
    const bool single = found.series.size() == 1;
    scope.values.emplace(
        id, single ? metrics::MathValue{found.series.front()} : metrics::MathValue{found.series});
    return Ok{};
  }

  Status add_metrics(metrics::MathScope& scope,
                     std::optional<Window>& window,
                     const MetricDataQuery& query,
                     bool names_all) {
    for (const MetricDataQuery* other : in_order_) {
      if (names_all && other->metric_stat.has_value()) {
        const Answered& found = answered_.at(*other->id);
        TG_RETURN_IF_ERROR(agree(window, found.window, query));
        scope.metrics.push_back(found.series.front());
      }
    }
    return Ok{};
  }

  Status agree(std::optional<Window>& window,
               const Window& other,
               const MetricDataQuery& query) const {
    if (window.has_value() && window->period != other.period) {
      return wrong(query, "metrics of different Periods in one expression are not built");
    }
    window = other;
    return Ok{};
  }

  Status take(Answered& out, metrics::MathValue value) const {
    if (std::holds_alternative<double>(value)) {
      return wrong(*out.query, "the result is a scalar; it must be a time series");
    }
    if (auto* series = std::get_if<metrics::Series>(&value)) {
      series->label = out.query->label.value_or(*out.query->id);
      out.series.push_back(std::move(*series));
      return Ok{};
    }
    out.series = std::move(std::get<std::vector<metrics::Series>>(value));
    for (metrics::Series& series : out.series) {
      series.label = out.query->label.value_or(*out.query->id + " " + series.label);
    }
    return Ok{};
  }

  const Context& context_;
  const GetMetricDataInput& request_;
  std::vector<const MetricDataQuery*> in_order_;
  std::map<std::string, const MetricDataQuery*> by_id_;
  std::map<std::string, Answered> answered_;
  std::set<std::string> underway_;
  std::int64_t periods_ = 0;
};

/// One answer: the datapoints from `skip` on, at most `left` of them, counted over all results.
class Page {
 public:
  Page(std::int64_t skip, std::int64_t left, bool ascending)
      : skip_(skip), left_(left), ascending_(ascending) {}

  void add(const Answered& from, const metrics::Series& series) {
    MetricDataResult result;
    result.id = *from.query->id;
    result.label = series.label;
    result.timestamps.emplace();
    result.values.emplace();
    const std::size_t size = series.points.size();
    for (std::size_t i = 0; i < size; ++i) {
      const std::size_t at = ascending_ ? i : size - 1 - i;
      if (!series.points[at].has_value()) {
        continue;
      }
      ++seen_;
      if (seen_ <= skip_) {
        continue;
      }
      if (left_ == 0) {
        cut_ = true;
        result.status_code = "PartialData";
        break;
      }
      --left_;
      result.timestamps->push_back(from.window.from +
                                   from.window.period * static_cast<std::int64_t>(at));
      result.values->push_back(*series.points[at]);
    }
    if (!result.status_code.has_value()) {
      result.status_code = "Complete";
    }
    results_.push_back(std::move(result));
  }

  GetMetricDataOutput answer(std::int64_t page_size) && {
    GetMetricDataOutput answer;
    answer.metric_data_results = std::move(results_);
    answer.messages.emplace();
    if (cut_) {
      answer.next_token = encode_token(std::to_string(skip_ + page_size));
    }
    return answer;
  }

 private:
  std::int64_t skip_;
  std::int64_t left_;
  bool ascending_;
  std::int64_t seen_ = 0;
  bool cut_ = false;
  std::vector<MetricDataResult> results_;
};

Result<std::int64_t> offset_of(const std::optional<std::string>& token) {
  if (!token.has_value()) {
    return std::int64_t{0};
  }
  const auto text = decode_token(*token);
  const auto offset = text.has_value() ? parse_int(*text) : std::nullopt;
  if (!offset.has_value() || *offset < 0) {
    return Error{ErrorCode::InvalidArgument,
                 "InvalidNextToken",
                 "The token '" + token->substr(0, 80) + "' is invalid."};
  }
  return *offset;
}

}  // namespace

Result<GetMetricDataOutput> get_metric_data(const Context& context,
                                            const GetMetricDataInput& request) {
  if (*request.start_time >= *request.end_time) {
    return validation("The parameter EndTime must be greater than StartTime.");
  }
  const std::int64_t page_size = request.max_datapoints.value_or(kMaxDatapoints);
  if (page_size < 1 || page_size > kMaxDatapoints) {
    return validation("The parameter MaxDatapoints must be between 1 and 100800.");
  }
  TG_ASSIGN_OR_RETURN(const std::int64_t skip, offset_of(request.next_token));
  Queries queries{context, request};
  TG_RETURN_IF_ERROR(queries.check_all());
  TG_RETURN_IF_ERROR(queries.answer_all());
  const auto returned = queries.returned();
  if (returned.empty()) {
    return validation("At least one of the MetricDataQueries must return data.");
  }
  Page page{skip, page_size, request.scan_by == "TimestampAscending"};
  for (const Answered* answered : returned) {
    for (const metrics::Series& series : answered->series) {
      page.add(*answered, series);
    }
  }
  return std::move(page).answer(page_size);
}

}  // namespace tidegate::api::cloudwatch
