#include "edge/api/front/gunzip.h"

#include <doctest/doctest.h>

#include "base/text.h"

namespace tidegate::api {

TEST_CASE("gunzip: whole streams are unpacked, up to the bound and not beyond") {
  // {"AlarmNamePrefix":"cnt-"} by `gzip -n`: 26 bytes
  const std::string packed =
      *base64_decode("H4sIAAAAAAACA6tWcsxJLMr1S8xNDShKTcusULJSSs4r0VWqBQBWBBYQGgAAAA==");
  CHECK(*gunzip(packed) == R"({"AlarmNamePrefix":"cnt-"})");
  CHECK(gunzip(packed, 26).has_value());
  const auto beyond = gunzip(packed, 25);
  REQUIRE_FALSE(beyond.has_value());
  CHECK(beyond.error().name == "RequestEntityTooLarge");
  for (const std::string& broken :
       {packed.substr(0, packed.size() - 1), packed.substr(1), std::string{}, std::string{"{}"}}) {
    const auto result = gunzip(broken);
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().name == "SerializationException");
  }
}

}  // namespace tidegate::api
