#include "apps/tidegate/signed_post.h"

#include <doctest/doctest.h>

namespace tidegate::apps {

TEST_CASE("libcurl: what is missing is said with the package that has it") {
  CHECK(SignedPost::load().has_value());
  const auto refusal = [](const char* library) {
    const auto loaded = SignedPost::load(library);
    REQUIRE_FALSE(loaded.has_value());
    return loaded.error().message;
  };
  const std::string none = refusal("libcurl-that-is-not-there.so.4");
  CHECK(none.find("libcurl-that-is-not-there.so.4") != std::string::npos);
  CHECK(none.find("apt-get install libcurl4") != std::string::npos);
  CHECK(refusal("libc.so.6").find("curl_easy_init") != std::string::npos);
}

}  // namespace tidegate::apps
