// Result<T>: a value, or an Error that the caller can act on. Outcomes are never silent, and never
// exceptions. Named so that a later switch to std::expected is mechanical.
#pragma once

#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "base/check.h"

namespace tidegate {

/// What a caller branches on; closed on purpose. The API edge maps it to an HTTP status.
enum class ErrorCode {
  InvalidArgument,     // the request is wrong, and stays wrong when repeated
  NotFound,            // the named thing does not exist
  AlreadyExists,       // the named thing exists
  FailedPrecondition,  // right request, wrong state of the thing
  ResourceExhausted,   // a quota, the host's capacity, a full disk
  PermissionDenied,    // unsigned, wrongly signed, or without the right
  Unavailable,         // the other side is away: try again
  Timeout,             // its time is up
  Corrupt,             // bytes that cannot be what they claim to be
  Unsupported,         // known, and not built
  Internal,            // a failure of ours that is no reason to stop
};

struct Error {
  ErrorCode code = ErrorCode::Internal;
  std::string name;     // AWS's stable name: "ValidationError", "AlreadyExists", …
  std::string message;  // a sentence: what, which one, what would be valid

  bool operator==(const Error&) const = default;
};

/// The value of an operation that has nothing to return.
struct Ok {
  bool operator==(const Ok&) const = default;
};

template <typename T>
class [[nodiscard]] Result {
  static_assert(!std::is_reference_v<T>);

 public:
  using value_type = T;

  // `return value;` and `return Error{…};` are what it is for.
  // NOLINTBEGIN(google-explicit-constructor)
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}
  // NOLINTEND(google-explicit-constructor)

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  const T& value() const& {
    TG_CHECK(has_value());
    return *std::get_if<0>(&state_);
  }
  T& value() & {
    TG_CHECK(has_value());
    return *std::get_if<0>(&state_);
  }
  T&& value() && {
    TG_CHECK(has_value());
    return std::move(*std::get_if<0>(&state_));
  }
  const T& operator*() const& { return value(); }
  T& operator*() & { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  const T* operator->() const { return &value(); }
  T* operator->() { return &value(); }

  const Error& error() const& {
    TG_CHECK(!has_value());
    return *std::get_if<1>(&state_);
  }
  Error&& error() && {
    TG_CHECK(!has_value());
    return std::move(*std::get_if<1>(&state_));
  }

  bool operator==(const Result&) const = default;

 private:
  std::variant<T, Error> state_;
};

using Status = Result<Ok>;

}  // namespace tidegate

#define TG_CONCAT_INNER(a, b) a##b
#define TG_CONCAT(a, b) TG_CONCAT_INNER(a, b)

/// TG_ASSIGN_OR_RETURN(auto x, f()): x is the value of f(), or the function returns f()'s error.
#define TG_ASSIGN_OR_RETURN(declaration, expression)           \
  auto TG_CONCAT(tg_result_, __LINE__) = (expression);         \
  if (!TG_CONCAT(tg_result_, __LINE__).has_value()) {          \
    return std::move(TG_CONCAT(tg_result_, __LINE__)).error(); \
  }                                                            \
  declaration = std::move(TG_CONCAT(tg_result_, __LINE__)).value()

#define TG_RETURN_IF_ERROR(expression)                           \
  do {                                                           \
    if (auto tg_status = (expression); !tg_status.has_value()) { \
      return std::move(tg_status).error();                       \
    }                                                            \
  } while (false)
