#include "core/scaling/sliding_window.h"

#include <limits>

#include <doctest/doctest.h>

namespace tidegate::scaling {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Datapoints = std::vector<std::optional<double>>;

constexpr Duration kSampleInterval = milliseconds{200};
constexpr Instant kFirstSample{seconds{1'000'000}};

Instant after(std::int64_t ms) {
  return kFirstSample + milliseconds{ms};
}

SlidingWindow window_of_ten_seconds() {
  return SlidingWindow{kSampleInterval, seconds{10}};
}

/// Samples at from, from + 200, … to (ms after kFirstSample), each of one instance with that value.
void add_samples(SlidingWindow& window, std::int64_t from, std::int64_t to, double value) {
  for (std::int64_t ms = from; ms <= to; ms += 200) {
    window.add({after(ms), value, 1, 1});
  }
}

}  // namespace

TEST_CASE("SlidingWindow: a datapoint is the mean over the instances and samples of its window") {
  SlidingWindow window = window_of_ten_seconds();
  add_samples(window, 200, 1000, 20);
  for (const std::int64_t ms : {1200, 1400, 1600, 1800, 2000}) {
    window.add({after(ms), 50 + static_cast<double>(ms - 1200) / 100, 1, 1});
  }
  CHECK(window.datapoints(after(2000), seconds{1}, 2) == Datapoints{54.0, 20.0});
}

TEST_CASE("SlidingWindow: several instances in one sample are one mean") {
  SlidingWindow window = window_of_ten_seconds();
  for (std::int64_t ms = 200; ms <= 1000; ms += 200) {
    window.add({after(ms), 30 + 60 + 90, 3, 7});
  }
  CHECK(window.datapoints(after(1000), seconds{1}, 1) == Datapoints{60.0});
}

TEST_CASE("SlidingWindow: a window holds its end and not its start") {
  SlidingWindow window = window_of_ten_seconds();
  window.add({after(0), 1000, 1, 1});  // at the start of the window: belongs to the one before
  add_samples(window, 200, 800, 10);
  window.add({after(1000), 60, 1, 1});  // at its end
  window.add({after(1200), 1000, 1, 1});
  CHECK(window.datapoints(after(1000), seconds{1}, 1) == Datapoints{20.0});
}

TEST_CASE("SlidingWindow: windows slide by any step") {
  SlidingWindow window = window_of_ten_seconds();
  add_samples(window, 200, 1000, 0);
  add_samples(window, 1200, 2000, 100);
  CHECK(window.datapoints(after(1200), seconds{1}, 1) == Datapoints{20.0});
  CHECK(window.datapoints(after(1800), seconds{1}, 1) == Datapoints{80.0});
  CHECK(window.datapoints(after(1900), seconds{1}, 1) == Datapoints{80.0});
}

TEST_CASE("SlidingWindow: the first datapoint is there one period after samples began") {
  SlidingWindow window = window_of_ten_seconds();
  add_samples(window, 200, 1000, 40);  // the first sample covers the time from 0
  CHECK(window.datapoints(after(999), seconds{1}, 1) == Datapoints{std::nullopt});
  CHECK(window.datapoints(after(1000), seconds{1}, 3) ==
        Datapoints{40.0, std::nullopt, std::nullopt});
  CHECK(window_of_ten_seconds().datapoints(after(1000), seconds{1}, 2) == Datapoints(2));
  CHECK(window.datapoints(after(1000), seconds{1}, 0).empty());
}

TEST_CASE("SlidingWindow: one lost or late sample is no gap, two in a row are") {
  SlidingWindow one_lost = window_of_ten_seconds();
  add_samples(one_lost, 200, 400, 10);
  add_samples(one_lost, 800, 1000, 10);
  CHECK(one_lost.datapoints(after(1000), seconds{1}, 1) == Datapoints{10.0});

  SlidingWindow late = window_of_ten_seconds();
  add_samples(late, 200, 400, 10);
  add_samples(late, 900, 900, 10);  // 500 ms after the one before: just no gap
  CHECK(late.datapoints(after(1000), seconds{1}, 1) == Datapoints{10.0});

  SlidingWindow two_lost = window_of_ten_seconds();
  add_samples(two_lost, 200, 300, 10);
  two_lost.add({after(701), 10, 1, 1});
  CHECK(two_lost.datapoints(after(1000), seconds{1}, 1) == Datapoints{std::nullopt});
}

TEST_CASE("SlidingWindow: a gap makes its windows missing and leaves the others") {
  SlidingWindow window = window_of_ten_seconds();
  add_samples(window, 200, 1000, 10);
  add_samples(window, 2000, 3000, 30);
  CHECK(window.datapoints(after(3000), seconds{1}, 3) == Datapoints{30.0, std::nullopt, 10.0});
}

TEST_CASE("SlidingWindow: silence up to now is missing data, not the last value") {
  SlidingWindow window = window_of_ten_seconds();
  add_samples(window, 200, 1000, 50);
  CHECK(window.datapoints(after(1500), seconds{1}, 1) == Datapoints{50.0});
  CHECK(window.datapoints(after(1501), seconds{1}, 1) == Datapoints{std::nullopt});
}

TEST_CASE("SlidingWindow: silence at the start of a window is a gap too") {
  SlidingWindow window = window_of_ten_seconds();
  window.add({after(0), 50, 1, 1});
  window.add({after(1500), 50, 1, 1});
  window.add({after(1700), 50, 1, 1});
  window.add({after(1900), 50, 1, 1});
  CHECK(window.datapoints(after(2000), seconds{1}, 1) == Datapoints{50.0});
  CHECK(window.datapoints(after(1999), seconds{1}, 1) == Datapoints{std::nullopt});
}

TEST_CASE("SlidingWindow: only samples of the instances that are counted now are used") {
  SlidingWindow window = window_of_ten_seconds();
  add_samples(window, 200, 3000, 90);
  for (std::int64_t ms = 3200; ms <= 4000; ms += 200) {
    window.add({after(ms), 60, 2, 2});
    CHECK(window.size() == static_cast<std::size_t>((ms - 3000) / 200));
    const auto want = ms == 4000 ? Datapoints{30.0, std::nullopt} : Datapoints(2);
    CHECK(window.datapoints(after(ms), seconds{1}, 2) == want);
  }
}

TEST_CASE(
    "SlidingWindow: restart holds back the low alarm for one whole window, and not the high") {
  SlidingWindow window = window_of_ten_seconds();
  add_samples(window, 200, 3000, 30);
  window.restart(after(2000));
  CHECK(window.datapoints(after(3000), seconds{1}, 3) == Datapoints{30.0, 30.0, 30.0});
  CHECK(window.low_datapoints(after(3000), seconds{1}, 3) ==
        Datapoints{30.0, std::nullopt, std::nullopt});
  CHECK(window.low_datapoints(after(2999), seconds{1}, 1) == Datapoints{std::nullopt});
}

TEST_CASE("SlidingWindow: an earlier restart does not take a later one back") {
  SlidingWindow window = window_of_ten_seconds();
  add_samples(window, 200, 3000, 30);
  window.restart(after(2000));
  window.restart(after(1000));
  CHECK(window.low_datapoints(after(3000), seconds{1}, 2) == Datapoints{30.0, std::nullopt});
}

TEST_CASE("SlidingWindow: a change of instances restarts the low window as well") {
  SlidingWindow window = window_of_ten_seconds();
  add_samples(window, 200, 3000, 30);
  window.restart(after(1000));
  window.add({after(3200), 30, 1, 2});
  CHECK(window.low_datapoints(after(3200), seconds{1}, 2) == Datapoints(2));
  CHECK(window_of_ten_seconds().low_datapoints(after(0), seconds{1}, 1) == Datapoints(1));
}

TEST_CASE("SlidingWindow: what is no sample is ignored") {
  SlidingWindow window = window_of_ten_seconds();
  add_samples(window, 200, 1000, 10);
  const SlidingWindow before = window;
  window.add({after(1000), 90, 1, 1});  // not newer
  window.add({after(600), 90, 1, 1});
  window.add({after(1200), 0, 0, 1});  // of no instance
  window.add({after(1200), std::numeric_limits<double>::quiet_NaN(), 1, 1});
  CHECK(window == before);
  window.add({after(1001), 90, 1, 1});
  CHECK(window != before);
}

TEST_CASE("SlidingWindow: it reaches exactly as far back as its horizon") {
  SlidingWindow window{kSampleInterval, seconds{2}};
  add_samples(window, 200, 10'000, 10);
  CHECK(window.size() == 10);
  CHECK(window.datapoints(after(10'000), seconds{1}, 3) == Datapoints{10.0, 10.0, std::nullopt});
  CHECK(window.datapoints(after(10'000), seconds{2}, 1) == Datapoints{10.0});
}

TEST_CASE("SlidingWindow: the shortest horizon is one sample") {
  SlidingWindow window{kSampleInterval, kSampleInterval};
  add_samples(window, 200, 1000, 10);
  CHECK(window.datapoints(after(1000), kSampleInterval, 2) == Datapoints{10.0, std::nullopt});
}

TEST_CASE("SlidingWindow: it is bounded however fast samples come") {
  SlidingWindow window{kSampleInterval, seconds{2}};
  for (std::int64_t ms = 1; ms <= 1000; ++ms) {
    window.add({after(ms), 10, 1, 1});
  }
  CHECK(window.size() == 21);  // 2 × horizon / interval + 1
  CHECK(window.datapoints(after(1000), milliseconds{20}, 2) == Datapoints{10.0, std::nullopt});
}

TEST_CASE("SlidingWindow: samples of 60 s serve the aws profile alike") {
  SlidingWindow window{seconds{60}, seconds{300}};
  for (std::int64_t minute = 1; minute <= 5; ++minute) {
    window.add({kFirstSample + seconds{60 * minute}, static_cast<double>(minute), 1, 1});
  }
  CHECK(window.datapoints(kFirstSample + seconds{300}, seconds{60}, 5) ==
        Datapoints{5.0, 4.0, 3.0, 2.0, 1.0});
}

TEST_CASE("InstanceSetHash: the same instances in any order, and no others, are the same set") {
  InstanceSetHash ab;
  ab.add("i-0a");
  ab.add("i-0b");
  InstanceSetHash ba;
  ba.add("i-0b");
  ba.add("i-0a");
  InstanceSetHash a;
  a.add("i-0a");
  InstanceSetHash ac;
  ac.add("i-0a");
  ac.add("i-0c");
  CHECK(ab.value() == ba.value());
  CHECK(ab.value() != a.value());
  CHECK(ab.value() != ac.value());
  CHECK(a.value() != InstanceSetHash{}.value());
}

TEST_CASE("mean_of_newest: the newest that exist, or nothing where they are too few") {
  const Datapoints points{std::nullopt, 10.0, std::nullopt, 20.0, 60.0};
  CHECK(mean_of_newest(points, 1) == 10.0);
  CHECK(mean_of_newest(points, 2) == 15.0);
  CHECK(mean_of_newest(points, 3) == 30.0);
  CHECK(!mean_of_newest(points, 4).has_value());
  CHECK(!mean_of_newest(points, 0).has_value());
  CHECK(!mean_of_newest({}, 1).has_value());
}

}  // namespace tidegate::scaling
