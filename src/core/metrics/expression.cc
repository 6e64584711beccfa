#include "core/metrics/expression.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/text.h"
#include "core/metrics/expression_node.h"

namespace tidegate::metrics {
namespace {

using Node = Expression::Node;
using Tree = std::unique_ptr<Node>;

constexpr int kDeepest = 64;  // of parentheses and calls; an expression has 2048 characters
constexpr std::size_t kShown = 80;

bool is_letter(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0;
}
bool is_digit(char c) {
  return std::isdigit(static_cast<unsigned char>(c)) != 0;
}
bool is_word(char c) {
  return is_letter(c) || is_digit(c) || c == '_';
}

struct OperatorName {
  std::string_view text;
  MathOperator operation;
};

// From what binds least to what binds most; longer names before their beginnings.
constexpr std::array kLogic{OperatorName{"OR", MathOperator::Or},
                            OperatorName{"||", MathOperator::Or},
                            OperatorName{"AND", MathOperator::And},
                            OperatorName{"&&", MathOperator::And}};
constexpr std::array kComparisons{OperatorName{"<=", MathOperator::LessOrEqual},
                                  OperatorName{">=", MathOperator::GreaterOrEqual},
                                  OperatorName{"==", MathOperator::Equal},
                                  OperatorName{"!=", MathOperator::NotEqual},
                                  OperatorName{"<", MathOperator::Less},
                                  OperatorName{">", MathOperator::Greater}};
constexpr std::array kSums{OperatorName{"+", MathOperator::Add},
                           OperatorName{"-", MathOperator::Subtract}};
constexpr std::array kProducts{OperatorName{"*", MathOperator::Multiply},
                               OperatorName{"/", MathOperator::Divide}};
constexpr std::array kPowers{OperatorName{"^", MathOperator::Power}};
constexpr std::array<std::span<const OperatorName>, 5> kLevels{
    kLogic, kComparisons, kSums, kProducts, kPowers};

Tree operation_of(MathOperator operation, Tree left, Tree right) {
  auto node = std::make_unique<Node>();
  node->kind = Node::Kind::Operation;
  node->operation = operation;
  node->arguments.push_back(std::move(left));
  node->arguments.push_back(std::move(right));
  return node;
}

Tree number_of(double number) {
  auto node = std::make_unique<Node>();
  node->number = number;
  return node;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  Result<Tree> whole() {
    TG_ASSIGN_OR_RETURN(Tree tree, level(0));  // up to a token, or the end
    if (!rest_.empty()) {
      return math_error("'" + shown() + "' is not understood");
    }
    return tree;
  }
  std::set<std::string> take_ids() { return std::move(ids_); }

 private:
  std::string shown() const { return std::string{rest_.substr(0, kShown)}; }
  void skip_blanks() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t' ||
                              rest_.front() == '\n' || rest_.front() == '\r')) {
      rest_.remove_prefix(1);
    }
  }
  bool take(std::string_view token) {
    skip_blanks();
    const bool is_name = is_letter(token.front());
    const bool there = rest_.starts_with(token) &&
                       !(is_name && rest_.size() > token.size() && is_word(rest_[token.size()]));
    if (there) {
      rest_.remove_prefix(token.size());
    }
    return there;
  }
  const OperatorName* take_any(std::span<const OperatorName> names) {
    const auto found = std::find_if(
        names.begin(), names.end(), [this](const OperatorName& name) { return take(name.text); });
    return found == names.end() ? nullptr : &*found;
  }

  Result<Tree> level(std::size_t at) {
    if (at == kLevels.size()) {
      return unary();
    }
    TG_ASSIGN_OR_RETURN(Tree left, level(at + 1));
    while (const OperatorName* name = take_any(kLevels[at])) {
      TG_ASSIGN_OR_RETURN(Tree right, level(at + 1));
      left = operation_of(name->operation, std::move(left), std::move(right));
    }
    return left;
  }

  Result<Tree> unary() {
    if (++depth_ > kDeepest) {
      return math_error("it is nested too deep");
    }
    Result<Tree> tree = take("-") ? negated() : atom();
    --depth_;
    return tree;
  }

  Result<Tree> negated() {
    TG_ASSIGN_OR_RETURN(Tree inner, unary());
    return operation_of(MathOperator::Subtract, number_of(0), std::move(inner));
  }

  Result<Tree> atom() {
    if (take("(")) {
      TG_ASSIGN_OR_RETURN(Tree inner, level(0));
      TG_RETURN_IF_ERROR(expect(")"));
      return inner;
    }
    if (take("[")) {
      auto node = std::make_unique<Node>();
      node->kind = Node::Kind::Array;
      TG_RETURN_IF_ERROR(arguments(*node, "]"));
      return node;
    }
    skip_blanks();
    if (!rest_.empty() && (is_digit(rest_.front()) || rest_.front() == '.')) {
      return number();
    }
    if (!rest_.empty() && is_letter(rest_.front())) {
      return word();
    }
    return math_error(rest_.empty() ? "it ends where a value is needed"
                                    : "a value is needed where '" + shown() + "' is");
  }

  Status expect(std::string_view token) {
    if (!take(token)) {
      return math_error("'" + std::string{token} + "' is missing before '" + shown() + "'");
    }
    return Ok{};
  }

  Result<Tree> number() {
    const std::size_t end = std::min(rest_.find_first_not_of("0123456789."), rest_.size());
    const auto value = parse_double(rest_.substr(0, end));
    if (!value.has_value()) {
      return math_error("'" + shown() + "' is no number");
    }
    rest_.remove_prefix(end);
    return number_of(*value);
  }

  Result<Tree> word() {
    const auto end = std::find_if_not(rest_.begin(), rest_.end(), is_word);
    auto node = std::make_unique<Node>();
    node->name.assign(rest_.begin(), end);
    rest_.remove_prefix(node->name.size());
    if (take("(")) {
      return call(std::move(node));
    }
    node->kind = Node::Kind::Id;
    if (node->name != "REPEAT") {
      if (!is_query_id(node->name)) {
        return math_error("'" + node->name + "' is no id of a query and no function");
      }
      ids_.insert(node->name);
    }
    return node;
  }

  Result<Tree> call(Tree node) {
    node->kind = Node::Kind::Call;
    const MathFunction* function = find_function(node->name);
    if (function == nullptr) {
      return math_error("the function " + node->name.substr(0, kShown) +
                        " is not built; what works: " + function_names());
    }
    TG_RETURN_IF_ERROR(arguments(*node, ")"));
    const std::size_t given = node->arguments.size();
    if (given < function->least || given > function->most) {
      return math_error(node->name + " does not take " + std::to_string(given) + " arguments");
    }
    return node;
  }

  Status arguments(Node& node, std::string_view end) {
    if (take(end)) {
      return Ok{};
    }
    do {
      TG_ASSIGN_OR_RETURN(Tree argument, level(0));
      node.arguments.push_back(std::move(argument));
    } while (take(","));
    return expect(end);
  }

  std::string_view rest_;
  std::set<std::string> ids_;
  int depth_ = 0;
};

}  // namespace

bool is_query_id(std::string_view text) {
  return !text.empty() && text.front() >= 'a' && text.front() <= 'z' &&
         std::all_of(text.begin(), text.end(), is_word);
}

Error math_error(std::string message) {
  return Error{ErrorCode::InvalidArgument, "ValidationError", std::move(message)};
}

Expression::Expression(std::unique_ptr<Node> root, std::set<std::string> ids)
    : root_(std::move(root)), ids_(std::move(ids)) {}
Expression::Expression(Expression&&) noexcept = default;
Expression& Expression::operator=(Expression&&) noexcept = default;
Expression::~Expression() = default;

Result<Expression> Expression::parse(std::string_view text) {
  Parser parser{text};
  TG_ASSIGN_OR_RETURN(Tree root, parser.whole());
  return Expression{std::move(root), parser.take_ids()};
}

Result<MathValue> Expression::evaluate(const MathScope& scope) const {
  return evaluate_node(*root_, scope);
}

}  // namespace tidegate::metrics
