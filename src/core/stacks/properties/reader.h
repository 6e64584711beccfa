// Reads a mapping whose functions are evaluated: each property is asked for once, by name, kind and
// range; what nobody asked for is unknown. Complaints are collected, so that a reader's code reads
// straight; the one that comes first in the text is reported. One thread, short-lived.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "base/yaml.h"

namespace tidegate::stacks::properties {

class Complaints {
 public:
  void add(std::int32_t line, std::string_view path, std::string_view sentence);
  void add(std::int32_t line, Error error);
  /// Of something that is missing: told only when nothing is wrong with what is there (a misspelt
  /// name is both).
  void add_missing(std::int32_t line, std::string_view path, std::string_view name);
  bool any() const { return first_ || missing_; }
  /// The one with the smallest line; of equal lines the one added first.
  const std::optional<Error>& first() const { return first_ ? first_ : missing_; }

 private:
  std::int32_t line_ = 0;
  std::optional<Error> first_;
  std::int32_t missing_line_ = 0;
  std::optional<Error> missing_;
};

/// A property that AWS knows and this program does not act on; instead: what to do, may be empty.
struct NotActedOn {
  std::string_view name;
  std::string_view instead;
};

template <typename T>
struct Range {
  T least = std::numeric_limits<T>::lowest();
  T most = std::numeric_limits<T>::max();
};

class Reader {
 public:
  /// node: a mapping, or a Null for one that is not there. Both references must outlive the reader.
  Reader(const YamlNode& node, std::string path, Complaints& complaints);

  const std::string& path() const { return path_; }
  std::int32_t line() const { return line_; }
  /// Of the property where it is given, else of the mapping.
  std::int32_t line_of(std::string_view name) const;
  bool has(std::string_view name) const { return node_->find(name) != nullptr; }
  bool has_mapping(std::string_view name) const;
  void complain(std::string_view name, std::string_view sentence);
  void complain(std::string_view name, Error error);

  // Each gives nothing when the property is not there, or when it complained.
  std::optional<std::string> text(const std::string& name);
  std::optional<std::string> choice(const std::string& name, std::span<const std::string> valid);
  std::optional<std::int32_t> integer(const std::string& name, Range<std::int32_t> range);
  std::optional<double> number(const std::string& name, Range<double> range);
  std::optional<bool> boolean(const std::string& name);
  std::optional<Duration> seconds(const std::string& name, Range<std::int32_t> range);
  std::vector<std::string> texts(const std::string& name);
  std::optional<Reader> mapping(const std::string& name);
  std::vector<Reader> mappings(const std::string& name);  // of a list
  /// Members of a mapping of free names: "path.key" → reader.
  std::vector<std::pair<std::string, Reader>> named_mappings(const std::string& name);

  /// Complains when the property is not there; to be asked before the property itself.
  Reader& required(const std::string& name);
  /// Accepted: it has one meaning here, and nothing to be acted on.
  void accept(const std::string& name);
  /// Complains about every property that nobody asked for.
  void finish(std::span<const NotActedOn> not_acted_on = {});

 private:
  const YamlNode* ask(const std::string& name);
  std::optional<std::string> scalar(const std::string& name, std::string_view kind);

  const YamlNode* node_;
  std::string path_;
  std::int32_t line_;
  Complaints* complaints_;
  std::vector<std::string> asked_;
};

}  // namespace tidegate::stacks::properties
