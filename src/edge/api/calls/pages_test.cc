#include "edge/api/calls/pages.h"

#include <doctest/doctest.h>

namespace tidegate::api {
namespace {

Result<Page<std::string>> page(std::vector<std::string> all,
                               std::optional<std::string> token,
                               std::int64_t limit) {
  return page_of(
      std::move(all),
      [](const std::string& item) { return item; },
      token,
      limit,
      "InvalidNextToken");
}

}  // namespace

TEST_CASE("pages: every item comes once, and the last page has no token") {
  const std::vector<std::string> all{"a", "b", "c", "d"};
  const auto first = page(all, std::nullopt, 2);
  CHECK(first->items == std::vector<std::string>{"a", "b"});
  const auto second = page(all, first->next_token, 2);
  CHECK(second->items == std::vector<std::string>{"c", "d"});
  CHECK_FALSE(second->next_token.has_value());
  CHECK(page(all, std::nullopt, 4)->next_token == std::nullopt);
  CHECK(page(all, std::nullopt, 3)->next_token.has_value());
  CHECK(page({}, std::nullopt, 3)->items.empty());
}

TEST_CASE("pages: items that come and go neither repeat nor skip others") {
  const auto first = page({"a", "b", "c"}, std::nullopt, 2);
  CHECK(page({"0", "b", "b2", "c"}, first->next_token, 9)->items ==
        std::vector<std::string>{"b2", "c"});
}

TEST_CASE("pages: what is no token is refused in the service's word") {
  for (const char* token : {"", "x", "dGlkZQ=="}) {
    CAPTURE(token);
    const auto result = page({"a"}, token, 1);
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().name == "InvalidNextToken");
  }
  CHECK_FALSE(page({"a"}, encode_token("gone"), 1).has_value());
}

}  // namespace tidegate::api
