// The answers of the fleet's reads over the sample, to the last field. The files are in golden/.
#include <array>

#include <doctest/doctest.h>

#include "sample/desk.h"
#include "sample/golden.h"

namespace tidegate::api {
namespace {

/// One element per line, so that a diff can be read.
std::string readable(const std::string& body) {
  std::string out;
  for (std::size_t i = 0; i < body.size(); ++i) {
    out.push_back(body[i]);
    if (body[i] == '>' && i + 1 < body.size() && body[i + 1] == '<') {
      out.push_back('\n');
    }
  }
  return out + "\n";
}

}  // namespace

TEST_CASE("golden: the answers of the fleet's reads are as they were when last looked at") {
  struct Golden {
    const char* service;
    const char* action;
    const char* more;
  };
  const char* const of_group = "&AutoScalingGroupName=cnt-backend-asg";
  const auto cases = std::to_array<Golden>({
      {"ec2", "DescribeLaunchTemplateVersions", "&LaunchTemplateName=cnt-backend-launch-template"},
      {"ec2", "DescribeInstanceStatus", ""},
      {"ec2", "DescribeImages", ""},
      {"ec2", "DescribeInstanceTypes", "&InstanceType.1=t3.nano"},
      {"ec2", "DescribeAvailabilityZones", ""},
      {"ec2", "DescribeSubnets", ""},
      {"ec2", "DescribeVpcs", ""},
      {"ec2", "DescribeSecurityGroups", ""},
      {"ec2", "DescribeAccountAttributes", ""},
      {"ec2", "DescribeTags", ""},
      {"autoscaling", "DescribeAutoScalingInstances", ""},
      {"autoscaling", "DescribeTags", ""},
      {"autoscaling", "DescribeLoadBalancerTargetGroups", of_group},
      {"autoscaling", "DescribeTrafficSources", of_group},
      {"autoscaling", "DescribeAccountLimits", ""},
      {"autoscaling", "DescribeAdjustmentTypes", ""},
      {"autoscaling", "DescribeMetricCollectionTypes", ""},
      {"autoscaling", "DescribeScalingProcessTypes", ""},
      {"autoscaling", "DescribeTerminationPolicyTypes", ""},
  });
  for (const Golden& golden : cases) {
    CAPTURE(golden.action);
    sample::Desk desk;  // a new one each: request ids do not depend on what was asked before
    const HttpResponse response =
        desk.form(golden.service, std::string{"Action="} + golden.action + golden.more);
    CHECK(response.status == 200);
    sample::check_golden(
        "src/edge/api/front/golden/" + std::string{golden.service} + "." + golden.action + ".txt",
        readable(response.body));
  }
}

}  // namespace tidegate::api
