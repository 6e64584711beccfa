// Strong<Tag>: a string that is one kind of id and no other.
#pragma once

#include <compare>
#include <functional>
#include <string>
#include <utility>

namespace tidegate {

template <typename Tag>
struct Strong {
  std::string value;

  Strong() = default;
  explicit Strong(std::string text) : value(std::move(text)) {}

  bool empty() const { return value.empty(); }
  auto operator<=>(const Strong&) const = default;
  bool operator==(const Strong&) const = default;
};

}  // namespace tidegate

template <typename Tag>
struct std::hash<tidegate::Strong<Tag>> {
  std::size_t operator()(const tidegate::Strong<Tag>& id) const noexcept {
    return std::hash<std::string>{}(id.value);
  }
};
