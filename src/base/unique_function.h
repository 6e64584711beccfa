// UniqueFunction<R(Args...)>: a callable that need not be copyable (std::move_only_function is
// C++23).
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

#include "base/check.h"

namespace tidegate {

template <typename Signature>
class UniqueFunction;

template <typename R, typename... Args>
class UniqueFunction<R(Args...)> {
 public:
  UniqueFunction() = default;
  template <typename F>
    requires(!std::is_same_v<std::remove_cvref_t<F>, UniqueFunction> &&
             std::is_invocable_r_v<R, F&, Args...>)
  UniqueFunction(F callable)  // NOLINT(google-explicit-constructor)
      : held_(std::make_unique<Holder<F>>(std::move(callable))) {}

  explicit operator bool() const { return held_ != nullptr; }
  R operator()(Args... args) {
    TG_CHECK(held_ != nullptr);
    return held_->call(std::forward<Args>(args)...);
  }

 private:
  struct Base {
    Base() = default;
    Base(const Base&) = delete;
    Base& operator=(const Base&) = delete;
    virtual ~Base() = default;
    virtual R call(Args... args) = 0;
  };
  template <typename F>
  struct Holder final : Base {
    explicit Holder(F f) : callable(std::move(f)) {}
    R call(Args... args) override { return callable(std::forward<Args>(args)...); }
    F callable;
  };

  std::unique_ptr<Base> held_;
};

}  // namespace tidegate
