#include "edge/api/protocol/form.h"

#include <doctest/doctest.h>

namespace tidegate::api {

TEST_CASE("form: names become a tree, values are decoded") {
  const auto form =
      parse_form("Action=Do+It&Tags.member.1.Key=a%26b&Tags.member.2.Key=%C3%A9&Empty=");
  REQUIRE(form.has_value());
  CHECK(form->find("Action")->value == "Do It");
  const FormNode* items = form->find("Tags")->find("member");
  REQUIRE(items != nullptr);
  CHECK(items->find("1")->find("Key")->value == "a&b");
  CHECK(items->find("2")->find("Key")->value == "\xC3\xA9");
  CHECK(form->find("Empty")->value == "");
  CHECK(form->find("Nothing") == nullptr);
}

TEST_CASE("form: the body adds to what the URL said") {
  const auto url = parse_form("Action=A");
  REQUIRE(url.has_value());
  const auto both = parse_form("Version=B&", *url);
  REQUIRE(both.has_value());
  CHECK(both->find("Action")->value == "A");
  CHECK(both->find("Version")->value == "B");
}

TEST_CASE("form: what is malformed is refused") {
  const std::string deep = "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p";  // 16 parts
  CHECK(parse_form(deep + "=1").has_value());
  for (const std::string& text : {deep + ".q=1",
                                  std::string{"a=%zz"},
                                  std::string{"%=1"},
                                  std::string{"a=1&a=2"},
                                  std::string{"a=%4"}}) {
    CAPTURE(text);
    const auto form = parse_form(text);
    REQUIRE_FALSE(form.has_value());
    CHECK(form.error().name == "MalformedQueryString");
  }
}

}  // namespace tidegate::api
