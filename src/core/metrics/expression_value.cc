#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <utility>

#include "base/text.h"
#include "core/metrics/expression_node.h"

namespace tidegate::metrics {
namespace {

using Node = Expression::Node;
using Point = std::optional<double>;

constexpr std::size_t kMany = 100;
constexpr std::array kFunctions{
    MathFunction{"ABS", 1, 1},
    MathFunction{"AVG", 1, kMany},
    MathFunction{"CEIL", 1, 1},
    MathFunction{"DIFF", 1, 1},
    MathFunction{"FILL", 2, 2},
    MathFunction{"FLOOR", 1, 1},
    MathFunction{"IF", 2, 3},
    MathFunction{"LOG", 1, 1},
    MathFunction{"LOG10", 1, 1},
    MathFunction{"MAX", 1, kMany},
    MathFunction{"METRICS", 0, 0},
    MathFunction{"MIN", 1, kMany},
    MathFunction{"PERIOD", 1, 1},
    MathFunction{"RATE", 1, 1},
    MathFunction{"RUNNING_SUM", 1, 1},
    MathFunction{"STDDEV", 1, kMany},
    MathFunction{"SUM", 1, kMany},
};

/// What has no finite value has none: division by zero is missing data.
Point finite(double value) {
  return std::isfinite(value) ? Point{value} : std::nullopt;
}

Point apply(MathOperator operation, double a, double b) {
  const auto truth = [](bool holds) { return Point{holds ? 1.0 : 0.0}; };
  switch (operation) {
    case MathOperator::Add:
      return finite(a + b);
    case MathOperator::Subtract:
      return finite(a - b);
    case MathOperator::Multiply:
      return finite(a * b);
    case MathOperator::Divide:
      return finite(a / b);
    case MathOperator::Power:
      return finite(std::pow(a, b));
    case MathOperator::Less:
      return truth(a < b);
    case MathOperator::LessOrEqual:
      return truth(a <= b);
    case MathOperator::Greater:
      return truth(a > b);
    case MathOperator::GreaterOrEqual:
      return truth(a >= b);
    case MathOperator::Equal:
      return truth(a == b);
    case MathOperator::NotEqual:
      return truth(a != b);
    case MathOperator::And:
      return truth(a != 0 && b != 0);
    case MathOperator::Or:
      return truth(a != 0 || b != 0);
  }
  return std::nullopt;
}

using OfTwo = std::function<Point(double, double)>;
using OfSeries = std::function<Points(const Points&)>;

/// The value of a series' period, or the scalar itself.
Point at(const MathValue& value, std::size_t index) {
  if (const auto* series = std::get_if<Series>(&value)) {
    return series->points[index];
  }
  const auto* number = std::get_if<double>(&value);
  return number != nullptr ? Point{*number} : std::nullopt;
}

const std::vector<Series>* array_of(const MathValue& value) {
  return std::get_if<std::vector<Series>>(&value);
}

Result<MathValue> combine(const MathValue& a, const MathValue& b, const OfTwo& of) {
  if (array_of(a) != nullptr && array_of(b) != nullptr) {
    return math_error("an operation has at most one array of series");
  }
  if (const auto* many = array_of(a) != nullptr ? array_of(a) : array_of(b)) {
    std::vector<Series> all;
    for (const Series& one : *many) {
      const bool left = array_of(a) != nullptr;
      TG_ASSIGN_OR_RETURN(auto value,
                          combine(left ? MathValue{one} : a, left ? b : MathValue{one}, of));
      Series& series = std::get<Series>(value);
      series.label = one.label;
      all.push_back(std::move(series));
    }
    return MathValue{std::move(all)};
  }
  const auto* first = std::get_if<Series>(&a);
  const auto* second = std::get_if<Series>(&b);
  if (first == nullptr && second == nullptr) {
    const Point value = of(std::get<double>(a), std::get<double>(b));
    return value.has_value() ? Result<MathValue>{MathValue{*value}}
                             : math_error("a scalar has no value (a division by zero?)");
  }
  Series series{"", Points((first != nullptr ? first : second)->points.size())};
  for (std::size_t i = 0; i < series.points.size(); ++i) {
    const Point x = at(a, i);
    const Point y = at(b, i);
    series.points[i] = x && y ? of(*x, *y) : std::nullopt;
  }
  return MathValue{std::move(series)};
}

Result<MathValue> map_series(const MathValue& value, const OfSeries& of) {
  if (const auto* series = std::get_if<Series>(&value)) {
    return MathValue{Series{series->label, of(series->points)}};
  }
  if (const auto* many = array_of(value)) {
    std::vector<Series> all;
    for (const Series& series : *many) {
      all.push_back(Series{series.label, of(series.points)});
    }
    return MathValue{std::move(all)};
  }
  return math_error("a scalar stands where a series is needed");
}

Result<MathValue> map_points(const MathValue& value, double (*of)(double)) {
  if (const auto* number = std::get_if<double>(&value)) {
    return MathValue{of(*number)};
  }
  return map_series(value, [of](const Points& points) {
    Points mapped = points;
    for (Point& point : mapped) {
      point = point ? finite(of(*point)) : std::nullopt;
    }
    return mapped;
  });
}

Point fold(std::string_view name, const std::vector<double>& values) {
  if (values.empty()) {
    return std::nullopt;
  }
  const auto count = static_cast<double>(values.size());
  double sum = 0;
  for (const double value : values) {
    sum += value;
  }
  if (name == "SUM") return finite(sum);
  if (name == "AVG") return finite(sum / count);
  if (name == "MIN") return *std::min_element(values.begin(), values.end());
  if (name == "MAX") return *std::max_element(values.begin(), values.end());
  double squares = 0;
  for (const double value : values) {
    squares += (value - sum / count) * (value - sum / count);
  }
  return finite(std::sqrt(squares / count));  // STDDEV
}

/// Of one series a scalar over the window; of several (an array, or several arguments) a series.
Result<MathValue> aggregate(std::string_view name, const std::vector<MathValue>& arguments) {
  std::vector<MathValue> all;
  for (const MathValue& argument : arguments) {
    if (const auto* many = array_of(argument)) {
      all.insert(all.end(), many->begin(), many->end());
    } else {
      all.push_back(argument);
    }
  }
  const bool is_array = arguments.size() > 1 || array_of(arguments[0]) != nullptr;
  const auto series = std::find_if(all.begin(), all.end(), [](const MathValue& value) {
    return std::holds_alternative<Series>(value);
  });
  if (series == all.end()) {
    return math_error(std::string{name} + " needs a series");
  }
  const std::size_t size = std::get<Series>(*series).points.size();
  if (!is_array) {
    std::vector<double> values;
    for (const Point& point : std::get<Series>(all[0]).points) {
      if (point) values.push_back(*point);
    }
    const Point value = fold(name, values);
    return value ? Result<MathValue>{MathValue{*value}}
                 : Result<MathValue>{MathValue{Series{"", Points(size)}}};
  }
  Series folded{"", Points(size)};
  for (std::size_t i = 0; i < size; ++i) {
    std::vector<double> values;
    for (const MathValue& value : all) {
      if (const Point point = at(value, i)) values.push_back(*point);
    }
    folded.points[i] = fold(name, values);
  }
  return MathValue{std::move(folded)};
}

Points differences(const Points& points, double seconds_per_period) {
  Points out(points.size());
  std::optional<std::size_t> before;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (points[i] && before) {
      const double seconds = static_cast<double>(i - *before) * seconds_per_period;
      out[i] = finite((*points[i] - *points[*before]) / (seconds_per_period > 0 ? seconds : 1));
    }
    before = points[i] ? std::optional{i} : before;
  }
  return out;
}

Points running_sum(const Points& points) {
  Points out = points;
  double sum = 0;
  for (Point& point : out) {
    sum += point.value_or(0);
    point = sum;
  }
  return out;
}

Result<MathValue> fill(const MathValue& value, const MathValue* with) {
  const auto* number = with != nullptr ? std::get_if<double>(with) : nullptr;
  if (with != nullptr && number == nullptr) {
    return math_error("FILL takes a number or REPEAT");
  }
  return map_series(value, [number](const Points& points) {
    Points out = points;
    Point last = number != nullptr ? Point{*number} : std::nullopt;
    for (Point& point : out) {
      last = number == nullptr && point ? point : last;
      point = point ? point : last;
    }
    return out;
  });
}

Result<MathValue> choose(const std::vector<MathValue>& arguments) {
  const MathValue& condition = arguments[0];
  if (const auto* number = std::get_if<double>(&condition)) {
    if (*number == 0 && arguments.size() == 2) {
      return math_error("IF with a scalar condition of 0 needs a third argument");
    }
    return *number != 0 ? arguments[1] : arguments[2];
  }
  const auto* series = std::get_if<Series>(&condition);
  const bool has_array = std::any_of(arguments.begin(), arguments.end(), [](const auto& argument) {
    return array_of(argument) != nullptr;
  });
  if (series == nullptr || has_array) {
    return math_error("IF takes scalars and single series");
  }
  Series out{"", Points(series->points.size())};
  for (std::size_t i = 0; i < out.points.size(); ++i) {
    if (const Point decides = series->points[i]) {
      const std::size_t branch = *decides != 0 ? 1 : 2;
      out.points[i] = branch < arguments.size() ? at(arguments[branch], i) : std::nullopt;
    }
  }
  return MathValue{std::move(out)};
}

bool is_repeat(const Node& node) {
  return node.kind == Node::Kind::Id && node.name == "REPEAT";
}

Result<MathValue> call(const std::string& name,
                       const std::vector<MathValue>& arguments,
                       const MathScope& scope) {
  if (name == "METRICS") return MathValue{scope.metrics};
  if (name == "PERIOD") return MathValue{scope.period_seconds};
  if (name == "ABS") return map_points(arguments[0], [](double x) { return std::abs(x); });
  if (name == "CEIL") return map_points(arguments[0], [](double x) { return std::ceil(x); });
  if (name == "FLOOR") return map_points(arguments[0], [](double x) { return std::floor(x); });
  if (name == "LOG") return map_points(arguments[0], [](double x) { return std::log(x); });
  if (name == "LOG10") return map_points(arguments[0], [](double x) { return std::log10(x); });
  if (name == "IF") return choose(arguments);
  if (name == "RUNNING_SUM") return map_series(arguments[0], &running_sum);
  if (name == "DIFF" || name == "RATE") {
    const double seconds = name == "RATE" ? scope.period_seconds : 0;
    return map_series(arguments[0],
                      [seconds](const Points& points) { return differences(points, seconds); });
  }
  return aggregate(name, arguments);
}

Result<MathValue> array(const std::vector<MathValue>& items) {
  std::vector<Series> all;
  for (const MathValue& item : items) {
    const auto* series = std::get_if<Series>(&item);
    if (series == nullptr) {
      return math_error("an array holds series only");
    }
    all.push_back(*series);
  }
  return MathValue{std::move(all)};
}

Result<std::vector<MathValue>> evaluate_all(const Node& node, const MathScope& scope) {
  std::vector<MathValue> values;
  for (const auto& argument : node.arguments) {
    TG_ASSIGN_OR_RETURN(MathValue value, evaluate_node(*argument, scope));
    values.push_back(std::move(value));
  }
  return values;
}

}  // namespace

const MathFunction* find_function(std::string_view name) {
  const auto found = std::find_if(kFunctions.begin(), kFunctions.end(), [&](const auto& function) {
    return function.name == name;
  });
  return found == kFunctions.end() ? nullptr : &*found;
}

std::string function_names() {
  std::vector<std::string> names;
  for (const MathFunction& function : kFunctions) {
    names.emplace_back(function.name);
  }
  return join(names, ", ");
}

Result<MathValue> evaluate_node(const Node& node, const MathScope& scope) {
  switch (node.kind) {
    case Node::Kind::Number:
      return MathValue{node.number};
    case Node::Kind::Id: {
      const auto found = scope.values.find(node.name);
      return found != scope.values.end() ? Result<MathValue>{found->second}
                                         : math_error("there is no query '" + node.name + "'");
    }
    case Node::Kind::Operation: {
      TG_ASSIGN_OR_RETURN(const auto sides, evaluate_all(node, scope));
      return combine(
          sides[0], sides[1], [&node](double a, double b) { return apply(node.operation, a, b); });
    }
    case Node::Kind::Array: {
      TG_ASSIGN_OR_RETURN(const auto items, evaluate_all(node, scope));
      return array(items);
    }
    case Node::Kind::Call:
      break;
  }
  if (node.name == "FILL") {
    TG_ASSIGN_OR_RETURN(const MathValue value, evaluate_node(*node.arguments[0], scope));
    if (is_repeat(*node.arguments[1])) {
      return fill(value, nullptr);
    }
    TG_ASSIGN_OR_RETURN(const MathValue with, evaluate_node(*node.arguments[1], scope));
    return fill(value, &with);
  }
  TG_ASSIGN_OR_RETURN(const auto arguments, evaluate_all(node, scope));
  return call(node.name, arguments, scope);
}

}  // namespace tidegate::metrics
