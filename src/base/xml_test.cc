#include "base/xml.h"

#include <array>

#include <doctest/doctest.h>

namespace tidegate {

TEST_CASE("xml: reads elements, text, entities and CDATA") {
  const auto root = parse_xml(
      "<?xml version=\"1.0\"?><!-- c --><R "
      "a=\"1\"><E><Code>A&amp;B</Code><M><![CDATA[<x>]]></M></E>"
      "<E><Code>second</Code></E></R>");
  REQUIRE(root.has_value());
  CHECK(root->name == "R");
  CHECK(root->children.size() == 2);
  CHECK(root->at({"E", "Code"}) == "A&B");
  CHECK(root->at({"E", "M"}) == "<x>");
  CHECK(root->at({"E", "Nothing", "Code"}).empty());
  CHECK(root->find("F") == nullptr);
}

TEST_CASE("xml: what is no XML is an error with its place") {
  for (const char* text : {"", "no", "<a>", "<a></b>", "<a", "{}"}) {
    CAPTURE(text);
    const auto root = parse_xml(text);
    REQUIRE_FALSE(root.has_value());
    CHECK(root.error().code == ErrorCode::InvalidArgument);
  }
}

TEST_CASE("xml: 100 levels are read, 101 are refused") {
  const auto nested = [](int levels) {
    std::string text;
    for (int i = 0; i < levels; ++i)
      text += "<a>";
    for (int i = 0; i < levels; ++i)
      text += "</a>";
    return text;
  };
  CHECK(parse_xml(nested(100)).has_value());
  CHECK_FALSE(parse_xml(nested(101)).has_value());
}

TEST_CASE("xml_escape: nothing that XML cannot hold gets out") {
  struct Case {
    const char* name;
    std::string in, out;
  };
  const auto cases = std::to_array<Case>({
      {"markup", "a<b>&\"c\"", "a&lt;b&gt;&amp;&quot;c&quot;"},
      {"line ends and tabs stay, CR is kept by name", "a\n\t\r", "a\n\t&#13;"},
      {"control bytes are replaced",
       std::string("\0\x1f\x0b", 3),
       "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
      {"UTF-8 of 2, 3 and 4 bytes stays",
       "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80",
       "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"},
      {"a broken sequence is replaced byte by byte", "\xE2\x82z", "\xEF\xBF\xBD\xEF\xBF\xBDz"},
      {"overlong and surrogate",
       "\xC0\xAF\xED\xA0\x80",
       "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
  });
  for (const Case& c : cases) {
    CAPTURE(c.name);
    CHECK(xml_escape(c.in) == c.out);
    CHECK(parse_xml("<a>" + xml_escape(c.in) + "</a>").has_value());
  }
}

}  // namespace tidegate
