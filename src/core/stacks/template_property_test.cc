#include <algorithm>

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "base/text.h"
#include "core/stacks/language/evaluate.h"
#include "core/stacks/language/short_forms.h"
#include "core/stacks/parameters/pattern.h"
#include "core/stacks/plan_fixture.h"

namespace tidegate::stacks {
namespace {

using language::make_list;
using language::make_scalar;

YamlNode call(const std::string& name, YamlNode argument) {
  YamlNode node;
  node.kind = YamlNode::Kind::Mapping;
  node.members.push_back({name, 1, std::move(argument)});
  return node;
}

YamlNode list_of(std::vector<YamlNode> items) {
  YamlNode node = make_list({}, 1);
  node.items = std::move(items);
  return node;
}

YamlNode value(const YamlNode& node) {
  const auto result = language::evaluate(node, language::Scope{}, "P");
  RC_ASSERT(result.has_value());
  return *result;
}

rc::Gen<std::string> letters() {
  return rc::gen::container<std::string>(rc::gen::inRange('a', 'f'));
}

TEST_CASE("functions: Split undoes Join, for pieces without the delimiter") {
  CHECK(rc::check([] {
    const auto pieces = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::string>>(letters()));
    const YamlNode joined = call("Fn::Join", list_of({make_scalar("--", 1), make_list(pieces, 1)}));
    const YamlNode split = value(call("Fn::Split", list_of({make_scalar("--", 1), joined})));
    RC_ASSERT(split.items.size() == pieces.size());
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      RC_ASSERT(split.items[i].text == pieces[i]);
    }
  }));
}

TEST_CASE("functions: Select gives the item of any index, and refuses the others") {
  CHECK(rc::check([] {
    const auto pieces = *rc::gen::container<std::vector<std::string>>(letters());
    const int index = *rc::gen::inRange(-2, 12);
    const auto result = language::evaluate(
        call("Fn::Select", list_of({make_scalar(std::to_string(index), 1), make_list(pieces, 1)})),
        language::Scope{},
        "P");
    const bool inside = index >= 0 && index < static_cast<int>(pieces.size());
    RC_ASSERT(result.has_value() == inside);
    if (inside) {
      RC_ASSERT(result->text == pieces[static_cast<std::size_t>(index)]);
    }
  }));
}

TEST_CASE("functions: Sub of text without a ${ is the text; Base64 can be read back") {
  CHECK(rc::check([](const std::string& text) {
    RC_PRE(text.find("${") == std::string::npos);
    RC_ASSERT(value(call("Fn::Sub", make_scalar(text, 1))).text == text);
    RC_ASSERT(base64_decode(value(call("Fn::Base64", make_scalar(text, 1))).text) == text);
  }));
}

TEST_CASE("functions: a tree without functions is its own value") {
  CHECK(rc::check([](const std::vector<std::string>& texts) {
    const YamlNode node = list_of({make_list(texts, 1), call("Key", make_list(texts, 1))});
    const YamlNode result = value(node);
    RC_ASSERT(result.items[0].items.size() == texts.size());
    RC_ASSERT(result.items[1].members[0].key == "Key");
  }));
}

TEST_CASE("patterns: a literal matches itself only, and {m,n} counts") {
  CHECK(rc::check([] {
    const std::string literal = *letters();
    const std::string other = *letters();
    RC_ASSERT(*parameters::matches_pattern(literal, other) == (literal == other));
    const int least = *rc::gen::inRange(0, 6);
    const int most = least + *rc::gen::inRange(0, 6);
    const int count = *rc::gen::inRange(0, 14);
    const std::string pattern = "(ab){" + std::to_string(least) + "," + std::to_string(most) + "}";
    std::string text;
    for (int i = 0; i < count; ++i) {
      text += "ab";
    }
    RC_ASSERT(*parameters::matches_pattern(pattern, text) == (count >= least && count <= most));
  }));
}

TEST_CASE("templates: any bytes are a plan or a refusal") {
  CHECK(rc::check([](const std::string& bytes) {
    const auto plan = plan_stack(bytes, context_of_test());
    const bool told = !plan && !plan.error().message.empty();
    RC_ASSERT(plan.has_value() != told);
  }));
}

TEST_CASE("templates: the reference stack with any one stretch lost or doubled never crashes") {
  const std::string text = file_text("examples/cnt/stack.yaml");
  CHECK(rc::check([&] {
    const std::size_t at = *rc::gen::inRange<std::size_t>(0, text.size());
    const std::size_t length = *rc::gen::inRange<std::size_t>(0, 200);
    std::string damaged = text;
    if (*rc::gen::arbitrary<bool>()) {
      damaged.erase(at, length);
    } else {
      damaged.insert(at, text.substr(at, length));
    }
    const auto plan = plan_stack(damaged, context_of_test());
    const std::string message = plan ? "line 0" : plan.error().message;
    RC_ASSERT(message.starts_with("line "));
  }));
}

TEST_CASE("templates: a MiB of garbage is refused, not a crash") {
  for (const char* piece :
       {"[",  "{",   "- ",    "? ",     "a: ", "\"", "'",    "&a ", "!x ",
        "*",  "|",   ">",     "#",      "\t",  "\n", "%",    "@",   "${",
        "\\", "a\n", "- a\n", "a: b\n", "0,",  "-",  "{a: ", "[[",  "\xC3\xA9"}) {
    CAPTURE(std::string{piece});
    std::string garbage;
    while (garbage.size() + std::string{piece}.size() <= kMaxTemplateBytes) {
      garbage += piece;
    }
    CHECK(!plan_stack(garbage, context_of_test()).has_value());
  }
}

TEST_CASE("sizing: whatever the host, MaxSize of scaled instances fits it") {
  const std::string text = file_text("examples/cnt/stack.yaml");
  const std::string scaled =
      replaced(text,
               "      t3.large: { VCpus: 0.5, MemoryMiB: 256, MonthlyPrice: 68.00 }\n",
               "      t3.large: { MonthlyPrice: 68.00 }\n");
  CHECK(rc::check([&] {
    StackContext context = context_of_test();
    context.host_vcpus = *rc::gen::inRange(1, 64) / 4.0;
    context.host_memory_mib = *rc::gen::inRange(64, 65536);
    const int max = *rc::gen::inRange(1, 40);
    context.parameters = {{"MaxSize", std::to_string(max)}};
    const auto plan = plan_stack(scaled, context);
    RC_ASSERT(plan.has_value());
    const InstanceType& type = plan->metadata.instance_types.at("t3.large");
    RC_ASSERT(max * type.vcpus <= context.host_vcpus + 1e-9);
    RC_ASSERT(max * type.memory_mib <= context.host_memory_mib);
    RC_ASSERT(plan->metadata.instance_scale <= 1);
  }));
}

}  // namespace
}  // namespace tidegate::stacks
