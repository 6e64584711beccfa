// What kind of value a type is to Packer and Unpacker.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "base/json.h"
#include "base/result.h"
#include "base/strong.h"
#include "base/time.h"

namespace tidegate::replay::shape {

// A varint: seven bits a byte, the lowest first; the eighth says that more follow.
inline constexpr unsigned kVarintBits = 7;
inline constexpr std::uint64_t kVarintMore = 0x80;
inline constexpr std::uint64_t kVarintLow = 0x7f;

template <typename T>
inline constexpr bool kIsStrong = false;
template <typename Tag>
inline constexpr bool kIsStrong<Strong<Tag>> = true;
template <typename T>
inline constexpr bool kIsOptional = false;
template <typename T>
inline constexpr bool kIsOptional<std::optional<T>> = true;
template <typename T>
inline constexpr bool kIsVariant = false;
template <typename... T>
inline constexpr bool kIsVariant<std::variant<T...>> = true;
template <typename T>
inline constexpr bool kIsPair = false;
template <typename A, typename B>
inline constexpr bool kIsPair<std::pair<A, B>> = true;
template <typename T>
inline constexpr bool kIsResult = false;
template <typename T>
inline constexpr bool kIsResult<Result<T>> = true;
template <typename T>
concept List = requires(T list) { list.emplace_back(); } && !std::is_same_v<T, std::string>;
template <typename T>
concept Map = requires { typename T::mapped_type; };
template <typename T>
concept Set = requires { typename T::key_type; } && !Map<T>;
template <typename T>
inline constexpr bool kIsWhole = std::is_integral_v<T> && !std::is_same_v<T, bool>;
/// A struct of members, and nothing that is written in a way of its own.
template <typename T>
inline constexpr bool kIsPlain =
    std::is_class_v<T> && !std::is_same_v<T, std::string> && !std::is_same_v<T, Json> &&
    !std::is_same_v<T, Duration> && !std::is_same_v<T, Instant> && !kIsStrong<T> &&
    !kIsOptional<T> && !kIsVariant<T> && !kIsPair<T> && !kIsResult<T> && !List<T> && !Map<T> &&
    !Set<T>;

}  // namespace tidegate::replay::shape
