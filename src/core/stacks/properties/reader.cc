#include "core/stacks/properties/reader.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "core/stacks/language/problem.h"

namespace tidegate::stacks::properties {
namespace {

template <typename T>
std::string shown(T value) {
  return format_double(static_cast<double>(value));
}

/// "must be 1 to 5", "must be at least 1", "must be at most 5".
template <typename T>
std::string range_text(const Range<T>& range) {
  const bool below = range.least == std::numeric_limits<T>::lowest();
  const bool above = range.most == std::numeric_limits<T>::max();
  if (below) {
    return "must be at most " + shown(range.most);
  }
  return above ? "must be at least " + shown(range.least)
               : "must be " + shown(range.least) + " to " + shown(range.most);
}

}  // namespace

void Complaints::add(std::int32_t line, std::string_view path, std::string_view sentence) {
  add(line, language::problem(line, path, sentence));
}

void Complaints::add(std::int32_t line, Error error) {
  if (!first_ || line < line_) {
    line_ = line;
    first_ = std::move(error);
  }
}

void Complaints::add_missing(std::int32_t line, std::string_view path, std::string_view name) {
  if (!missing_ || line < missing_line_) {
    missing_line_ = line;
    missing_ = language::problem(line, path, std::string{name} + " is missing");
  }
}

Reader::Reader(const YamlNode& node, std::string path, Complaints& complaints)
    : node_(&node), path_(std::move(path)), line_(node.line), complaints_(&complaints) {}

std::int32_t Reader::line_of(std::string_view name) const {
  const YamlNode::Member* member = node_->find(name);
  return member == nullptr ? line_ : member->line;
}

void Reader::complain(std::string_view name, std::string_view sentence) {
  const std::string path = path_ + "." + std::string{name};
  complaints_->add(line_of(name), path, sentence);
}

void Reader::complain(std::string_view name, Error error) {
  complaints_->add(line_of(name), std::move(error));
}

const YamlNode* Reader::ask(const std::string& name) {
  asked_.push_back(name);
  const YamlNode::Member* member = node_->find(name);
  return member == nullptr ? nullptr : &member->value;
}

std::optional<std::string> Reader::scalar(const std::string& name, std::string_view kind) {
  const YamlNode* value = ask(name);
  if (value == nullptr) {
    return std::nullopt;
  }
  if (!value->is_scalar()) {
    complain(name, "must be " + std::string{kind});
    return std::nullopt;
  }
  return value->text;
}

std::optional<std::string> Reader::text(const std::string& name) {
  auto value = scalar(name, "text");
  if (value && value->empty()) {
    complain(name, "must not be empty");
    return std::nullopt;
  }
  return value;
}

std::optional<std::string> Reader::choice(const std::string& name,
                                          std::span<const std::string> valid) {
  auto value = scalar(name, "text");
  if (value && std::find(valid.begin(), valid.end(), *value) == valid.end()) {
    complain(name,
             valid.size() == 1 ? "'" + *value + "' is not built; only " + valid[0] + " is"
                               : "'" + *value + "' is none of " + join(valid, ", "));
    return std::nullopt;
  }
  return value;
}

std::optional<std::int32_t> Reader::integer(const std::string& name, Range<std::int32_t> range) {
  const auto value = scalar(name, "a whole number");
  if (!value) {
    return std::nullopt;
  }
  const auto number = parse_int(*value);
  if (!number || *number < range.least || *number > range.most) {
    complain(name,
             number ? std::to_string(*number) + ": " + range_text(range)
                    : "'" + *value + "' is no whole number");
    return std::nullopt;
  }
  return static_cast<std::int32_t>(*number);
}

bool Reader::has_mapping(std::string_view name) const {
  const YamlNode::Member* member = node_->find(name);
  return member != nullptr && member->value.is_mapping();
}

std::optional<double> Reader::number(const std::string& name, Range<double> range) {
  const auto value = scalar(name, "a number");
  if (!value) {
    return std::nullopt;
  }
  const auto number = parse_double(*value);
  if (!number || *number < range.least || *number > range.most) {
    complain(name, number ? *value + ": " + range_text(range) : "'" + *value + "' is no number");
    return std::nullopt;
  }
  return number;
}

std::optional<bool> Reader::boolean(const std::string& name) {
  const auto value = scalar(name, "true or false");
  if (!value) {
    return std::nullopt;
  }
  const std::string word = to_lower(*value);
  if (word != "true" && word != "false") {
    complain(name, "'" + *value + "' must be true or false");
    return std::nullopt;
  }
  return word == "true";
}

std::optional<Duration> Reader::seconds(const std::string& name, Range<std::int32_t> range) {
  const auto value = integer(name, range);
  return value ? std::optional<Duration>{std::chrono::seconds{*value}} : std::nullopt;
}

std::vector<std::string> Reader::texts(const std::string& name) {
  std::vector<std::string> result;
  const YamlNode* value = ask(name);
  if (value == nullptr) {
    return result;
  }
  if (!value->is_sequence()) {
    complain(name, "must be a list");
  }
  for (const YamlNode& item : value->items) {
    if (item.is_scalar() && !item.text.empty()) {
      result.push_back(item.text);
    } else {
      complaints_->add(item.line, path_ + "." + name, "must be a list of texts");
    }
  }
  return result;
}

std::optional<Reader> Reader::mapping(const std::string& name) {
  const YamlNode* value = ask(name);
  if (value == nullptr) {
    return std::nullopt;
  }
  if (!value->is_mapping()) {
    complain(name, "must be a mapping");
    return std::nullopt;
  }
  Reader inner{*value, path_ + "." + name, *complaints_};
  inner.line_ = line_of(name);
  return inner;
}

std::vector<Reader> Reader::mappings(const std::string& name) {
  std::vector<Reader> result;
  const YamlNode* value = ask(name);
  if (value == nullptr) {
    return result;
  }
  if (!value->is_sequence()) {
    complain(name, "must be a list");
  }
  for (const YamlNode& item : value->items) {
    if (item.is_mapping()) {
      result.emplace_back(item, path_ + "." + name, *complaints_);
    } else {
      complaints_->add(item.line, path_ + "." + name, "must be a list of mappings");
    }
  }
  return result;
}

std::vector<std::pair<std::string, Reader>> Reader::named_mappings(const std::string& name) {
  std::vector<std::pair<std::string, Reader>> result;
  auto outer = mapping(name);
  if (!outer) {
    return result;
  }
  for (const YamlNode::Member& member : outer->node_->members) {
    if (auto inner = outer->mapping(member.key)) {
      result.emplace_back(member.key, *std::move(inner));
    }
  }
  return result;
}

Reader& Reader::required(const std::string& name) {
  if (!has(name)) {
    complaints_->add_missing(line_, path_, name);
  }
  return *this;
}

void Reader::accept(const std::string& name) {
  ask(name);
}

void Reader::finish(std::span<const NotActedOn> not_acted_on) {
  for (const YamlNode::Member& member : node_->members) {
    if (std::find(asked_.begin(), asked_.end(), member.key) != asked_.end()) {
      continue;
    }
    const auto known = std::find_if(not_acted_on.begin(), not_acted_on.end(), [&](const auto& one) {
      return one.name == member.key;
    });
    if (known == not_acted_on.end()) {
      complaints_->add(
          member.line,
          path_,
          "unknown property '" + member.key + "'" + language::suggestion(member.key, asked_));
    } else {
      complaints_->add(member.line,
                       path_,
                       member.key + " is not acted on here: " +
                           (known->instead.empty() ? "remove it" : std::string{known->instead}));
    }
  }
}

}  // namespace tidegate::stacks::properties
