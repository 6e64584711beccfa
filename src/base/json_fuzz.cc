// libFuzzer over JSON: what is accepted is written out and read again as the same value, compact
// and indented; what is refused says where.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using tidegate::Json;
  const auto json = Json::parse({reinterpret_cast<const char*>(data), size});
  if (!json) {
    TG_CHECK(json.error().code == tidegate::ErrorCode::InvalidArgument);
    TG_CHECK(!json.error().message.empty());
    return 0;
  }
  const std::string text = json->dump();
  for (const int indent : {-1, 0, 2}) {
    const auto again = Json::parse(json->dump(indent));
    TG_CHECK(again.has_value());
    TG_CHECK(again->dump() == text);
  }
  return 0;
}
