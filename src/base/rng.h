// Chance by seed: the same numbers on every compiler and library (std::*_distribution differ
// between them).
#pragma once

#include <cstdint>
#include <string>

namespace tidegate {

class Rng {
 public:
  explicit Rng(std::uint64_t seed);

  std::uint64_t next();
  /// Uniform in 0..bound-1; bound >= 1.
  std::uint64_t below(std::uint64_t bound);
  /// Uniform in [0, 1).
  double uniform();
  double normal(double mean, double deviation);
  double exponential(double mean);
  /// `digits` lower-case hexadecimal digits.
  std::string hex(std::size_t digits);
  /// A random (version 4) UUID in its 36-character form.
  std::string uuid();
  /// An independent stream: drawing from it does not move this one further.
  Rng fork();

 private:
  std::uint64_t state_[4];
};

}  // namespace tidegate
