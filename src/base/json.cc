#include "base/json.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace tidegate {
namespace {

constexpr int kMaxJsonDepth = 100;  // a deeper document is an attack, not a request

/// Builds our value from the library's events, so that no tree of the library is ever held.
class JsonBuilder {
 public:
  bool null() { return add(Json{}); }
  bool boolean(bool value) { return add(Json{value}); }
  bool number_integer(std::int64_t value) { return add(Json{value}); }
  bool number_unsigned(std::uint64_t value) {
    return value <= INT64_MAX ? add(Json{static_cast<std::int64_t>(value)})
                              : add(Json{static_cast<double>(value)});
  }
  /// -0 becomes 0: written, it would be read as the whole number 0.
  bool number_float(double value, const std::string& /*text*/) {
    return add(Json{value == 0 ? 0.0 : value});
  }
  bool string(std::string& value) { return add(Json{std::move(value)}); }
  bool binary(nlohmann::json::binary_t& /*value*/) { return false; }
  bool start_object(std::size_t /*size*/) { return open(Shape::Object); }
  bool end_object() { return close(); }
  bool start_array(std::size_t /*size*/) { return open(Shape::Array); }
  bool end_array() { return close(); }
  bool key(std::string& name) {
    open_.back().key = std::move(name);
    return true;
  }
  bool parse_error(std::size_t position,
                   const std::string& /*token*/,
                   const nlohmann::json::exception& /*error*/) {
    error_at_ = position;
    return false;
  }

  std::size_t error_at() const { return error_at_; }
  Json take() { return std::move(root_); }

 private:
  /// An array or an object that is being read.
  enum class Shape { Array, Object };
  struct Open {
    Shape shape = Shape::Array;
    std::string key;  // of the member that comes
    Json::Array items;
    Json::Object members;
  };

  bool add(Json value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (open_.back().shape == Shape::Array) {
      open_.back().items.push_back(std::move(value));
    } else {
      open_.back().members.emplace_back(std::move(open_.back().key), std::move(value));
    }
    return true;
  }
  bool open(Shape shape) {
    if (open_.size() >= kMaxJsonDepth) {
      return false;
    }
    open_.emplace_back().shape = shape;
    return true;
  }
  bool close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    return add(done.shape == Shape::Array ? Json{std::move(done.items)}
                                          : Json{named_once(std::move(done.members))});
  }

  /// Of a name that is given twice the later value stands, at the earlier place. By sorting, not by
  /// looking each name up: a request may have a hundred thousand of them.
  static Json::Object named_once(Json::Object members) {
    if (members.size() < 2) {
      return members;
    }
    std::vector<std::size_t> order(members.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return std::tie(members[a].first, a) < std::tie(members[b].first, b);
    });
    std::vector<bool> drop(members.size());
    for (std::size_t i = order.size(); i-- > 1;) {
      const std::size_t earlier = order[i - 1];
      const std::size_t later = order[i];
      if (members[earlier].first == members[later].first) {
        members[earlier].second = std::move(members[later].second);
        drop[later] = true;
      }
    }
    Json::Object kept;
    kept.reserve(members.size());
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (!drop[i]) {
        kept.push_back(std::move(members[i]));
      }
    }
    return kept;
  }

  Json root_;
  std::vector<Open> open_;
  std::size_t error_at_ = 0;
};

void write_string(std::string& out, const std::string& text) {
  out += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void newline(std::string& out, int indent, int level) {
  if (indent >= 0) {
    out.push_back('\n');
    out.append(static_cast<std::size_t>(indent * level), ' ');
  }
}

void write_value(std::string& out, const Json& value, int indent, int level);

void write_array(std::string& out, const Json& value, int indent, int level) {
  if (value.items().empty()) {
    out += "[]";
    return;
  }
  out.push_back('[');
  for (const Json& item : value.items()) {
    if (&item != value.items().data()) {
      out.push_back(',');
    }
    newline(out, indent, level + 1);
    write_value(out, item, indent, level + 1);
  }
  newline(out, indent, level);
  out.push_back(']');
}

void write_object(std::string& out, const Json& value, int indent, int level) {
  if (value.members().empty()) {
    out += "{}";
    return;
  }
  out.push_back('{');
  for (const auto& member : value.members()) {
    if (&member != value.members().data()) {
      out.push_back(',');
    }
    newline(out, indent, level + 1);
    write_string(out, member.first);
    out += indent >= 0 ? ": " : ":";
    write_value(out, member.second, indent, level + 1);
  }
  newline(out, indent, level);
  out.push_back('}');
}

void write_value(std::string& out, const Json& value, int indent, int level) {
  if (value.is_bool()) {
    out += value.bool_or(false) ? "true" : "false";
  } else if (value.is_int()) {
    out += std::to_string(value.int_or(0));
  } else if (value.is_number()) {
    const double number = value.number_or(0);
    out += std::isfinite(number) ? format_double(number) : std::string{"null"};
  } else if (value.is_string()) {
    write_string(out, value.string_or(""));
  } else if (value.is_array()) {
    write_array(out, value, indent, level);
  } else if (value.is_object()) {
    write_object(out, value, indent, level);
  } else {
    out += "null";
  }
}

}  // namespace

bool Json::bool_or(bool fallback) const {
  const bool* value = std::get_if<bool>(&value_);
  return value != nullptr ? *value : fallback;
}

std::int64_t Json::int_or(std::int64_t fallback) const {
  if (const auto* value = std::get_if<std::int64_t>(&value_)) {
    return *value;
  }
  const double* value = std::get_if<double>(&value_);
  return value != nullptr && std::abs(*value) < 9e18 ? static_cast<std::int64_t>(*value) : fallback;
}

double Json::number_or(double fallback) const {
  if (const auto* value = std::get_if<std::int64_t>(&value_)) {
    return static_cast<double>(*value);
  }
  const double* value = std::get_if<double>(&value_);
  return value != nullptr ? *value : fallback;
}

std::string Json::string_or(std::string_view fallback) const {
  const std::string* value = std::get_if<std::string>(&value_);
  return value != nullptr ? *value : std::string{fallback};
}

const Json::Array& Json::items() const {
  static const Array none;
  const Array* value = std::get_if<Array>(&value_);
  return value != nullptr ? *value : none;
}

const Json::Object& Json::members() const {
  static const Object none;
  const Object* value = std::get_if<Object>(&value_);
  return value != nullptr ? *value : none;
}

const Json* Json::find(std::string_view name) const {
  for (const auto& member : members()) {
    if (member.first == name) {
      return &member.second;
    }
  }
  return nullptr;
}

const Json& Json::operator[](std::string_view name) const {
  static const Json null;
  const Json* value = find(name);
  return value != nullptr ? *value : null;
}

Json& Json::set(std::string name, Json value) {
  if (is_null()) {
    value_ = Object{};
  }
  auto& object = std::get<Object>(value_);
  for (auto& member : object) {
    if (member.first == name) {
      member.second = std::move(value);
      return *this;
    }
  }
  object.emplace_back(std::move(name), std::move(value));
  return *this;
}

Json& Json::push(Json value) {
  if (is_null()) {
    value_ = Array{};
  }
  std::get<Array>(value_).push_back(std::move(value));
  return *this;
}

std::string Json::dump(int indent) const {
  std::string out;
  write_value(out, *this, indent, 0);
  return out;
}

Result<Json> Json::parse(std::string_view text) {
  JsonBuilder builder;
  if (!nlohmann::json::sax_parse(text, &builder)) {
    return Error{ErrorCode::InvalidArgument,
                 "SerializationException",
                 "not valid JSON near byte " + std::to_string(builder.error_at())};
  }
  return builder.take();
}

}  // namespace tidegate
