// libFuzzer over form-encoded requests: what is accepted reads the same when it is written out
// again by names and values; what is refused says why.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/text.h"
#include "edge/api/protocol/form.h"

namespace tidegate::api {
namespace {

void write(const FormNode& node, const std::string& name, std::string& out) {
  if (node.value) {
    out += (out.empty() ? "" : "&") + percent_encode(name) + "=" + percent_encode(*node.value);
  }
  for (const auto& [part, child] : node.children) {
    write(child, name + "." + part, out);
  }
}

std::string written(const FormNode& root) {
  std::string out;
  for (const auto& [part, child] : root.children) {
    write(child, part, out);
  }
  return out;
}

void one(std::string_view bytes) {
  const auto form = parse_form(bytes);
  if (!form) {
    TG_CHECK(form.error().name == "MalformedQueryString" && !form.error().message.empty());
    return;
  }
  TG_CHECK(!form->value.has_value());
  const std::string text = written(*form);
  const auto again = parse_form(text);
  TG_CHECK(again.has_value());
  TG_CHECK(written(*again) == text);
  // The URL's parameters and the body's are one request: a name in both is refused.
  TG_CHECK(text.empty() || !parse_form(text, *form).has_value());
}

}  // namespace
}  // namespace tidegate::api

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tidegate::api::one({reinterpret_cast<const char*>(data), size});
  return 0;
}
