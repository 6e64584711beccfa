// libFuzzer: any bytes are a plan or an error that names a line; a plan updates to itself by
// nothing. Corpus to begin with: examples/cnt/stack.yaml and its broken ones.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "core/stacks/template.h"

namespace {

tidegate::stacks::StackContext fuzz_context() {
  using tidegate::stacks::IdKind;
  tidegate::stacks::StackContext context;
  context.region = "eu-west-2";
  context.stack_name.value = "fuzz";
  context.stack_id = "arn:aws:cloudformation:eu-west-2:000000000000:stack/fuzz/0";
  context.template_folder = "/srv";
  context.host_vcpus = 2;
  context.host_memory_mib = 4096;
  context.new_id = [count = 0](IdKind kind) mutable {
    const std::string digits = std::to_string(100'000'000 + ++count);
    return kind == IdKind::LaunchTemplate ? "lt-00000000" + digits
           : kind == IdKind::Suffix       ? "SSS" + digits
                                          : digits.substr(1) + "-0000-4000-8000-000000000000";
  };
  return context;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text{reinterpret_cast<const char*>(data), size};
  const auto context = fuzz_context();
  const auto plan = tidegate::stacks::plan_stack(text, context);
  if (!plan) {
    TG_CHECK(!plan.error().message.empty());
    return 0;
  }
  const auto changes = tidegate::stacks::plan_update(*plan, *plan);
  TG_CHECK(changes.has_value() && changes->empty());
  return 0;
}
