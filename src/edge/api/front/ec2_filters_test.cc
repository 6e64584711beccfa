// EC2's filters, of every operation that takes them: which names are refused, and that those named
// as valid mean something.
#include <array>

#include <doctest/doctest.h>

#include "base/text.h"
#include "edge/api/front/ec2_fixture.h"

namespace tidegate::api {
namespace {

struct Filtered {
  const char* request;
  const char* list;  // of the answer
};

constexpr auto kFiltered = std::to_array<Filtered>({
    {"DescribeInstances", "Reservations"},
    {"DescribeInstanceStatus", "InstanceStatuses"},
    {"DescribeImages", "Images"},
    {"DescribeInstanceTypes", "InstanceTypes"},
    {"DescribeLaunchTemplates", "LaunchTemplates"},
    {"DescribeLaunchTemplateVersions&LaunchTemplateVersion.1=$Latest", "LaunchTemplateVersions"},
    {"DescribeAvailabilityZones", "AvailabilityZones"},
    {"DescribeSubnets", "Subnets"},
    {"DescribeVpcs", "Vpcs"},
    {"DescribeSecurityGroups", "SecurityGroups"},
    {"DescribeTags", "Tags"},
});

std::string filtered(const Filtered& of, const std::string& name) {
  return of.request + ("&Filter.1.Name=" + name) + "&Filter.1.Value.1=*";
}

/// The names that the refusal of an unknown one lists.
Names valid_names(Desk& desk, const Filtered& of) {
  const HttpResponse response = desk.form("ec2", "Action=" + filtered(of, "colour"));
  CHECK(code_of(response) == "InvalidParameterValue");
  const std::string message = message_of(response);
  const std::string before = "The filter 'colour' is invalid; what works: ";
  CAPTURE(message);
  REQUIRE(message.starts_with(before));
  Names names;
  for (const std::string& name : split(message.substr(before.size()), ',')) {
    names.emplace_back(trim(name));
  }
  return names;
}

}  // namespace

TEST_CASE("ec2: an unknown filter is refused also where there is nothing to filter") {
  Desk desk{engine::Model{}};
  for (const Filtered& of : kFiltered) {
    CAPTURE(of.request);
    CHECK_FALSE(valid_names(desk, of).empty());
  }
}

TEST_CASE("ec2: each filter named as valid is one that means something") {
  Desk desk;
  for (const Filtered& of : kFiltered) {
    const std::size_t all = ec2_answer(desk, of.request)[of.list].items().size();
    CAPTURE(of.request);
    CHECK(all > 0);
    for (const std::string& name : valid_names(desk, of)) {
      CAPTURE(name);
      const std::size_t some = ec2_answer(desk, filtered(of, name))[of.list].items().size();
      CHECK((some == all || name.starts_with("tag")));
    }
  }
}

}  // namespace tidegate::api
