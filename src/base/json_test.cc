#include "base/json.h"

#include <array>

#include <doctest/doctest.h>

namespace tidegate {

TEST_CASE("json: what is read is written the same, members in their order") {
  for (const char* text : {"null",
                           "true",
                           "-1",
                           "9223372036854775807",
                           "0.5",
                           R"("a\"b\n\u0001")",
                           "[]",
                           "{}",
                           R"({"z":1,"a":[true,null,{"x":{}}],"m":"é"})"}) {
    CAPTURE(text);
    const auto json = Json::parse(text);
    REQUIRE(json.has_value());
    CHECK(json->dump() == text);
  }
  CHECK(Json::parse("18446744073709551615")->is_number());
  CHECK_FALSE(Json::parse("18446744073709551615")->is_int());
  CHECK(Json::parse("-0e-1")->dump() == "0");  // found by the fuzzer: read again it was 0
  CHECK(Json::parse(R"({"a":[1,{}]})")->dump(2) == "{\n  \"a\": [\n    1,\n    {}\n  ]\n}");
}

TEST_CASE("json: of a name given twice the later value stands, at the earlier place") {
  CHECK(Json::parse(R"({"a":1,"b":2,"a":3})")->dump() == R"({"a":3,"b":2})");
  CHECK(Json::parse(R"({"a":1,"a":2,"a":3})")->dump() == R"({"a":3})");
  CHECK(Json::parse(R"([{"a":1,"b":{"c":1,"c":[]}}])")->dump() == R"([{"a":1,"b":{"c":[]}}])");
}

TEST_CASE("json: an object of a hundred thousand members is no work for minutes") {
  std::string text = "{";
  for (int i = 0; i < 100'000; ++i) {
    text += "\"" + std::to_string(i) + "\":" + std::to_string(i) + ",";
  }
  text += R"("7":"last"})";
  const auto json = Json::parse(text);
  REQUIRE(json.has_value());
  CHECK(json->members().size() == 100'000);
  CHECK(json->members()[7].second.string_or("") == "last");
}

TEST_CASE("json: deeper than a hundred levels, or not JSON, is refused") {
  const auto nested = [](std::size_t levels) {
    return std::string(levels, '[') + std::string(levels, ']');
  };
  CHECK(Json::parse(nested(100)).has_value());
  CHECK_FALSE(Json::parse(nested(101)).has_value());
  for (const char* text : {"", "{", "[1,]", "{\"a\":}", "nul", "1 2", "{\"a\" 1}", "\"\x01\""}) {
    CAPTURE(text);
    const auto json = Json::parse(text);
    REQUIRE_FALSE(json.has_value());
    CHECK(json.error().code == ErrorCode::InvalidArgument);
    CHECK(json.error().name == "SerializationException");
  }
  CHECK(Json::parse("[1,x]").error().message == "not valid JSON near byte 4");
}

TEST_CASE("json: readers forgive another kind, writers make the container they need") {
  const Json json = *Json::parse(R"({"n":2.75,"i":3,"s":"t","b":true,"l":[1]})");
  CHECK(json["n"].int_or(0) == 2);
  CHECK(json["i"].number_or(0) == 3.0);
  CHECK(json["s"].int_or(9) == 9);
  CHECK(json["b"].bool_or(false));
  CHECK(json["s"].bool_or(true));
  CHECK(json["i"].string_or("none") == "none");
  CHECK(json["l"].items().size() == 1);
  CHECK(json["s"].items().empty());
  CHECK(json["nothing"].is_null());
  CHECK(json.find("nothing") == nullptr);
  Json made;
  made.set("a", 1).set("b", "x").set("a", 2);
  CHECK(made.dump() == R"({"a":2,"b":"x"})");
  Json list;
  list.push(1).push(nullptr);
  CHECK(list.dump() == "[1,null]");
}

}  // namespace tidegate
