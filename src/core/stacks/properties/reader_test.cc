#include "core/stacks/properties/reader.h"

#include <array>

#include <doctest/doctest.h>

#include "core/stacks/properties/attributes.h"
#include "core/stacks/properties/catalogue.h"

namespace tidegate::stacks::properties {
namespace {

struct Fixture {
  explicit Fixture(const std::string& text)
      : node(*parse_yaml(text)), reader(node, "R", complaints) {}
  std::string complaint() const { return complaints.any() ? complaints.first()->message : "none"; }
  YamlNode node;
  Complaints complaints;
  Reader reader;
};

TEST_CASE("reader: values of each kind, and what is no such value") {
  Fixture good{"{t: x, i: '5', d: 0.5, b: TRUE, s: 3, l: [a, b], m: {x: y}, c: one}"};
  const std::vector<std::string> valid{"one", "two"};
  CHECK(good.reader.text("t") == "x");
  CHECK(good.reader.integer("i", {5, 5}) == 5);
  CHECK(good.reader.number("d", {0.5, 0.5}) == 0.5);
  CHECK(good.reader.boolean("b") == true);
  CHECK(good.reader.seconds("s", {0, 3}) == std::chrono::seconds{3});
  CHECK(good.reader.texts("l") == std::vector<std::string>{"a", "b"});
  CHECK(good.reader.mapping("m")->text("x") == "y");
  CHECK(good.reader.choice("c", valid) == "one");
  CHECK(!good.reader.text("absent").has_value());
  CHECK(good.reader.texts("absent").empty());
  CHECK(!good.reader.mapping("absent").has_value());
  good.reader.finish();
  CHECK(good.complaint() == "none");
}

TEST_CASE("reader: ranges are inclusive and named as they are") {
  const auto integer = [](const char* text, Range<std::int32_t> range) {
    Fixture fixture{std::string{"n: "} + text};
    fixture.reader.integer("n", range);
    return fixture.complaint();
  };
  CHECK(integer("1", {1, 3}) == "none");
  CHECK(integer("3", {1, 3}) == "none");
  CHECK(integer("0", {1, 3}) == "line 1, R.n: 0: must be 1 to 3");
  CHECK(integer("4", {1, 3}) == "line 1, R.n: 4: must be 1 to 3");
  Range<std::int32_t> at_least;
  at_least.least = 1;
  CHECK(integer("0", at_least) == "line 1, R.n: 0: must be at least 1");
  Range<std::int32_t> at_most;
  at_most.most = 3;
  CHECK(integer("4", at_most) == "line 1, R.n: 4: must be at most 3");
  CHECK(integer("99999999999", {1, 3}) == "line 1, R.n: 99999999999: must be 1 to 3");
  CHECK(integer("1.5", {1, 3}) == "line 1, R.n: '1.5' is no whole number");
  CHECK(integer("[1]", {1, 3}) == "line 1, R.n: must be a whole number");
  const auto number = [](const char* text) {
    Fixture fixture{std::string{"n: "} + text};
    fixture.reader.number("n", {0.5, 1.5});
    return fixture.complaint();
  };
  CHECK(number("0.5") == "none");
  CHECK(number("1.5") == "none");
  CHECK(number("0.4") == "line 1, R.n: 0.4: must be 0.5 to 1.5");
  CHECK(number("1.6") == "line 1, R.n: 1.6: must be 0.5 to 1.5");
  CHECK(number("nan") == "line 1, R.n: 'nan' is no number");
}

TEST_CASE("reader: the first complaint in the text wins, missing things come last") {
  Fixture fixture{"a: 1\nb: 2\nc: 3\n"};
  fixture.reader.complain("c", "third");
  fixture.reader.complain("a", "first");
  fixture.reader.complain("a", "again");
  fixture.reader.complain("b", "second");
  CHECK(fixture.complaint() == "line 1, R.a: first");
  Fixture missing{"a: 1\n"};
  missing.reader.required("x").text("x");
  CHECK(missing.complaint() == "line 1, R: x is missing");
  missing.reader.required("w");
  CHECK(missing.complaint() == "line 1, R: x is missing");
  missing.reader.finish();
  CHECK(missing.complaint() == "line 1, R: unknown property 'a'; did you mean 'x'?");
}

TEST_CASE("reader: lists and mappings of the wrong kind") {
  const auto texts = [](const char* text) {
    Fixture fixture{text};
    fixture.reader.texts("l");
    return fixture.complaint();
  };
  CHECK(texts("l: x") == "line 1, R.l: must be a list");
  CHECK(texts("l:\n  - a\n  - [b]") == "line 3, R.l: must be a list of texts");
  CHECK(texts("l: ['']") == "line 1, R.l: must be a list of texts");
  const auto mappings = [](const char* text) {
    Fixture fixture{text};
    const std::size_t count = fixture.reader.mappings("l").size();
    return std::to_string(count) + " " + fixture.complaint();
  };
  CHECK(mappings("l: [{a: b}, {}]") == "2 none");
  CHECK(mappings("l: {}") == "0 line 1, R.l: must be a list");
  CHECK(mappings("l:\n  - {}\n  - x") == "1 line 3, R.l: must be a list of mappings");
  Fixture map{"m: x"};
  CHECK(!map.reader.mapping("m").has_value());
  CHECK(map.complaint() == "line 1, R.m: must be a mapping");
}

TEST_CASE("reader: what AWS knows and we do not act on is told apart from what nobody knows") {
  constexpr auto kKnown = std::to_array<NotActedOn>({{"Old", "use New"}, {"Odd", ""}});
  const auto finish = [&](const char* text) {
    Fixture fixture{text};
    fixture.reader.text("New");
    fixture.reader.accept("Tags");
    fixture.reader.finish(kKnown);
    return fixture.complaint();
  };
  CHECK(finish("{New: x, Tags: [1]}") == "none");
  CHECK(finish("Old: x") == "line 1, R: Old is not acted on here: use New");
  CHECK(finish("Odd: x") == "line 1, R: Odd is not acted on here: remove it");
  CHECK(finish("Tag: x") == "line 1, R: unknown property 'Tag'; did you mean 'Tags'?");
  CHECK(finish("Something: x") == "line 1, R: unknown property 'Something'; valid: New, Tags");
}

TEST_CASE("catalogue: sizes as AWS sells them") {
  struct Case {
    const char* name;
    CatalogueEntry want;
  };
  const auto cases = std::to_array<Case>({
      {"t3.large", {2, 8192, 68}},
      {"t3.nano", {2, 512, 4.25}},
      {"t2.small", {1, 2048, 19}},
      {"t2.medium", {2, 4096, 38}},
      {"t4g.xlarge", {4, 16384, 3.38 * 32}},
      {"m5.large", {2, 8192, 80}},
      {"m7i.24xlarge", {96, 393216, 4032}},
      {"c5.9xlarge", {36, 73728, 1314}},
      {"c6i.8xlarge", {32, 65536, 1168}},
      {"r5.2xlarge", {8, 65536, 428}},
      {"m6g.16xlarge", {64, 262144, 2048}},
  });
  for (const Case& c : cases) {
    CAPTURE(std::string{c.name});
    CHECK(catalogue_entry(c.name) == c.want);
  }
  for (const char* name : {"",
                           "t3",
                           "t3.",
                           "t3.large ",
                           "t3xlarge",
                           "t3a.3xlarge",
                           "c5.8xlarge",
                           "m6g.24xlarge",
                           "c6i.9xlarge",
                           "xt3.large"}) {
    CAPTURE(std::string{name});
    CHECK(!catalogue_entry(name).has_value());
  }
  CHECK(catalogue_names().size() == 28 + 13 * 8 - 4);
}

TEST_CASE("IPv4 addresses: four numbers, nothing else") {
  for (const char* good : {"0.0.0.0", "10.64.0.2", "255.255.255.255"}) {
    CHECK(is_ipv4(good));
  }
  for (const char* bad :
       {"", "1.2.3", "1.2.3.4.5", "256.0.0.1", "01.2.3.4", "-1.2.3.4", "a.b.c.d", "1.2.3.4 "}) {
    CAPTURE(std::string{bad});
    CHECK(!is_ipv4(bad));
  }
}

}  // namespace
}  // namespace tidegate::stacks::properties
