// libFuzzer over the CBOR of RPC v2: whatever is read is bounded and reads the same when it is
// written again; what is cut short is refused.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "edge/api/protocol/cbor.h"

namespace tidegate::api {
namespace {

void write(CborWriter& out, const Json& json, std::size_t depth) {
  TG_CHECK(depth <= kMaxCborDepth);
  if (json.is_object()) {
    TG_CHECK(json.members().size() <= kMaxCborMembers);
    out.map(json.members().size());
    for (const auto& [name, value] : json.members()) {
      out.text(name);
      write(out, value, depth + 1);
    }
  } else if (json.is_array()) {
    out.array(json.items().size());
    for (const Json& item : json.items()) {
      write(out, item, depth + 1);
    }
  } else if (json.is_string()) {
    out.text(json.string_or(""));
  } else if (json.is_int()) {
    out.integer(json.int_or(0));
  } else if (json.is_number()) {
    out.number(json.number_or(0));
  } else {
    out.boolean(json.bool_or(false));  // null too: the writer has none
  }
}

void check(std::string_view bytes) {
  const auto json = parse_cbor(bytes);
  if (!json.has_value()) {
    TG_CHECK(json.error().name == "SerializationException");
    return;
  }
  CborWriter first;
  write(first, *json, 0);
  const auto again = parse_cbor(first.bytes());
  TG_CHECK(again.has_value());
  CborWriter second;
  write(second, *again, 0);
  TG_CHECK(first.bytes() == second.bytes());
  TG_CHECK(!parse_cbor(bytes.substr(0, bytes.size() - 1)).has_value());
  TG_CHECK(!parse_cbor(std::string{bytes} + '\0').has_value());
}

}  // namespace
}  // namespace tidegate::api

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tidegate::api::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
