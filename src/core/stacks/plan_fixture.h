// What the tests of templates share: a context as the engine makes one, and short doors to a plan.
#pragma once

#include <cstdint>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <utility>

#include "base/check.h"
#include "core/stacks/template.h"

namespace tidegate::stacks {

inline StackContext context_of_test() {
  StackContext context;
  context.region = "eu-west-2";
  context.stack_name.value = "cnt";
  context.stack_id = "arn:aws:cloudformation:eu-west-2:000000000000:stack/cnt/0-1";
  context.template_folder = "/srv/cnt";
  context.host_vcpus = 8;
  context.host_memory_mib = 16 * 1024;
  context.now = Instant{std::chrono::seconds{1000}};
  context.new_id = [count = 0](IdKind kind) mutable {
    const std::string digits = std::to_string(++count);
    switch (kind) {
      case IdKind::LaunchTemplate:
        return "lt-" + std::string(17 - digits.size(), '0') + digits;
      case IdKind::Suffix:
        return std::string(12 - digits.size(), 'S') + digits;
      case IdKind::Uuid:
        break;
    }
    return std::string(8 - digits.size(), '0') + digits + "-aaaa-4bbb-8ccc-ddddddddeeee";
  };
  return context;
}

inline std::string file_text(const std::string& path) {
  std::ifstream file{path};
  TG_CHECK(file.good());
  return std::string{std::istreambuf_iterator<char>{file}, {}};
}

/// The example's stack.
inline std::string reference() {
  return file_text("examples/cnt/stack.yaml");
}

inline StackPlan planned(const std::string& text, const StackContext& context = context_of_test()) {
  auto plan = plan_stack(text, context);
  if (!plan) {
    throw std::runtime_error{"plan_stack: " + plan.error().message};
  }
  return *std::move(plan);
}

/// The message, or "none".
inline std::string refusal(const std::string& text,
                           const StackContext& context = context_of_test()) {
  const auto plan = plan_stack(text, context);
  return plan ? "none" : plan.error().message;
}

/// The only resource of that type, or the one of that logical id.
template <typename T>
const T& the(const StackPlan& plan, const std::string& logical_id = {}) {
  for (const PlannedResource& resource : plan.resources) {
    const T* typed = std::get_if<T>(&resource.properties);
    if (typed != nullptr && (logical_id.empty() || resource.logical_id.value == logical_id)) {
      return *typed;
    }
  }
  throw std::runtime_error{"no such resource: " + logical_id};
}

inline std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  TG_CHECK(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace tidegate::stacks
