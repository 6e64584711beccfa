#include "replay/pack.h"

#include <limits>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include "replay/unpack.h"

namespace tidegate::replay {

// With linkage: members.h declares conversions to what it counts the members of.
enum class Colour { Red, Blue };

struct Inner {
  std::int32_t number = 0;
  std::optional<std::string> note;
  bool operator==(const Inner&) const = default;
};

struct Everything {
  bool flag = false;
  std::int64_t whole = 0;
  std::uint16_t small = 0;
  double real = 0;
  Colour colour = Colour::Red;
  std::string text;
  Strong<struct PackTag> id;
  Instant at;
  Duration took{};
  std::optional<Inner> maybe;
  std::vector<Inner> list;
  std::map<std::string, double> map;
  std::variant<std::int32_t, std::string> either;
  std::pair<std::string, std::int32_t> pair;
  Json json;
  bool operator==(const Everything&) const = default;
};

namespace {

Everything sample() {
  Everything e;
  e.flag = true;
  e.whole = std::numeric_limits<std::int64_t>::min();
  e.small = 65535;
  e.real = -0.1;
  e.colour = Colour::Blue;
  e.text = std::string{"a\0\xff", 3};
  e.id = Strong<struct PackTag>{"i-1"};
  e.at = Instant{Duration{-5}};
  e.took = std::chrono::hours{7};
  e.maybe = Inner{-3, "n"};
  e.list = {{1, std::nullopt}, {2, "x"}};
  e.map = {{"a", 1.5}, {"b", std::numeric_limits<double>::infinity()}};
  e.either = "right";
  e.pair = {"k", 9};
  e.json = Json::object({{"m", 1}});
  return e;
}

TEST_CASE("pack: every kind of value is read back as it was") {
  static_assert(members::count<Everything>() == 15);
  Packer out;
  out.put(sample());
  out.put(Everything{});
  Unpacker in{out.bytes()};
  CHECK(in.get<Everything>() == sample());
  CHECK(in.get<Everything>() == Everything{});
  CHECK(in.at_end());
  CHECK_FALSE(in.failed());
}

TEST_CASE("pack: a difference makes the later value of the earlier one, in few bytes") {
  Everything after = sample();
  after.whole += 7;
  after.at += std::chrono::milliseconds{200};
  after.list[1].number = 5;
  Packer out;
  out.put_delta(sample(), after);
  CHECK(out.bytes().size() < 16);
  Everything value = sample();
  Unpacker in{out.bytes()};
  in.get_delta(value);
  CHECK(value == after);
  CHECK(in.at_end());
}

TEST_CASE("pack: lists grow and shrink by their difference") {
  const std::vector<Inner> few{{1, "a"}};
  const std::vector<Inner> many{{1, "a"}, {2, "b"}, {3, std::nullopt}};
  for (const auto& [before, after] : {std::pair{few, many}, std::pair{many, few}}) {
    Packer out;
    out.put_delta(before, after);
    auto value = before;
    Unpacker in{out.bytes()};
    in.get_delta(value);
    CHECK(value == after);
  }
}

TEST_CASE("pack: results are read back, values and errors") {
  Packer out;
  out.put(Result<std::string>{std::string{"v"}});
  out.put(Result<std::string>{Error{ErrorCode::NotFound, "N", "m"}});
  Unpacker in{out.bytes()};
  CHECK(*get_result<std::string>(in) == "v");
  CHECK(get_result<std::string>(in).error() == Error{ErrorCode::NotFound, "N", "m"});
}

TEST_CASE("pack: cut or broken bytes fail, and end") {
  Packer out;
  out.put(sample());
  for (std::size_t length = 0; length < out.bytes().size(); ++length) {
    Unpacker in{std::string_view{out.bytes()}.substr(0, length)};
    static_cast<void>(in.get<Everything>());
    CHECK(in.failed());
  }
  Unpacker endless{"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"};
  CHECK(endless.get<std::vector<Inner>>().empty());
  CHECK(endless.failed());
}

}  // namespace
}  // namespace tidegate::replay
