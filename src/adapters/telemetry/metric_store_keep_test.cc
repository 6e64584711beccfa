// The store's file: what is kept, for how long, and what a crash or damage costs.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "adapters/telemetry/metric_keeper.h"
#include "adapters/telemetry/metric_store_fixture.h"
#include "temporary_folder.h"

namespace tidegate::telemetry {
namespace {

using metrics::MetricSample;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

void put(DurableMetricStore& store, int number, double value, Duration after, std::int32_t step) {
  const MetricSample sample{
      metric_of(number), kNoon + after, metrics::statistic_set_of(value), "Percent", step};
  store.put({&sample, 1});
}

void fill(DurableMetricStore& store) {
  for (int i = 0; i < 500; ++i) {
    put(store, 1, i % 3, seconds{i}, 1);
    put(store, 1, i, seconds{i}, 1);
    put(store, 2, 0, seconds{i}, 1);
    put(store, 3, i, minutes{i}, 60);
  }
}

void check_filled(const DurableMetricStore& store) {
  DurableMetricStore want;
  fill(want);
  CHECK(store.list("") == want.list(""));
  for (int number = 1; number <= 3; ++number) {
    CAPTURE(number);
    for (const Duration period : {Duration{seconds{1}}, Duration{minutes{5}}}) {
      CHECK(store.read(metric_of(number), kNoon, kNoon + hours{9}, period) ==
            want.read(metric_of(number), kNoon, kNoon + hours{9}, period));
      CHECK(store.read_distributions(metric_of(number), kNoon, kNoon + hours{9}, period) ==
            want.read_distributions(metric_of(number), kNoon, kNoon + hours{9}, period));
    }
    CHECK(store.unit(metric_of(number)) == "Percent");
    CHECK(store.newest(metric_of(number)) == want.newest(metric_of(number)));
  }
}

std::string bytes_of(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{}};
}

/// A chunk of every resolution begins here.
const Instant kAligned{hours{300 * 1636}};

/// How many of two samples of the first minute, so old, a period of that length sees.
double count_at(Duration age, Duration period) {
  DurableMetricStore store;
  const Duration first = kAligned - kNoon;
  put(store, 1, 10, first + seconds{30}, 1);
  put(store, 1, 20, first + seconds{31}, 1);
  CHECK(store.keep(kAligned + age).has_value());
  return period_at(store, first, period).sample_count;
}

}  // namespace

TEST_CASE("keep: everything is there after a restart, to the bit") {
  const TemporaryFolder folder;
  const std::string path = folder.file("metrics");
  {
    DurableMetricStore store;
    store.open(path);
    fill(store);
    REQUIRE(store.keep(kNoon + seconds{500}).has_value());
    check_filled(store);
  }
  CHECK(std::filesystem::status(path).permissions() ==
        (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
  DurableMetricStore store;
  store.open(path);
  CHECK(store.chunks_held() == 0);
  check_filled(store);
  put(store, 1, 100, seconds{499}, 1);  // a part of what the file has
  CHECK(period_at(store, seconds{499}, seconds{1}).maximum == 499);
  CHECK(period_at(store, seconds{499}, seconds{1}).sample_count == 3);
  REQUIRE(store.keep(kNoon + seconds{501}).has_value());
  CHECK(period_at(store, seconds{499}, seconds{1}).sample_count == 3);
  DurableMetricStore again;
  again.open(path);
  CHECK(period_at(again, seconds{499}, seconds{1}).sample_count == 3);
  CHECK(period_at(again, seconds{480}, seconds{60}).sample_count == 41);
}

TEST_CASE("keep: each resolution lives as long as CloudWatch says, then joins the next one") {
  struct Case {
    Duration kept;
    Duration step, next;  // the finest period that sees it until then, and after
  };
  for (const Case& c : {Case{hours{3}, seconds{1}, minutes{1}},
                        Case{hours{24 * 15}, minutes{1}, minutes{5}},
                        Case{hours{24 * 63}, minutes{5}, hours{1}}}) {
    // A chunk goes when its last point is too old: the chunk of the step has 60 of them.
    const Duration chunk = c.step * 60;
    CHECK(count_at(c.kept + chunk - seconds{1}, c.step * 60) == 2);
    CHECK(count_at(c.kept + chunk - seconds{1}, c.step == seconds{1} ? seconds{50} : c.step) == 2);
    CHECK(count_at(c.kept + chunk, c.step == seconds{1} ? seconds{50} : c.step) == 0);
    CHECK(count_at(c.kept + chunk, c.next) == 2);
  }
  CHECK(count_at(hours{24 * 455 + 59}, hours{1}) == 2);
  CHECK(count_at(hours{24 * 455 + 60}, hours{24}) == 0);
}

TEST_CASE("keep: what ages in the file ages as what ages in memory does") {
  const TemporaryFolder folder;
  DurableMetricStore kept{{.idle_keeps = 1}};
  kept.open(folder.file("metrics"));
  DurableMetricStore memory;
  for (int minute = 0; minute < 400; ++minute) {
    for (DurableMetricStore* store : {&kept, &memory}) {
      put(*store, 1, minute % 7, minutes{minute}, 1);
      put(*store, 1, minute % 5, minutes{minute} + seconds{30}, 1);
      REQUIRE(store->keep(kNoon + minutes{minute}).has_value());
    }
  }
  CHECK(kept.chunks_held() < 10);
  CHECK(memory.chunks_held() > 180);
  for (const Duration period : {Duration{seconds{1}}, Duration{minutes{1}}, Duration{hours{1}}}) {
    CHECK(kept.read_distributions(metric_of(1), kNoon, kNoon + hours{7}, period) ==
          memory.read_distributions(metric_of(1), kNoon, kNoon + hours{7}, period));
  }
}

TEST_CASE("keep: a late sample joins what is in the file, whatever its resolution has become") {
  const TemporaryFolder folder;
  DurableMetricStore store{{.idle_keeps = 1}};
  store.open(folder.file("metrics"));
  put(store, 1, 1, seconds{30}, 1);
  REQUIRE(store.keep(kNoon + hours{4}).has_value());
  REQUIRE(store.keep(kNoon + hours{4}).has_value());
  CHECK(store.chunks_held() == 0);
  put(store, 1, 5, seconds{30}, 1);
  CHECK(period_at(store, seconds{0}, minutes{1}).sum == 6);
  REQUIRE(store.keep(kNoon + hours{4}).has_value());
  CHECK(period_at(store, seconds{30}, seconds{1}).sample_count == 0);
  CHECK(period_at(store, seconds{0}, minutes{1}) == metrics::StatisticSet{2, 6, 1, 5});
}

TEST_CASE("keep: a series of which nothing is left is gone, from the file too") {
  const TemporaryFolder folder;
  DurableMetricStore store{{.idle_keeps = 1}};
  store.open(folder.file("metrics"));
  put(store, 1, 1, seconds{0}, 1);
  REQUIRE(store.keep(kNoon).has_value());
  CHECK(store.list("").size() == 1);
  for (int i = 0; i < 3; ++i) {
    REQUIRE(store.keep(kNoon + hours{24 * 500}).has_value());
  }
  CHECK(store.list("").empty());
  DurableMetricStore again;
  again.open(folder.file("metrics"));
  CHECK(again.list("").empty());
}

TEST_CASE("keep: a file that grows beyond its limit loses the stalest series") {
  const TemporaryFolder folder;
  DurableMetricStore store{{.file_bytes = 200'000}};
  store.open(folder.file("metrics"));
  for (int number = 0; number < 64; ++number) {
    for (int i = 0; i < 600; ++i) {
      put(store, number, i * 1.1 + number, seconds{number * 10 + i}, 1);
    }
  }
  for (int i = 0; i < 30; ++i) {
    REQUIRE(store.keep(kNoon + minutes{30}).has_value());
  }
  const auto left = store.list("");
  CHECK(left.size() < 64);
  CHECK(left.size() > 8);
  CHECK(std::find(left.begin(), left.end(), metric_of(63)) != left.end());
  CHECK(std::find(left.begin(), left.end(), metric_of(0)) == left.end());
}

TEST_CASE("open: no file, no folder: the store is in memory and goes on") {
  const TemporaryFolder folder;
  DurableMetricStore store;
  store.open(folder.file("no/such/folder/metrics"));
  fill(store);
  CHECK(store.keep(kNoon).has_value());
  check_filled(store);
}

TEST_CASE("open: a damaged file is kept aside and a new one begun") {
  const TemporaryFolder folder;
  const std::string path = folder.file("metrics");
  {
    DurableMetricStore before;
    before.open(path);
    fill(before);
    REQUIRE(before.keep(kNoon + seconds{500}).has_value());
  }
  std::string bytes = bytes_of(path);
  SUBCASE("its head") {
    bytes[3] = 'x';
  }
  SUBCASE("a page") {
    std::fill_n(bytes.begin() + 4096, 4096, '\x55');
  }
  SUBCASE("cut") {
    bytes.resize(bytes.size() / 2);
  }
  SUBCASE("something else") {
    bytes = "TGMETRC1 is what it was once";
  }
  std::ofstream{path, std::ios::binary | std::ios::trunc} << bytes;
  DurableMetricStore after;
  after.open(path);
  CHECK(after.list("").empty());
  CHECK(bytes_of(path + ".bad") == bytes);
  fill(after);
  CHECK(after.keep(kNoon + seconds{500}).has_value());
  DurableMetricStore again;
  again.open(path);
  check_filled(again);
}

TEST_CASE("keep: damage that a reader finds costs what is in the file, not what is in memory") {
  const TemporaryFolder folder;
  const std::string path = folder.file("metrics");
  {
    DurableMetricStore before;
    before.open(path);
    fill(before);
    for (int i = 0; i < 20; ++i) {  // sets that are the same, but for the first
      put(before, 5, i == 0 ? 1 : 3, seconds{i}, 1);
      put(before, 5, i == 0 ? 2 : 4, seconds{i}, 1);
    }
    REQUIRE(before.keep(kNoon + seconds{500}).has_value());
  }
  std::string bytes = bytes_of(path);
  // One bit of a chunk's body, which SQLite has no checksum for.
  const std::size_t at = bytes.rfind("\x88\x88\x88\x88");
  REQUIRE(at != std::string::npos);
  bytes[at] = static_cast<char>(bytes[at] ^ 1);
  std::ofstream{path, std::ios::binary | std::ios::trunc} << bytes;
  DurableMetricStore store;
  store.open(path);
  put(store, 4, 7, seconds{0}, 1);
  for (const auto& metric : store.list("")) {
    store.read(metric, kNoon, kNoon + hours{9}, minutes{1});
  }
  REQUIRE(store.keep(kNoon + seconds{500}).has_value());
  CHECK(std::filesystem::exists(path + ".bad"));
  DurableMetricStore again;
  again.open(path);
  CHECK(again.read(metric_of(4), kNoon, kNoon + seconds{1}, seconds{1})[0].values.sum == 7);
}

TEST_CASE("keep: killed at any moment, the file opens, and has all but the newest seconds") {
  const TemporaryFolder folder;
  const std::string path = folder.file("metrics");
  int begun = 0;  // second from which the next life puts one sample each second
  for (int life = 0; life < 12; ++life) {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      DurableMetricStore store{{.idle_keeps = 2}};
      store.open(path);
      for (int i = begun; i < begun + 100'000; ++i) {
        put(store, 1, 1, seconds{i}, 1);
        if (store.keep(kNoon + seconds{i}).has_value() && write(ends[1], &i, sizeof i) < 0) {
          break;
        }
      }
      _exit(0);
    }
    close(ends[1]);
    int kept = begun - 1;  // the newest second that keep() said is in the file
    for (int reads = 0; reads <= life * 3; ++reads) {
      REQUIRE(read(ends[0], &kept, sizeof kept) == static_cast<ssize_t>(sizeof kept));
    }
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    while (read(ends[0], &kept, sizeof kept) == static_cast<ssize_t>(sizeof kept)) {
    }
    close(ends[0]);
    DurableMetricStore store;
    store.open(path);
    CHECK(!std::filesystem::exists(path + ".bad"));
    const auto points = store.read(metric_of(1), kNoon, kNoon + seconds{kept + 2}, seconds{1});
    double missing = 0;
    for (int i = 0; i <= kept; ++i) {
      missing += points[static_cast<std::size_t>(i)].values == metrics::statistic_set_of(1) ? 0 : 1;
    }
    CHECK(missing == 0);
    const bool one_more = points[static_cast<std::size_t>(kept + 1)].values.sample_count > 0;
    begun = kept + (one_more ? 2 : 1);
  }
}

TEST_CASE("MetricKeeper: a request keeps without a wait, and the end keeps what is newest") {
  const TemporaryFolder folder;
  const std::string path = folder.file("metrics");
  {
    DurableMetricStore store;
    store.open(path);
    MetricKeeper keeper{store};
    put(store, 1, 1, seconds{0}, 1);
    keeper.request(kNoon);
    put(store, 2, 1, seconds{0}, 1);
  }
  DurableMetricStore again;
  again.open(path);
  CHECK(again.list("").size() == 2);
}

TEST_CASE("MetricKeeper: without a request nothing is kept: nobody said what the time is") {
  const TemporaryFolder folder;
  {
    DurableMetricStore store;
    store.open(folder.file("metrics"));
    const MetricKeeper keeper{store};
    put(store, 1, 1, seconds{0}, 1);
  }
  DurableMetricStore again;
  again.open(folder.file("metrics"));
  CHECK(again.list("").empty());
}

}  // namespace tidegate::telemetry
