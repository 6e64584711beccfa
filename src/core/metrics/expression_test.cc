#include "core/metrics/expression.h"

#include <doctest/doctest.h>

namespace tidegate::metrics {
namespace {

const std::optional<double> kNone;
using Many = std::vector<Series>;

MathScope scope() {
  MathScope scope;
  scope.values.emplace("m1", Series{"one", {10.0, kNone, 30.0, 40.0}});
  scope.values.emplace("m2", Series{"two", {2.0, 2.0, 0.0, 4.0}});
  scope.values.emplace("both",
                       Many{{"one", {10.0, kNone, 30.0, 40.0}}, {"two", {2.0, 2.0, 0.0, 4.0}}});
  scope.metrics = {{"one", {10.0, kNone, 30.0, 40.0}}, {"two", {2.0, 2.0, 0.0, 4.0}}};
  scope.period_seconds = 10;
  return scope;
}

Result<MathValue> value_of(const char* text) {
  auto expression = Expression::parse(text);
  if (!expression.has_value()) {
    return expression.error();
  }
  return expression->evaluate(scope());
}

Points points_of(const char* text) {
  CAPTURE(text);
  const auto value = value_of(text);
  REQUIRE(value.has_value());
  REQUIRE(std::holds_alternative<Series>(*value));
  return std::get<Series>(*value).points;
}

double number_of(const char* text) {
  CAPTURE(text);
  const auto value = value_of(text);
  REQUIRE(value.has_value());
  REQUIRE(std::holds_alternative<double>(*value));
  return std::get<double>(*value);
}

std::string error_of(const char* text) {
  CAPTURE(text);
  const auto value = value_of(text);
  REQUIRE(!value.has_value());
  CHECK(value.error().name == "ValidationError");
  return value.error().message;
}

}  // namespace

TEST_CASE("Expression: numbers, precedence and parentheses") {
  CHECK(number_of("1 + 2 * 3") == 7);
  CHECK(number_of("(1 + 2) * 3") == 9);
  CHECK(number_of("10 - 2 - 3") == 5);
  CHECK(number_of("2 ^ 3 * 2") == 16);
  CHECK(number_of("-2 + 5") == 3);
  CHECK(number_of("4 - -1") == 5);
  CHECK(number_of(".5 * 4") == 2);
  CHECK(number_of("1 < 2") == 1);
  CHECK(number_of("2 <= 1") == 0);
  CHECK(number_of("2 >= 2") == 1);
  CHECK(number_of("2 > 2") == 0);
  CHECK(number_of("1 + 1 == 2") == 1);
  CHECK(number_of("1 != 1") == 0);
  CHECK(number_of("1 AND 0") == 0);
  CHECK(number_of("1 && 1") == 1);
  CHECK(number_of("0 OR 1") == 1);
  CHECK(number_of("0 || 0") == 0);
  CHECK(number_of("PERIOD(m1)") == 10);
}

TEST_CASE("Expression: a period without data in any series has no result") {
  CHECK(points_of("m1 / m2") == Points{5.0, kNone, kNone, 10.0});  // by zero: none
  CHECK(points_of("m1 + m2") == Points{12.0, kNone, 30.0, 44.0});
  CHECK(points_of("m2 * 2") == Points{4.0, 4.0, 0.0, 8.0});
  CHECK(points_of("100 - m2") == Points{98.0, 98.0, 100.0, 96.0});
  CHECK(points_of("m1 > 10") == Points{0.0, kNone, 1.0, 1.0});
}

TEST_CASE("Expression: of one series an aggregate is a scalar, of several a series") {
  CHECK(number_of("SUM(m1)") == 80);
  CHECK(number_of("MAX(m1)") == 40);
  CHECK(number_of("MIN(m1)") == 10);
  CHECK(number_of("AVG(m2)") == 2);
  CHECK(number_of("STDDEV(m2)") == doctest::Approx(1.41421356));
  CHECK(points_of("SUM([m1, m2])") == Points{12.0, 2.0, 30.0, 44.0});
  CHECK(points_of("SUM(METRICS())") == Points{12.0, 2.0, 30.0, 44.0});
  CHECK(points_of("MAX(both)") == Points{10.0, 2.0, 30.0, 40.0});
  CHECK(points_of("MIN(m1, m2)") == Points{2.0, 2.0, 0.0, 4.0});
  CHECK(points_of("AVG(METRICS())") == Points{6.0, 2.0, 15.0, 22.0});
}

TEST_CASE("Expression: functions of each point") {
  CHECK(points_of("ABS(0 - m2)") == Points{2.0, 2.0, 0.0, 4.0});
  CHECK(points_of("CEIL(m2 / 3)") == Points{1.0, 1.0, 0.0, 2.0});
  CHECK(points_of("FLOOR(m2 / 3)") == Points{0.0, 0.0, 0.0, 1.0});
  CHECK(points_of("LOG10(m2 * 50)")[0] == doctest::Approx(2));
  CHECK(points_of("LOG(m2)")[2] == kNone);  // of zero
  CHECK(points_of("FILL(m1, 0)") == Points{10.0, 0.0, 30.0, 40.0});
  CHECK(points_of("FILL(m1, REPEAT)") == Points{10.0, 10.0, 30.0, 40.0});
  CHECK(points_of("DIFF(m1)") == Points{kNone, kNone, 20.0, 10.0});
  CHECK(points_of("RATE(m1)") == Points{kNone, kNone, 1.0, 1.0});
  CHECK(points_of("RUNNING_SUM(m1)") == Points{10.0, 10.0, 40.0, 80.0});
  CHECK(points_of("IF(m2 > 1, m1, 7)") == Points{10.0, kNone, 7.0, 40.0});
  CHECK(points_of("IF(m2 > 1, 1)") == Points{1.0, 1.0, kNone, 1.0});
  CHECK(number_of("IF(1, 2, 3)") == 2);
  CHECK(number_of("IF(0, 2, 3)") == 3);
}

TEST_CASE("Expression: an array in an operation is an array of results, with their labels") {
  const auto value = value_of("METRICS() * 2");
  REQUIRE(value.has_value());
  CHECK(std::get<Many>(*value) ==
        Many{{"one", {20.0, kNone, 60.0, 80.0}}, {"two", {4.0, 4.0, 0.0, 8.0}}});
  CHECK(std::get<Many>(*value_of("10 - both")).at(1).points == Points{8.0, 8.0, 10.0, 6.0});
}

TEST_CASE("Expression: what it names") {
  CHECK(Expression::parse("m1 / SUM([m2, x_9])")->ids() ==
        std::set<std::string>{"m1", "m2", "x_9"});
  CHECK(is_query_id("m1"));
  CHECK(is_query_id("aB_9"));
  CHECK(!is_query_id(""));
  CHECK(!is_query_id("M1"));
  CHECK(!is_query_id("1m"));
  CHECK(!is_query_id("m-1"));
}

TEST_CASE("Expression: what is wrong is said") {
  CHECK(error_of("SEARCH('{AWS/EC2} CPU', 'Average')").find("the function SEARCH is not built") !=
        std::string::npos);
  CHECK(error_of("ANOMALY_DETECTION_BAND(m1)").find("what works: ABS, AVG") != std::string::npos);
  CHECK(error_of("m1 +").find("ends where a value") != std::string::npos);
  CHECK(error_of("(m1").find("')' is missing") != std::string::npos);
  CHECK(error_of("m1 m2").find("'m2' is not understood") != std::string::npos);
  CHECK(error_of("m1 + $").find("where '$' is") != std::string::npos);
  CHECK(error_of("1.2.3").find("is no number") != std::string::npos);
  CHECK(error_of("Foo").find("no id of a query") != std::string::npos);
  CHECK(error_of("m9").find("there is no query 'm9'") != std::string::npos);
  CHECK(error_of("ABS()").find("does not take 0 arguments") != std::string::npos);
  CHECK(error_of("ABS(m1, m2)").find("does not take 2 arguments") != std::string::npos);
  CHECK(error_of("both + both").find("at most one array") != std::string::npos);
  CHECK(error_of("RATE(1)").find("where a series is needed") != std::string::npos);
  CHECK(error_of("1 / 0").find("division by zero") != std::string::npos);
  CHECK(error_of("[m1, 2]").find("holds series only") != std::string::npos);
  CHECK(error_of("FILL(m1, m2)").find("a number or REPEAT") != std::string::npos);
  CHECK(error_of("IF(both, 1, 2)").find("single series") != std::string::npos);
  CHECK(error_of("SUM(1)").find("needs a series") != std::string::npos);
  CHECK(error_of("IF(0, 2)").find("third argument") != std::string::npos);
  CHECK(error_of(std::string(70, '(').c_str()).find("too deep") != std::string::npos);
  CHECK(error_of(std::string(70, '-').c_str()).find("too deep") != std::string::npos);
}

TEST_CASE("Expression: a function of series takes each of an array, and keeps its label") {
  const auto value = value_of("ABS(METRICS() * -1)");
  REQUIRE(value.has_value());
  CHECK(std::get<Many>(*value) ==
        Many{{"one", {10.0, kNone, 30.0, 40.0}}, {"two", {2.0, 2.0, 0.0, 4.0}}});
}

}  // namespace tidegate::metrics
