// Values as bytes, by position: numbers as varints, text with its length, aggregates member by
// member. What is written is read by the same build only (unpack.h). What is near to a value that
// both sides know is written as its difference from it. Pure.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "replay/members.h"
#include "replay/shape.h"

namespace tidegate::replay {

class Packer {
 public:
  template <typename T>
  void put(const T& value) {
    if constexpr (std::is_same_v<T, bool>) {
      bytes_.push_back(value ? '\1' : '\0');
    } else if constexpr (std::is_enum_v<T>) {
      put_varint(static_cast<std::uint64_t>(value));
    } else if constexpr (std::is_integral_v<T>) {
      put_signed(static_cast<std::int64_t>(value));
    } else if constexpr (std::is_floating_point_v<T>) {
      put_varint(std::bit_cast<std::uint64_t>(static_cast<double>(value)));
    } else if constexpr (std::is_same_v<T, std::string>) {
      put_text(value);
    } else if constexpr (std::is_same_v<T, Json>) {
      put_text(value.dump());
    } else if constexpr (std::is_same_v<T, Duration>) {
      put_signed(value.count());
    } else if constexpr (std::is_same_v<T, Instant>) {
      put_signed(value.time_since_epoch().count());
    } else if constexpr (shape::kIsStrong<T>) {
      put_text(value.value);
    } else {
      put_compound(value);
    }
  }

  /// What makes `after` of `before`: differences of numbers and times, changed members of
  /// aggregates, lists item by item.
  template <typename T>
  void put_delta(const T& before, const T& after) {
    if constexpr (shape::kIsWhole<T>) {
      put_signed(static_cast<std::int64_t>(static_cast<std::uint64_t>(after) -
                                           static_cast<std::uint64_t>(before)));
    } else if constexpr (std::is_same_v<T, Duration> || std::is_same_v<T, Instant>) {
      put(Duration{after - before});
    } else if constexpr (shape::List<T>) {
      put_varint(after.size());
      for (std::size_t i = 0; i < after.size(); ++i) {
        put_item(before, after[i], i);
      }
    } else if constexpr (shape::kIsPlain<T>) {
      put_members(before, after);
    } else {
      put(after);
    }
  }

  void put_varint(std::uint64_t value);
  const std::string& bytes() const { return bytes_; }
  std::string take() { return std::exchange(bytes_, {}); }

 private:
  void put_signed(std::int64_t value);
  void put_text(std::string_view text);

  template <typename List>
  void put_item(const List& before, const typename List::value_type& item, std::size_t index) {
    if (index < before.size()) {
      put_delta(before[index], item);
    } else {
      put(item);
    }
  }

  template <typename T>
  void put_members(const T& before, const T& after) {
    std::uint64_t mask = 0;
    Packer changed;
    with_members(before, [&](const auto&... old) {
      with_members(after, [&](const auto&... fresh) {
        std::uint64_t bit = 1;
        const auto one = [&](const auto& a, const auto& b) {
          if (!(a == b)) {
            mask |= bit;
            changed.put_delta(a, b);
          }
          bit <<= 1U;
        };
        (one(old, fresh), ...);
      });
    });
    put_varint(mask);
    bytes_ += changed.bytes_;
  }

  template <typename T>
  void put_compound(const T& value) {
    if constexpr (shape::kIsOptional<T>) {
      put(value.has_value());
      if (value) {
        put(*value);
      }
    } else if constexpr (shape::kIsVariant<T>) {
      put_varint(value.index());
      std::visit([&](const auto& held) { put(held); }, value);
    } else if constexpr (shape::kIsResult<T>) {
      put(value.has_value());
      if (value) {
        put(*value);
      } else {
        put(value.error());
      }
    } else if constexpr (shape::kIsPair<T>) {
      put(value.first);
      put(value.second);
    } else if constexpr (shape::List<T> || shape::Map<T> || shape::Set<T>) {
      put_varint(value.size());
      for (const auto& item : value) {
        put(item);
      }
    } else {
      with_members(value, [&](const auto&... member) { (put(member), ...); });
    }
  }

  std::string bytes_;
};

}  // namespace tidegate::replay
