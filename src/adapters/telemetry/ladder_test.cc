#include "adapters/telemetry/ladder.h"

#include <doctest/doctest.h>

namespace tidegate::telemetry {
namespace {

using metrics::statistic_set_of;
using metrics::StatisticSet;
using Points = std::vector<std::pair<std::int64_t, StatisticSet>>;

Points points_of(const Ladder& ladder, std::int64_t from, std::int64_t to) {
  Points points;
  ladder.visit(from, to, [&](std::int64_t step, const StatisticSet& set) {
    points.emplace_back(step, set);
  });
  return points;
}

}  // namespace

TEST_CASE("Chunk: equal points are one set, plain values a list, all else whole sets") {
  Chunk chunk{0};
  chunk.add(0, StatisticSet{3, 0, 0, 0});
  chunk.add(59, StatisticSet{3, 0, 0, 0});
  CHECK(std::holds_alternative<StatisticSet>(chunk.points()));
  chunk.add(7, statistic_set_of(5));
  CHECK(std::holds_alternative<Chunk::Sets>(chunk.points()));
  CHECK(chunk.at(0) == StatisticSet{3, 0, 0, 0});
  CHECK(chunk.at(7) == statistic_set_of(5));
  CHECK(chunk.at(59) == StatisticSet{3, 0, 0, 0});
  CHECK(!chunk.has(1));
  CHECK(chunk.total() == StatisticSet{7, 5, 0, 5});

  Chunk values{0};
  values.add(3, statistic_set_of(1));
  values.add(4, statistic_set_of(2));
  CHECK(std::holds_alternative<Chunk::Values>(values.points()));
  CHECK(values.at(3) == statistic_set_of(1));
  CHECK(values.at(4) == statistic_set_of(2));
  values.add(5, statistic_set_of(9));
  CHECK(std::holds_alternative<Chunk::Values>(values.points()));
  values.add(4, statistic_set_of(4));  // merges: a set of two
  CHECK(std::holds_alternative<Chunk::Sets>(values.points()));
  CHECK(values.at(3) == statistic_set_of(1));
  CHECK(values.at(4) == StatisticSet{2, 6, 2, 4});
  CHECK(values.at(5) == statistic_set_of(9));
  CHECK(values.total() == StatisticSet{4, 16, 1, 9});
}

TEST_CASE("Chunk: the only point merges with itself in place") {
  Chunk chunk{0};
  chunk.add(59, statistic_set_of(1));
  chunk.add(59, statistic_set_of(3));
  CHECK(chunk.at(59) == StatisticSet{2, 4, 1, 3});
  CHECK(std::holds_alternative<StatisticSet>(chunk.points()));
  CHECK(Chunk{0}.total() == StatisticSet{});
}

TEST_CASE("Ladder: visits the points of a range, its start and not its end, oldest first") {
  Ladder ladder{1000};
  for (const std::int64_t step : {130, 59, 60, 61, 119, 120}) {
    ladder.add(step, statistic_set_of(static_cast<double>(step)));
  }
  CHECK(points_of(ladder, 60, 120) == Points{{60, statistic_set_of(60)},
                                             {61, statistic_set_of(61)},
                                             {119, statistic_set_of(119)}});
  CHECK(points_of(ladder, 120, 121) == Points{{120, statistic_set_of(120)}});
  CHECK(points_of(ladder, 62, 119).empty());
  CHECK(points_of(ladder, 0, 1000).size() == 6);
}

TEST_CASE("Ladder: time before 1970 is time too") {
  Ladder ladder{1000};
  ladder.add(-1, statistic_set_of(1));
  ladder.add(-60, statistic_set_of(2));
  ladder.add(-61, statistic_set_of(3));
  CHECK(points_of(ladder, -61, 0) ==
        Points{{-61, statistic_set_of(3)}, {-60, statistic_set_of(2)}, {-1, statistic_set_of(1)}});
  CHECK(floor_quotient(-60, 60) == -1);
  CHECK(floor_quotient(-61, 60) == -2);
  CHECK(floor_quotient(59, 60) == 0);
}

TEST_CASE(
    "Ladder: what is older than the retention falls off, chunk by chunk, and is handed back") {
  Ladder ladder{120};
  ladder.add(0, statistic_set_of(1));
  ladder.add(59, statistic_set_of(2));
  ladder.add(60, statistic_set_of(3));
  CHECK(ladder.add(179, statistic_set_of(4)).empty());
  CHECK(!ladder.is_too_old(59));
  const std::vector<Chunk> fallen = ladder.add(180, statistic_set_of(5));
  REQUIRE(fallen.size() == 1);
  CHECK(fallen[0].index() == 0);
  CHECK(fallen[0].total() == StatisticSet{2, 3, 1, 2});
  CHECK(ladder.is_too_old(59));
  CHECK(!ladder.is_too_old(60));
  CHECK(ladder.add(59, statistic_set_of(9)).empty());
  CHECK(points_of(ladder, 0, 181).size() == 3);
  CHECK(ladder.add(100'000, statistic_set_of(6)).size() == 3);
  CHECK(ladder.chunks().size() == 1);
}

TEST_CASE("Ladder: a snapshot's chunks come in ascending order or not at all") {
  Ladder ladder{120};
  CHECK(ladder.restore(Chunk{4}));
  CHECK(!ladder.restore(Chunk{4}));
  CHECK(!ladder.restore(Chunk{3}));
  CHECK(ladder.restore(Chunk{5}));
}

}  // namespace tidegate::telemetry
