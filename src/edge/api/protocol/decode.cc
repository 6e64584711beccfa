#include "edge/api/protocol/decode.h"

#include <charconv>
#include <cmath>
#include <map>

#include "base/text.h"
#include "base/time.h"

namespace tidegate::api {
namespace {

/// A number's or truth value's text, as each protocol writes it. Absent: it is none.
template <typename T>
std::optional<T> scalar_of(const std::string& text) {
  if constexpr (std::is_same_v<T, std::int64_t>) {
    return parse_int(text);
  } else if constexpr (std::is_same_v<T, double>) {
    return parse_double(text);
  } else if constexpr (std::is_same_v<T, bool>) {
    if (equals_ignoring_case(text, "true")) return true;
    if (equals_ignoring_case(text, "false")) return false;
    return std::nullopt;
  } else {
    const auto instant = parse_iso8601(text);
    return instant.has_value() ? std::optional{*instant} : std::nullopt;
  }
}

const char* kind_word(Kind kind) {
  switch (kind) {
    case Kind::String:
      return "a string";
    case Kind::Blob:
      return "base64";
    case Kind::Integer:
      return "an integer";
    case Kind::Double:
      return "a number";
    case Kind::Boolean:
      return "true or false";
    case Kind::Timestamp:
      return "a timestamp (ISO 8601)";
    case Kind::Structure:
      return "a structure";
    case Kind::List:
      return "a list";
    case Kind::Map:
      return "a map";
  }
  return "";
}

class FormDecoder {
 public:
  explicit FormDecoder(Protocol protocol) : protocol_(protocol) {}

  Status structure(const FormNode& node, const Shape& shape, void* target) const {
    for (const Member& member : shape.members) {
      const FormNode* child = node.find(member.request);
      if (child != nullptr) {
        TG_RETURN_IF_ERROR(value(*child, *member.shape, member.request, member.emplace(target)));
      }
    }
    return Ok{};
  }

 private:
  Status value(const FormNode& node, const Shape& shape, const char* name, void* target) const {
    const std::string text = node.value.value_or("");
    switch (shape.kind) {
      case Kind::String:
        *static_cast<std::string*>(target) = text;
        return Ok{};
      case Kind::Blob:
        return store(base64_decode(text), shape, name, static_cast<std::string*>(target));
      case Kind::Integer:
        return store(
            scalar_of<std::int64_t>(text), shape, name, static_cast<std::int64_t*>(target));
      case Kind::Double:
        return store(scalar_of<double>(text), shape, name, static_cast<double*>(target));
      case Kind::Boolean:
        return store(scalar_of<bool>(text), shape, name, static_cast<bool*>(target));
      case Kind::Timestamp:
        return store(scalar_of<Instant>(text), shape, name, static_cast<Instant*>(target));
      case Kind::Structure:
        return structure(node, shape, target);
      case Kind::List:
        return list(node, shape, name, target);
      case Kind::Map:
        return map(node, shape, name, target);
    }
    return Ok{};
  }

  template <typename T>
  Status store(std::optional<T> decoded, const Shape& shape, const char* name, T* target) const {
    if (!decoded.has_value()) {
      return Error{ErrorCode::InvalidArgument,
                   protocol_ == Protocol::Ec2 ? "InvalidParameterValue" : "MalformedInput",
                   std::string{"the value of "} + name + " is not " + kind_word(shape.kind)};
    }
    *target = std::move(*decoded);
    return Ok{};
  }

  /// The items of "Name.1", "Name.2" by number; what is not numbered is no item.
  static std::map<std::int64_t, const FormNode*> numbered(const FormNode& node) {
    std::map<std::int64_t, const FormNode*> items;
    for (const auto& [key, child] : node.children) {
      const auto number = parse_int(key);
      if (number.has_value() && *number > 0) {
        items.emplace(*number, &child);
      }
    }
    return items;
  }

  Status list(const FormNode& node, const Shape& shape, const char* name, void* target) const {
    const FormNode* items = &node;
    if (protocol_ != Protocol::Ec2) {
      items = node.find("member");
      items = items != nullptr ? items : node.find(shape.element_name);
    }
    if (items == nullptr) {
      return Ok{};  // "Tags=": an empty list
    }
    for (const auto& [number, item] : numbered(*items)) {
      TG_RETURN_IF_ERROR(value(*item, *shape.element, name, shape.container->append(target, {})));
    }
    return Ok{};
  }

  Status map(const FormNode& node, const Shape& shape, const char* name, void* target) const {
    const FormNode* entries = node.find("entry");
    if (entries == nullptr) {
      return Ok{};
    }
    for (const auto& [number, entry] : numbered(*entries)) {
      const FormNode* key = entry->find("key");
      const FormNode* held = entry->find("value");
      if (key != nullptr && held != nullptr) {
        void* slot = shape.container->append(target, key->value.value_or(""));
        TG_RETURN_IF_ERROR(value(*held, *shape.element, name, slot));
      }
    }
    return Ok{};
  }

  Protocol protocol_;
};

Error not_a(const Shape& shape, const char* name) {
  return Error{ErrorCode::InvalidArgument,
               "SerializationException",
               std::string{"the value of "} + name + " is not " + kind_word(shape.kind)};
}

/// CloudWatch's JSON has seconds since 1970 as a number; ISO 8601 is taken too.
std::optional<Instant> json_timestamp(const Json& json) {
  if (json.is_string()) {
    return scalar_of<Instant>(json.string_or(""));
  }
  const double seconds = json.number_or(std::nan(""));
  if (!std::isfinite(seconds) ||
      std::abs(seconds) > 1e11) {  // the year 5138: else a cast overflows
    return std::nullopt;
  }
  return Instant{Duration{std::llround(seconds * 1e6)}};
}

Status decode_json_value(const Json& json, const Shape& shape, const char* name, void* target);

template <typename T>
Status store_json(std::optional<T> decoded, const Shape& shape, const char* name, T* target) {
  if (!decoded.has_value()) {
    return not_a(shape, name);
  }
  *target = std::move(*decoded);
  return Ok{};
}

Status decode_json_items(const Json& json, const Shape& shape, const char* name, void* target) {
  if (shape.kind == Kind::List ? !json.is_array() : !json.is_object()) {
    return not_a(shape, name);
  }
  for (const Json& item : json.items()) {
    TG_RETURN_IF_ERROR(
        decode_json_value(item, *shape.element, name, shape.container->append(target, {})));
  }
  for (const auto& [key, held] : json.members()) {
    TG_RETURN_IF_ERROR(
        decode_json_value(held, *shape.element, name, shape.container->append(target, key)));
  }
  return Ok{};
}

template <typename T>
std::optional<T> when(bool holds, T value) {
  return holds ? std::optional<T>{std::move(value)} : std::nullopt;
}

Status decode_json_value(const Json& json, const Shape& shape, const char* name, void* target) {
  switch (shape.kind) {
    case Kind::String:
      return store_json(when(json.is_string(), json.string_or("")),
                        shape,
                        name,
                        static_cast<std::string*>(target));
    case Kind::Blob:
      return store_json(
          base64_decode(json.string_or("*")), shape, name, static_cast<std::string*>(target));
    case Kind::Integer: {
      const double number = json.number_or(0.5);  // whole doubles are integers too: 60.0
      return store_json(
          when(number == std::floor(number) && std::abs(number) < 9e15, json.int_or(0)),
          shape,
          name,
          static_cast<std::int64_t*>(target));
    }
    case Kind::Double:
      return store_json(
          when(json.is_number(), json.number_or(0)), shape, name, static_cast<double*>(target));
    case Kind::Boolean:
      return store_json(
          when(json.is_bool(), json.bool_or(false)), shape, name, static_cast<bool*>(target));
    case Kind::Timestamp:
      return store_json(json_timestamp(json), shape, name, static_cast<Instant*>(target));
    case Kind::Structure:
      return json.is_object() ? decode_json(json, shape, target) : Status{not_a(shape, name)};
    case Kind::List:
    case Kind::Map:
      return decode_json_items(json, shape, name, target);
  }
  return Ok{};
}

}  // namespace

Status decode_form(const FormNode& form, const Shape& shape, Protocol protocol, void* structure) {
  return FormDecoder{protocol}.structure(form, shape, structure);
}

Status decode_json(const Json& json, const Shape& shape, void* structure) {
  for (const Member& member : shape.members) {
    const Json* held = json.find(member.name);
    if (held != nullptr && !held->is_null()) {
      TG_RETURN_IF_ERROR(
          decode_json_value(*held, *member.shape, member.name, member.emplace(structure)));
    }
  }
  return Ok{};
}

}  // namespace tidegate::api
