#include "edge/api/protocol/reverse.h"

#include <string_view>
#include <vector>

#include "base/text.h"

namespace tidegate::api {
namespace {

using Parameters = std::vector<std::string>;  // "Name=value", encoded

std::string scalar_text(const Json& json) {
  if (json.is_string()) {
    return json.string_or("");
  }
  return json.dump();
}

class FormEncoder {
 public:
  explicit FormEncoder(Protocol protocol) : protocol_(protocol) {}

  Status structure(const Json& json, const Shape& shape, const std::string& prefix) {
    for (const auto& [name, held] : json.members()) {
      const Member* member = find(shape, name);
      if (member == nullptr) {
        return Error{ErrorCode::InvalidArgument,
                     "ValidationError",
                     std::string{shape.name} + " has no member " + name};
      }
      TG_RETURN_IF_ERROR(value(held, *member->shape, prefix + member->request));
    }
    return Ok{};
  }

  const Parameters& parameters() const { return parameters_; }

 private:
  static const Member* find(const Shape& shape, std::string_view name) {
    for (const Member& member : shape.members) {
      if (name == member.name) {
        return &member;
      }
    }
    return nullptr;
  }

  Status value(const Json& json, const Shape& shape, const std::string& name) {
    switch (shape.kind) {
      case Kind::Structure:
        return structure(json, shape, name + ".");
      case Kind::List:
        return list(json, shape, name);
      case Kind::Map:
        return map(json, shape, name);
      case Kind::String:
      case Kind::Blob:
      case Kind::Integer:
      case Kind::Double:
      case Kind::Boolean:
      case Kind::Timestamp:
        parameters_.push_back(name + "=" + percent_encode(scalar_text(json)));
        return Ok{};
    }
    return Ok{};
  }

  Status list(const Json& json, const Shape& shape, const std::string& name) {
    if (json.items().empty()) {
      parameters_.push_back(name + "=");
    }
    const std::string prefix = name + (protocol_ == Protocol::Ec2 ? "." : ".member.");
    for (std::size_t i = 0; i < json.items().size(); ++i) {
      TG_RETURN_IF_ERROR(value(json.items()[i], *shape.element, prefix + std::to_string(i + 1)));
    }
    return Ok{};
  }

  Status map(const Json& json, const Shape& shape, const std::string& name) {
    for (std::size_t i = 0; i < json.members().size(); ++i) {
      const std::string entry = name + ".entry." + std::to_string(i + 1);
      parameters_.push_back(entry + ".key=" + percent_encode(json.members()[i].first));
      TG_RETURN_IF_ERROR(value(json.members()[i].second, *shape.element, entry + ".value"));
    }
    return Ok{};
  }

  Protocol protocol_;
  Parameters parameters_;
};

Json structure_json(const XmlElement& element, const Shape& shape);

Json element_json(const XmlElement& element, const Shape& shape) {
  switch (shape.kind) {
    case Kind::Integer:
      return Json{parse_int(element.text).value_or(0)};
    case Kind::Double:
      return Json{parse_double(element.text).value_or(0)};
    case Kind::Boolean:
      return Json{element.text == "true"};
    case Kind::String:
    case Kind::Blob:
    case Kind::Timestamp:
      return Json{element.text};
    case Kind::Structure:
      return structure_json(element, shape);
    case Kind::List: {
      Json list = Json::array();
      for (const XmlElement& item : element.children) {
        list.push(element_json(item, *shape.element));
      }
      return list;
    }
    case Kind::Map: {
      Json map = Json::object();
      for (const XmlElement& entry : element.children) {
        const XmlElement* held = entry.find("value");
        if (held != nullptr) {
          map.set(entry.at({"key"}), element_json(*held, *shape.element));
        }
      }
      return map;
    }
  }
  return {};
}

Json structure_json(const XmlElement& element, const Shape& shape) {
  Json json = Json::object();
  for (const Member& member : shape.members) {
    if (const XmlElement* child = element.find(member.response)) {
      json.set(member.name, element_json(*child, *member.shape));
    }
  }
  return json;
}

}  // namespace

Result<std::string> encode_form(const Service& service,
                                const Operation& operation,
                                const Json& input) {
  FormEncoder encoder{service.protocol};
  if (operation.input != nullptr) {
    TG_RETURN_IF_ERROR(encoder.structure(input, *operation.input, ""));
  }
  std::string text =
      std::string{"Action="} + operation.name + "&Version=" + std::string{service.version};
  for (const std::string& parameter : encoder.parameters()) {
    text += "&" + parameter;
  }
  return text;
}

Json decode_answer(const Service& service, const Operation& operation, const XmlElement& answer) {
  const XmlElement* result = service.protocol == Protocol::Ec2
                                 ? &answer
                                 : answer.find(std::string{operation.name} + "Result");
  return result != nullptr && operation.output != nullptr
             ? structure_json(*result, *operation.output)
             : Json::object();
}

Error decode_error(const XmlElement& answer) {
  const XmlElement* error = answer.find("Error");
  if (const XmlElement* errors = answer.find("Errors")) {
    error = errors->find("Error");
  }
  if (error == nullptr) {
    return Error{};
  }
  return Error{ErrorCode::InvalidArgument, error->at({"Code"}), error->at({"Message"})};
}

const Operation* find_operation(const Service& service, std::string_view name) {
  for (const Operation& operation : service.operations) {
    if (name == operation.name) {
      return &operation;
    }
  }
  return nullptr;
}

}  // namespace tidegate::api
