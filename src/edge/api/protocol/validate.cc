#include "edge/api/protocol/validate.h"

#include <algorithm>
#include <string_view>

#include "base/text.h"

namespace tidegate::api {
namespace {

constexpr std::size_t kMaxReported = 10;  // as many as Coral lists
constexpr std::size_t kMaxValueShown = 256;

struct Violation {
  std::string path;   // "metricData.1.member.metricName"
  std::string name;   // "MetricName"
  std::string value;  // "'x'", or "null": it is required
  std::string constraint;
};

std::string lower_first(std::string_view name) {
  std::string text{name};
  if (!text.empty()) {
    text[0] = to_lower(text.substr(0, 1))[0];
  }
  return text;
}

std::int64_t characters(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;  // UTF-8: one lead byte per character
  });
}

std::string shown(std::string_view value) {
  return "'" + std::string{value.substr(0, kMaxValueShown)} + "'";
}

class Validator {
 public:
  void structure(const Shape& shape, const void* target, const std::string& path) {
    for (const Member& member : shape.members) {
      const std::string here = path + lower_first(member.name);
      const void* held = member.get(target);
      if (held != nullptr) {
        value(*member.shape, held, member.name, here);
      } else if (std::any_of(shape.required.begin(), shape.required.end(), [&](const char* name) {
                   return std::string_view{name} == member.name;
                 })) {
        found_.push_back({here, member.name, "null", "Member must not be null"});
      }
    }
  }

  const std::vector<Violation>& found() const { return found_; }

 private:
  void value(const Shape& shape, const void* held, const char* name, const std::string& path) {
    switch (shape.kind) {
      case Kind::String:
        string(shape, *static_cast<const std::string*>(held), name, path);
        return;
      case Kind::Integer: {
        const std::int64_t number = *static_cast<const std::int64_t*>(held);
        bounds(shape, number, "value", {path, name, shown(std::to_string(number)), ""});
        return;
      }
      case Kind::Structure:
        structure(shape, held, path + ".");
        return;
      case Kind::List:
      case Kind::Map:
        items(shape, held, name, path);
        return;
      case Kind::Blob:
      case Kind::Double:
      case Kind::Boolean:
      case Kind::Timestamp:
        return;
    }
  }

  void string(const Shape& shape,
              const std::string& text,
              const char* name,
              const std::string& path) {
    bounds(shape, characters(text), "length", {path, name, shown(text), ""});
    const auto& allowed = shape.allowed_values;
    if (!allowed.empty() && std::none_of(allowed.begin(), allowed.end(), [&](const char* value) {
          return text == value;
        })) {
      const std::vector<std::string> values(allowed.begin(), allowed.end());
      found_.push_back({path,
                        name,
                        shown(text),
                        "Member must satisfy enum value set: [" + join(values, ", ") + "]"});
    }
  }

  void items(const Shape& shape, const void* held, const char* name, const std::string& path) {
    const std::size_t size = shape.container->size(held);
    bounds(shape,
           static_cast<std::int64_t>(size),
           "length",
           {path, name, "'[" + std::to_string(size) + " items]'", ""});
    for (std::size_t i = 0; i < size && found_.size() <= kMaxReported; ++i) {
      value(*shape.element,
            shape.container->at(held, i),
            name,
            path + "." + std::to_string(i + 1) + ".member");
    }
  }

  void bounds(const Shape& shape, std::int64_t size, const char* what, Violation violation) {
    const std::string of = std::string{"Member must have "} + what;
    if (shape.bounds.min.has_value() && size < *shape.bounds.min) {
      violation.constraint = of + " greater than or equal to " + std::to_string(*shape.bounds.min);
      found_.push_back(std::move(violation));
    } else if (shape.bounds.max.has_value() && size > *shape.bounds.max) {
      violation.constraint = of + " less than or equal to " + std::to_string(*shape.bounds.max);
      found_.push_back(std::move(violation));
    }
  }

  std::vector<Violation> found_;
};

Error coral_error(const std::vector<Violation>& found) {
  const std::size_t count = std::min(found.size(), kMaxReported);
  std::vector<std::string> sentences;
  for (std::size_t i = 0; i < count; ++i) {
    sentences.push_back("Value " + found[i].value + " at '" + found[i].path +
                        "' failed to satisfy constraint: " + found[i].constraint);
  }
  return Error{ErrorCode::InvalidArgument,
               "ValidationError",
               std::to_string(count) + " validation error" + (count == 1 ? "" : "s") +
                   " detected: " + join(sentences, "; ")};
}

Error plain_error(const Violation& violation, ValidationWords words) {
  if (violation.value == "null") {
    return Error{ErrorCode::InvalidArgument,
                 "MissingParameter",
                 words == ValidationWords::Ec2
                     ? "The request must contain the parameter " + violation.name
                     : "The parameter " + violation.name + " is required."};
  }
  return Error{ErrorCode::InvalidArgument,
               "InvalidParameterValue",
               "Value " + violation.value + " for parameter " + violation.name +
                   " is invalid: " + violation.constraint + "."};
}

/// A member that is there, and more than `false`, which asks for what happens anyway.
bool asks_for_something(const Member& member, const void* structure) {
  const void* held = member.get(structure);
  return held != nullptr &&
         (member.shape->kind != Kind::Boolean || *static_cast<const bool*>(held));
}

}  // namespace

ValidationWords words_of(const Service& service) {
  if (service.protocol == Protocol::Ec2) {
    return ValidationWords::Ec2;
  }
  return service.json_target != nullptr ? ValidationWords::CloudWatch : ValidationWords::Coral;
}

Status validate(const Shape& shape, const void* structure, ValidationWords words) {
  Validator validator;
  validator.structure(shape, structure, "");
  if (validator.found().empty()) {
    return Ok{};
  }
  return words == ValidationWords::Coral ? coral_error(validator.found())
                                         : plain_error(validator.found().front(), words);
}

Status refuse_others(const Shape& shape,
                     const void* structure,
                     std::span<const char* const> accepted) {
  for (const Member& member : shape.members) {
    const bool known = std::any_of(accepted.begin(), accepted.end(), [&](const char* name) {
      return std::string_view{name} == member.name;
    });
    if (!known && asks_for_something(member, structure)) {
      const std::vector<std::string> names(accepted.begin(), accepted.end());
      return Error{ErrorCode::Unsupported,
                   "InvalidParameterValue",
                   std::string{"the parameter "} + member.name + " is not built; what works: " +
                       (names.empty() ? "none" : join(names, ", "))};
    }
  }
  return Ok{};
}

}  // namespace tidegate::api
