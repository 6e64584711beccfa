// Values out of the bytes that a Packer made of them. Broken bytes are an error that stays, never
// more memory than there are bytes for. Pure.
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

/// Reads what a Packer wrote. Broken bytes never throw: failed() is true from then on, and values
/// are their defaults.
class Unpacker {
 public:
  explicit Unpacker(std::string_view bytes) : bytes_(bytes) {}

  bool failed() const { return failed_; }
  bool at_end() const { return at_ >= bytes_.size(); }

  template <typename T>
  void get(T& value) {
    if constexpr (std::is_same_v<T, bool>) {
      value = get_varint() != 0;
    } else if constexpr (std::is_enum_v<T>) {
      value = static_cast<T>(get_varint());
    } else if constexpr (std::is_integral_v<T>) {
      value = static_cast<T>(get_signed());
    } else if constexpr (std::is_floating_point_v<T>) {
      value = static_cast<T>(std::bit_cast<double>(get_varint()));
    } else if constexpr (std::is_same_v<T, std::string>) {
      value = std::string{get_text()};
    } else if constexpr (std::is_same_v<T, Json>) {
      const auto json = Json::parse(get_text());
      failed_ = failed_ || !json;
      value = json ? *json : Json{};
    } else if constexpr (std::is_same_v<T, Duration>) {
      value = Duration{get_signed()};
    } else if constexpr (std::is_same_v<T, Instant>) {
      value = Instant{Duration{get_signed()}};
    } else if constexpr (shape::kIsStrong<T>) {
      value = T{std::string{get_text()}};
    } else {
      get_compound(value);
    }
  }

  template <typename T>
  T get() {
    T value{};
    get(value);
    return value;
  }

  /// Applies what put_delta() wrote to the value that it was made from.
  template <typename T>
  void get_delta(T& value) {
    if constexpr (shape::kIsWhole<T>) {
      value = static_cast<T>(static_cast<std::uint64_t>(value) +
                             static_cast<std::uint64_t>(get_signed()));
    } else if constexpr (std::is_same_v<T, Duration> || std::is_same_v<T, Instant>) {
      value += get<Duration>();
    } else if constexpr (shape::List<T>) {
      const std::size_t known = value.size();
      value.resize(get_count());
      for (std::size_t i = 0; i < value.size() && !failed_; ++i) {
        i < known ? get_delta(value[i]) : get(value[i]);
      }
    } else if constexpr (shape::kIsPlain<T>) {
      const std::uint64_t mask = get_varint();
      with_members(value, [&](auto&... member) {
        std::uint64_t bit = 1;
        const auto one = [&](auto& m) {
          if ((mask & bit) != 0) {
            get_delta(m);
          }
          bit <<= 1U;
        };
        (one(member), ...);
      });
    } else {
      get(value);
    }
  }

  std::uint64_t get_varint();

 private:
  std::int64_t get_signed();
  std::string_view get_text();
  /// A length that the rest of the bytes can hold.
  std::size_t get_count();

  template <typename T, std::size_t... I>
  void get_variant(T& value, std::index_sequence<I...> /*alternatives*/) {
    const std::uint64_t index = get_varint();
    const auto one = [&]<std::size_t N>() {
      if (index == N) {
        get(value.template emplace<N>());
      }
    };
    (one.template operator()<I>(), ...);
    failed_ = failed_ || index >= sizeof...(I);
  }

  template <typename T>
  void get_compound(T& value) {
    if constexpr (shape::kIsOptional<T>) {
      value.reset();
      if (get<bool>()) {
        get(value.emplace());
      }
    } else if constexpr (shape::kIsVariant<T>) {
      get_variant(value, std::make_index_sequence<std::variant_size_v<T>>{});
    } else if constexpr (shape::kIsPair<T>) {
      get(value.first);
      get(value.second);
    } else if constexpr (shape::List<T>) {
      value.clear();
      for (std::size_t left = get_count(); left > 0 && !failed_; --left) {
        get(value.emplace_back());
      }
    } else if constexpr (shape::Map<T>) {
      value.clear();
      for (std::size_t left = get_count(); left > 0 && !failed_; --left) {
        auto key = get<typename T::key_type>();
        get(value[std::move(key)]);
      }
    } else if constexpr (shape::Set<T>) {
      value.clear();
      for (std::size_t left = get_count(); left > 0 && !failed_; --left) {
        value.insert(get<typename T::key_type>());
      }
    } else {
      with_members(value, [&](auto&... member) { (get(member), ...); });
    }
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
  bool failed_ = false;
};

/// A Result is no value that exists before it is read.
template <typename T>
Result<T> get_result(Unpacker& in) {
  if (in.get<bool>()) {
    return in.get<T>();
  }
  return in.get<Error>();
}

}  // namespace tidegate::replay
