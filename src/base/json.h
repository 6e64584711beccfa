// Json: our own value type; the library that reads and writes text stays inside json.cc. Objects
// keep their order.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace tidegate {

class Json {
 public:
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>;

  // Values turn into Json where they are listed. NOLINTBEGIN(google-explicit-constructor)
  Json() = default;  // null
  Json(std::nullptr_t) {}
  Json(bool value) : value_(value) {}
  Json(int value) : value_(std::int64_t{value}) {}
  Json(std::int64_t value) : value_(value) {}
  Json(double value) : value_(value) {}
  Json(std::string value) : value_(std::move(value)) {}
  Json(const char* value) : value_(std::string{value}) {}
  Json(std::string_view value) : value_(std::string{value}) {}
  Json(Array value) : value_(std::move(value)) {}
  Json(Object value) : value_(std::move(value)) {}
  // NOLINTEND(google-explicit-constructor)

  static Json array(std::initializer_list<Json> items = {}) { return Json{Array(items)}; }
  static Json object(std::initializer_list<Member> members = {}) { return Json{Object(members)}; }

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  bool is_bool() const { return std::holds_alternative<bool>(value_); }
  bool is_int() const { return std::holds_alternative<std::int64_t>(value_); }
  bool is_number() const { return is_int() || std::holds_alternative<double>(value_); }
  bool is_string() const { return std::holds_alternative<std::string>(value_); }
  bool is_array() const { return std::holds_alternative<Array>(value_); }
  bool is_object() const { return std::holds_alternative<Object>(value_); }

  // Readers that forgive: the fallback stands where the value is of another kind.
  bool bool_or(bool fallback) const;
  std::int64_t int_or(std::int64_t fallback) const;
  double number_or(double fallback) const;
  std::string string_or(std::string_view fallback) const;
  /// The items, or none when it is no array.
  const Array& items() const;
  /// The members in order, or none when it is no object.
  const Object& members() const;
  /// The member of that name, or null when there is none.
  const Json& operator[](std::string_view name) const;
  const Json* find(std::string_view name) const;

  /// Sets or replaces a member; a null Json becomes an object first.
  Json& set(std::string name, Json value);
  /// Appends an item; a null Json becomes an array first.
  Json& push(Json value);

  bool operator==(const Json&) const = default;

  /// Compact with `indent` < 0, else indented by so many blanks. NaN and infinities are written as
  /// null.
  std::string dump(int indent = -1) const;
  /// Strict JSON; at most 100 levels deep. Error: InvalidArgument with the byte offset.
  static Result<Json> parse(std::string_view text);

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> value_;
};

}  // namespace tidegate
