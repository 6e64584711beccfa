#include "apps/tidegate/serve/control_clock.h"

#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>
#include <unistd.h>

namespace tidegate::apps {
namespace {

constexpr std::int64_t kSecond = 1'000'000;

Instant at(std::int64_t micros) {
  return Instant{Duration{micros}};
}

struct Machine {
  RawTime raw{1'000 * kSecond, 5 * kSecond};
  void pass(std::int64_t micros) {
    raw.wall += micros;
    raw.steady += micros;
  }
  TimeSource source() {
    return [this] { return raw; };
  }
};

TEST_CASE("control clock: follows a wall clock that nobody sets") {
  Machine machine;
  ControlClock clock{machine.source(), Instant{}};
  CHECK(clock.now() == at(1'000 * kSecond));
  machine.pass(3 * kSecond);
  CHECK(clock.now() == at(1'003 * kSecond));
}

TEST_CASE("control clock: a wall clock set back slows it to half, never turns it back") {
  Machine machine;
  ControlClock clock{machine.source(), Instant{}};
  machine.raw.wall -= 10 * kSecond;
  CHECK(clock.now() == at(1'000 * kSecond));
  machine.pass(2 * kSecond);
  CHECK(clock.now() == at(1'001 * kSecond));
  machine.pass(100 * kSecond);
  CHECK(clock.now() == at(machine.raw.wall));
}

TEST_CASE("control clock: a wall clock set forward speeds it up by half") {
  Machine machine;
  ControlClock clock{machine.source(), Instant{}};
  machine.raw.wall += 10 * kSecond;
  machine.pass(4 * kSecond);
  CHECK(clock.now() == at(1'006 * kSecond));
  machine.pass(16 * kSecond);
  CHECK(clock.now() == at(machine.raw.wall));
}

TEST_CASE("control clock: after a restart it resumes behind its mark when the wall was set back") {
  Machine machine;
  ControlClock behind{machine.source(), at(2'000 * kSecond)};
  CHECK(behind.now() == at(2'000 * kSecond + kMarkInterval.count()));
  ControlClock equal{machine.source(), at(1'000 * kSecond)};
  CHECK(equal.now() == at(1'000 * kSecond));
  ControlClock ahead{machine.source(), at(999 * kSecond)};
  CHECK(ahead.now() == at(1'000 * kSecond));
}

TEST_CASE("clock mark: is read back as it was written, absent is zero, garbage is refused") {
  const std::string file =
      (std::filesystem::temp_directory_path() / ("tg-mark-" + std::to_string(getpid()))).string();
  CHECK(read_clock_mark(file).value() == Instant{});
  REQUIRE(write_clock_mark(file, at(1'234'567'890'123'456)).has_value());
  REQUIRE(write_clock_mark(file, at(42)).has_value());
  CHECK(read_clock_mark(file).value() == at(42));
  std::ofstream{file} << "yesterday\n";
  CHECK(read_clock_mark(file).error().code == ErrorCode::Corrupt);
  std::filesystem::remove(file);
}

}  // namespace
}  // namespace tidegate::apps
