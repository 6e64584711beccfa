#include "base/rng.h"

#include <cmath>
#include <numbers>

#include "base/check.h"

namespace tidegate {
namespace {

// splitmix64 and xoshiro256**, both public-domain algorithms by Blackman and Vigna.
std::uint64_t splitmix(std::uint64_t& state) {
  state += 0x9e3779b97f4a7c15ULL;
  std::uint64_t z = state;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31U);
}

std::uint64_t rotated(std::uint64_t x, unsigned bits) {
  return (x << bits) | (x >> (64U - bits));
}

}  // namespace

Rng::Rng(std::uint64_t seed) : state_{} {
  for (auto& word : state_) {
    word = splitmix(seed);
  }
}

std::uint64_t Rng::next() {
  const std::uint64_t result = rotated(state_[1] * 5, 7) * 9;
  const std::uint64_t shifted = state_[1] << 17U;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = rotated(state_[3], 45);
  return result;
}

std::uint64_t Rng::below(std::uint64_t bound) {
  TG_CHECK(bound >= 1);
  const std::uint64_t limit = UINT64_MAX - UINT64_MAX % bound;  // rejection keeps it uniform
  std::uint64_t drawn = next();
  while (drawn >= limit) {
    drawn = next();
  }
  return drawn % bound;
}

double Rng::uniform() {
  return static_cast<double>(next() >> 11U) * 0x1.0p-53;
}

double Rng::normal(double mean, double deviation) {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
  return mean + deviation * radius * std::cos(2.0 * std::numbers::pi * uniform());
}

double Rng::exponential(double mean) {
  return -mean * std::log(1.0 - uniform());
}

std::string Rng::hex(std::size_t digits) {
  std::string text;
  text.reserve(digits);
  while (text.size() < digits) {
    text.push_back("0123456789abcdef"[below(16)]);
  }
  return text;
}

std::string Rng::uuid() {
  std::string text = hex(32);
  text[12] = '4';
  text[16] = "89ab"[below(4)];
  for (const std::size_t at : {8U, 13U, 18U, 23U}) {
    text.insert(at, 1, '-');
  }
  return text;
}

Rng Rng::fork() {
  return Rng{next()};
}

}  // namespace tidegate
