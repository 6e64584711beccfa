// Metric math: the part of CloudWatch's expressions that ratios, sums and backlogs per instance
// need. Series lie on one grid of periods, oldest first; a period without data has no value, and no
// result either. Pure values; any thread. Source: CloudWatch User Guide, "Using math expressions".
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace tidegate::metrics {

using Points = std::vector<std::optional<double>>;

struct Series {
  std::string label;
  Points points;
  bool operator==(const Series&) const = default;
};
/// A scalar, a series, or an array of series (METRICS(), [m1, m2]).
using MathValue = std::variant<double, Series, std::vector<Series>>;

/// What an expression may name: values of the ids it refers to, and what METRICS() is.
struct MathScope {
  std::map<std::string, MathValue> values;
  std::vector<Series> metrics;  // of the request's metrics, in its order
  double period_seconds = 60;
};

class Expression {
 public:
  /// + - * / ^, comparisons (1 or 0), AND OR, numbers, ids, [a, b], and ABS AVG CEIL DIFF FILL
  /// FLOOR IF LOG LOG10 MAX METRICS MIN PERIOD RATE RUNNING_SUM STDDEV SUM. Error: InvalidArgument
  /// ValidationError with what is wrong and what works.
  static Result<Expression> parse(std::string_view text);

  Expression(Expression&&) noexcept;
  Expression& operator=(Expression&&) noexcept;
  ~Expression();

  /// The ids it names.
  const std::set<std::string>& ids() const { return ids_; }
  /// scope: has a value for each of ids(), all series of one length. Error: InvalidArgument
  /// ValidationError (two arrays in one operation, a series where a scalar is needed).
  Result<MathValue> evaluate(const MathScope& scope) const;

  struct Node;

 private:
  Expression(std::unique_ptr<Node> root, std::set<std::string> ids);

  std::unique_ptr<Node> root_;
  std::set<std::string> ids_;
};

/// An id as MetricDataQueries have it: a lower-case letter, then letters, digits and underscores.
bool is_query_id(std::string_view text);

}  // namespace tidegate::metrics
