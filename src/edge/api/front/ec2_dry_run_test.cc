// DryRun of every operation of EC2: reads are not answered, writes are tried and taken back.
#include <algorithm>
#include <array>

#include <doctest/doctest.h>

#include "edge/api/front/operations_fixture.h"
#include "edge/api/models/ec2.h"

namespace tidegate::api {
namespace {

struct Try {
  const char* operation;
  std::string more;
};

void check_dry(const HttpResponse& response) {
  CAPTURE(response.body);
  CHECK(response.status == 412);
  CHECK(code_of(response) == "DryRunOperation");
  CHECK(message_of(response) == "Request would have succeeded, but DryRun flag is set.");
}

const std::vector<Try>& reads() {
  static const std::vector<Try> all{
      {"DescribeAccountAttributes", ""},
      {"DescribeAvailabilityZones", ""},
      {"DescribeImages", ""},
      {"DescribeInstanceAttribute", "&Attribute=userData&InstanceId=" + sample::kInstance.value},
      {"DescribeInstanceStatus", ""},
      {"DescribeInstanceTypes", ""},
      {"DescribeInstances", ""},
      {"DescribeLaunchTemplateVersions", "&LaunchTemplateName=cnt-backend-launch-template"},
      {"DescribeLaunchTemplates", ""},
      {"DescribeSecurityGroups", ""},
      {"DescribeSubnets", ""},
      {"DescribeTags", ""},
      {"DescribeVpcs", ""},
      {"GetConsoleOutput", "&InstanceId=" + sample::kInstance.value},
  };
  return all;
}

const std::vector<Try>& writes() {
  static const std::string of = "&LaunchTemplateName=cnt-backend-launch-template";
  static const std::string image = "&LaunchTemplateData.ImageId=ami-1";
  static const std::vector<Try> all{
      {"CreateLaunchTemplate", "&LaunchTemplateName=web" + image},
      {"CreateLaunchTemplateVersion", of + image},
      {"CreateTags", "&ResourceId.1=i-1&Tag.1.Key=a"},
      {"DeleteLaunchTemplate", of},
      {"DeleteLaunchTemplateVersions", of + "&LaunchTemplateVersion.1=1"},
      {"DeleteTags", "&ResourceId.1=i-1&Tag.1.Key=a"},
      {"ModifyLaunchTemplate", of + "&SetDefaultVersion=1"},
      {"RunInstances", "&ImageId=ami-1&InstanceType=t3.nano&MinCount=1&MaxCount=1"},
      {"TerminateInstances", "&InstanceId.1=" + sample::kInstance.value},
  };
  return all;
}

}  // namespace

TEST_CASE("ec2: DryRun of a read answers DryRunOperation instead, of false the read") {
  Desk desk;
  for (const Try& one : reads()) {
    CAPTURE(one.operation);
    const std::string body = std::string{"Action="} + one.operation + one.more;
    check_dry(desk.form("ec2", body + "&DryRun=true"));
    CHECK(desk.form("ec2", body + "&DryRun=false").status == 200);
  }
  CHECK(desk.commands.posted().empty());
}

TEST_CASE("ec2: DryRun of a write posts the same command, to be tried and taken back") {
  for (const Try& one : writes()) {
    CAPTURE(one.operation);
    Desk desk;
    const std::string body = std::string{"Action="} + one.operation + one.more;
    REQUIRE(desk.form("ec2", body + "&DryRun=false").status == 200);
    desk.commands.answer_with(
        [](const engine::Command&) -> Result<engine::Answer> { return engine::would_succeed(); });
    check_dry(desk.form("ec2", body + "&DryRun=true"));
    REQUIRE(desk.commands.posted().size() == 2);
    const auto& done = std::get<engine::FleetCommand>(desk.commands.posted()[0]);
    const auto& tried = std::get<engine::DryRun>(desk.commands.posted()[1]);
    CHECK(tried.command.index() == done.index());
  }
}

TEST_CASE("ec2: every operation that works can be tried") {
  std::vector<std::string> tried;
  for (const auto* const part : {&reads(), &writes()}) {
    for (const Try& one : *part) {
      tried.emplace_back(one.operation);
    }
  }
  std::vector<std::string> works;
  for (const Operation& operation : ec2::service().operations) {
    works.emplace_back(operation.name);
  }
  std::sort(tried.begin(), tried.end());
  std::sort(works.begin(), works.end());
  CHECK(tried == works);
}

}  // namespace tidegate::api
