#include "core/stacks/summary.h"

#include <doctest/doctest.h>

namespace tidegate::stacks {

TEST_CASE("summary: what a template declares, without a value for any parameter") {
  const auto summary = summarize(R"(
Description: a stack
Metadata: { Tidegate: { Timing: fast }, Notes: [one, two] }
Parameters:
  Max: { Type: Number, Default: 3, Description: at most }
  Colour: { Type: String, AllowedValues: [red, green], NoEcho: TRUE }
  Zones: { Type: CommaDelimitedList, Default: "a,b" }
Resources:
  B: { Type: AWS::EC2::LaunchTemplate }
  A: { Type: AWS::CloudWatch::Alarm }
  C: { Type: AWS::EC2::LaunchTemplate }
)");
  REQUIRE(summary.has_value());
  CHECK(summary->description == "a stack");
  CHECK(summary->metadata == R"({"Tidegate":{"Timing":"fast"},"Notes":["one","two"]})");
  REQUIRE(summary->parameters.size() == 3);
  CHECK(summary->parameters[0].key == "Max");
  CHECK(summary->parameters[0].type == "Number");
  CHECK(summary->parameters[0].default_value == "3");
  CHECK(summary->parameters[0].description == "at most");
  CHECK_FALSE(summary->parameters[0].no_echo);
  CHECK(summary->parameters[1].no_echo);
  CHECK_FALSE(summary->parameters[1].default_value.has_value());
  CHECK(summary->parameters[1].allowed_values == std::vector<std::string>{"red", "green"});
  CHECK(summary->parameters[2].default_value == "a,b");
  CHECK(summary->resource_types() ==
        std::vector<std::string>{"AWS::CloudWatch::Alarm", "AWS::EC2::LaunchTemplate"});
  CHECK(summary->resources[0].first == "B");
  CHECK(summary->capabilities().empty());
}

TEST_CASE("summary: IAM resources are what AWS wants acknowledged") {
  const auto summary = summarize("Resources:\n  R: { Type: AWS::IAM::Role }\n");
  REQUIRE(summary.has_value());
  CHECK(summary->capabilities() == std::vector<std::string>{"CAPABILITY_IAM"});
  CHECK(summary->metadata.empty());
}

TEST_CASE("summary: what is no template is said with its line") {
  const auto none = summarize("just text");
  REQUIRE_FALSE(none.has_value());
  CHECK(none.error().name == "ValidationError");
  const auto typeless =
      summarize("Parameters:\n  A: { Default: 1 }\nResources:\n  R: { Type: X }\n");
  REQUIRE_FALSE(typeless.has_value());
  CHECK(typeless.error().message.find("line 2") != std::string::npos);
  CHECK(typeless.error().message.find("Type is missing") != std::string::npos);
}

}  // namespace tidegate::stacks
