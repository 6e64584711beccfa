// The tree of a metric math expression: made by expression.cc, evaluated by expression_value.cc.
// Private to this module.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/metrics/expression.h"

namespace tidegate::metrics {

enum class MathOperator {
  Add,
  Subtract,
  Multiply,
  Divide,
  Power,
  Less,
  LessOrEqual,
  Greater,
  GreaterOrEqual,
  Equal,
  NotEqual,
  And,
  Or
};

struct Expression::Node {
  enum class Kind { Number, Id, Operation, Call, Array };
  Kind kind = Kind::Number;
  double number = 0;
  std::string name;  // of an id or a function
  MathOperator operation = MathOperator::Add;
  std::vector<std::unique_ptr<Node>> arguments;
};

Result<MathValue> evaluate_node(const Expression::Node& node, const MathScope& scope);

struct MathFunction {
  std::string_view name;
  std::size_t least, most;  // arguments
};
/// Null for a function that is not built.
const MathFunction* find_function(std::string_view name);
std::string function_names();

Error math_error(std::string message);

}  // namespace tidegate::metrics
