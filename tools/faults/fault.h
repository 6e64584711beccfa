#pragma once
// What a planted fault becomes (tools/faults/plant.py): the code as it was, or as the fault has it where the
// environment's FAULT is its number. Each place that runs is marked in the file that FAULT_SEEN names, which all
// processes of a test share, so that a killed one counts too. In constant evaluation there are no faults.

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <concepts>
#include <cstdlib>
#include <initializer_list>
#include <type_traits>

#pragma GCC diagnostic ignored "-Wnarrowing"

namespace planted {

inline constexpr int kNumbers = 1 << 16;  // NUMBERS of plant.py

struct State {
  int active = 0;
  unsigned char* seen = nullptr;
};

inline State begin() {
  static unsigned char nowhere[kNumbers];
  State state{0, nowhere};
  if (const char* number = std::getenv("FAULT")) state.active = std::atoi(number);
  if (const char* path = std::getenv("FAULT_SEEN")) {
    const int file = ::open(path, O_RDWR | O_CLOEXEC);
    void* shared = ::mmap(nullptr, kNumbers, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (shared != MAP_FAILED) state.seen = static_cast<unsigned char*>(shared);
    ::close(file);
  }
  return state;
}

inline const State& state() {
  static const State known = begin();
  return known;
}

// The fault's place runs; true if it is the one that is tried.
constexpr bool on(int number) {
  if (std::is_constant_evaluated()) return false;
  state().seen[number] = 1;
  return state().active == number;
}

// The place runs, but what the fault would have there does not compile for these types: no fault.
constexpr void impossible(int number) {
  if (!std::is_constant_evaluated() && state().seen[number] == 0) state().seen[number] = 2;
}

// `a < b` is written `a < planted::Lt{7} < b`: both halves bind as the one did.
#define PLANTED_BINARY(Name, OP, OTHER)                                                                 \
  template <class R, class A, class B>                                                                  \
  concept Name##Flips = requires(A&& a, B&& b) {                                                        \
    { static_cast<A&&>(a) OTHER static_cast<B&&>(b) } -> std::convertible_to<R>;                        \
  };                                                                                                    \
  struct Name {                                                                                         \
    int number;                                                                                         \
  };                                                                                                    \
  template <class A>                                                                                    \
  struct Name##Left {                                                                                   \
    A&& a;                                                                                              \
    int number;                                                                                         \
  };                                                                                                    \
  template <class A>                                                                                    \
  constexpr Name##Left<A> operator OP(A&& a, Name&& fault) {                                            \
    return {static_cast<A&&>(a), fault.number};                                                         \
  }                                                                                                     \
  template <class A, class B>                                                                           \
  constexpr auto operator OP(Name##Left<A>&& left, B&& b) {                                             \
    using R = std::decay_t<decltype(static_cast<A&&>(left.a) OP static_cast<B&&>(b))>;                  \
    if constexpr (Name##Flips<R, A, B>) {                                                               \
      if (on(left.number)) return R(static_cast<A&&>(left.a) OTHER static_cast<B&&>(b));                \
    } else {                                                                                            \
      impossible(left.number);                                                                          \
    }                                                                                                   \
    return R(static_cast<A&&>(left.a) OP static_cast<B&&>(b));                                          \
  }
PLANTED_BINARY(Lt, <, <=)
PLANTED_BINARY(Le, <=, <)
PLANTED_BINARY(Gt, >, >=)
PLANTED_BINARY(Ge, >=, >)
PLANTED_BINARY(Eq, ==, !=)
PLANTED_BINARY(Ne, !=, ==)
PLANTED_BINARY(Plus, +, -)
PLANTED_BINARY(Minus, -, +)
#undef PLANTED_BINARY

// `!a` is written `planted::Not{7}->*a`.
struct Not {
  int number;
};
template <class T>
constexpr bool operator->*(Not fault, T&& value) {
  const bool is = static_cast<bool>(value);
  return on(fault.number) ? is : !is;
}

constexpr int one(int number) { return on(number) ? 0 : 1; }
// Never constant, so that a namespace's `const kMax = 5 + more(7)` is computed when the program begins.
inline int more(int number) { return on(number) ? 1 : 0; }

template <class T, class... Less>
constexpr T min(int number, const T& a, const T& b, Less... less) {
  return on(number) ? std::max(a, b, less...) : std::min(a, b, less...);
}
template <class T, class... Less>
constexpr T max(int number, const T& a, const T& b, Less... less) {
  return on(number) ? std::min(a, b, less...) : std::max(a, b, less...);
}
template <class T>
constexpr T min(int number, std::initializer_list<T> all) {
  return on(number) ? std::max(all) : std::min(all);
}
template <class T>
constexpr T max(int number, std::initializer_list<T> all) {
  return on(number) ? std::min(all) : std::max(all);
}

}  // namespace planted
