// The members of an aggregate in their order, for code that is the same for every value:
// with_members() hands them over as references. For plain structs without base classes and with at
// most 34 members.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

namespace tidegate::replay {

namespace members {

/// Stands for a value of any type when members are counted; never exists.
struct Anything {
  template <typename T>
  operator T&() const&&;  // NOLINT(google-explicit-constructor)
  template <typename T>
  operator T&() const&;  // NOLINT(google-explicit-constructor)
};

template <typename T, std::size_t... I>
constexpr bool is_made_of(std::index_sequence<I...> /*count*/) {
  return requires { T{(static_cast<void>(I), std::declval<Anything>())...}; };
}

inline constexpr std::size_t kMost = 34;

template <typename T, std::size_t N = kMost + 1>
constexpr std::size_t count() {
  if constexpr (N == 0) {
    return 0;
  } else if constexpr (is_made_of<T>(std::make_index_sequence<N>{})) {
    return N;
  } else {
    return count<T, N - 1>();
  }
}

// One line of names for each count that there is, some to a function.
// clang-format off
template <std::size_t N, typename T, typename Take>
decltype(auto) with_1_to_9(T& value, Take take) {
  if constexpr (N == 1) {
    auto& [a] = value;
    return take(a);
  } else if constexpr (N == 2) {
    auto& [a, b] = value;
    return take(a, b);
  } else if constexpr (N == 3) {
    auto& [a, b, c] = value;
    return take(a, b, c);
  } else if constexpr (N == 4) {
    auto& [a, b, c, d] = value;
    return take(a, b, c, d);
  } else if constexpr (N == 5) {
    auto& [a, b, c, d, e] = value;
    return take(a, b, c, d, e);
  } else if constexpr (N == 6) {
    auto& [a, b, c, d, e, f] = value;
    return take(a, b, c, d, e, f);
  } else if constexpr (N == 7) {
    auto& [a, b, c, d, e, f, g] = value;
    return take(a, b, c, d, e, f, g);
  } else if constexpr (N == 8) {
    auto& [a, b, c, d, e, f, g, h] = value;
    return take(a, b, c, d, e, f, g, h);
  } else if constexpr (N == 9) {
    auto& [a, b, c, d, e, f, g, h, i] = value;
    return take(a, b, c, d, e, f, g, h, i);
  }
}
template <std::size_t N, typename T, typename Take>
decltype(auto) with_10_to_18(T& value, Take take) {
  if constexpr (N == 10) {
    auto& [a, b, c, d, e, f, g, h, i, j] = value;
    return take(a, b, c, d, e, f, g, h, i, j);
  } else if constexpr (N == 11) {
    auto& [a, b, c, d, e, f, g, h, i, j, k] = value;
    return take(a, b, c, d, e, f, g, h, i, j, k);
  } else if constexpr (N == 12) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l] = value;
    return take(a, b, c, d, e, f, g, h, i, j, k, l);
  } else if constexpr (N == 13) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m] = value;
    return take(a, b, c, d, e, f, g, h, i, j, k, l, m);
  } else if constexpr (N == 14) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n] = value;
    return take(a, b, c, d, e, f, g, h, i, j, k, l, m, n);
  } else if constexpr (N == 15) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o] = value;
    return take(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o);
  } else if constexpr (N == 16) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = value;
    return take(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p);
  } else if constexpr (N == 17) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q] = value;
    return take(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q);
  } else if constexpr (N == 18) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r] = value;
    return take(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r);
  }
}
template <std::size_t N, typename T, typename Take>
decltype(auto) with_19_to_27(T& value, Take take) {
  if constexpr (N == 19) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s] = value;
    return take(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s);
  } else if constexpr (N == 20) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t] = value;
    return take(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t);
  } else if constexpr (N == 21) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u] = value;
    return take(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u);
  } else if constexpr (N == 22) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v] = value;
    return take(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v);
  } else if constexpr (N == 23) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w] = value;
    return take(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w);
  } else if constexpr (N == 24) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x] = value;
    return take(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x);
  } else if constexpr (N == 25) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y] = value;
    return take(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y);
  } else if constexpr (N == 26) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z] = value;
    return take(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z);
  } else if constexpr (N == 27) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z,
        aa] = value;
    return take(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, aa);
  }
}
template <std::size_t N, typename T, typename Take>
decltype(auto) with_28_to_34(T& value, Take take) {
  if constexpr (N == 28) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z,
        aa, bb] = value;
    return take(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z,
        aa, bb);
  } else if constexpr (N == 29) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z,
        aa, bb, cc] = value;
    return take(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z,
        aa, bb, cc);
  } else if constexpr (N == 30) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z,
        aa, bb, cc, dd] = value;
    return take(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z,
        aa, bb, cc, dd);
  } else if constexpr (N == 31) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z,
        aa, bb, cc, dd, ee] = value;
    return take(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z,
        aa, bb, cc, dd, ee);
  } else if constexpr (N == 32) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z,
        aa, bb, cc, dd, ee, ff] = value;
    return take(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z,
        aa, bb, cc, dd, ee, ff);
  } else if constexpr (N == 33) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z,
        aa, bb, cc, dd, ee, ff, gg] = value;
    return take(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z,
        aa, bb, cc, dd, ee, ff, gg);
  } else if constexpr (N == 34) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z,
        aa, bb, cc, dd, ee, ff, gg, hh] = value;
    return take(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z,
        aa, bb, cc, dd, ee, ff, gg, hh);
  }
}
// clang-format on

}  // namespace members

/// take(first, second, …) with the members of `value`.
template <typename T, typename Take>
decltype(auto) with_members(T& value, Take take) {
  constexpr std::size_t kCount = members::count<std::remove_const_t<T>>();
  static_assert(kCount <= members::kMost, "an aggregate of more members than are written out here");
  if constexpr (kCount == 0) {
    return take();
  } else if constexpr (kCount <= 9) {
    return members::with_1_to_9<kCount>(value, take);
  } else if constexpr (kCount <= 18) {
    return members::with_10_to_18<kCount>(value, take);
  } else if constexpr (kCount <= 27) {
    return members::with_19_to_27<kCount>(value, take);
  } else {
    return members::with_28_to_34<kCount>(value, take);
  }
}

}  // namespace tidegate::replay
