// Launch data: what nothing acts on, and types that are not AWS's.
#include <doctest/doctest.h>

#include "edge/api/front/ec2_fixture.h"

namespace tidegate::api {
TEST_CASE("launch template data: what is the case anyway may be said, and is shown again") {
  const auto command = ec2_posted_as<engine::CreateLaunchTemplate>(
      "Action=CreateLaunchTemplate&LaunchTemplateName=web&LaunchTemplateData.ImageId=ami-1"
      "&LaunchTemplateData.Monitoring.Enabled=true&LaunchTemplateData.EbsOptimized=false"
      "&LaunchTemplateData.MetadataOptions.HttpTokens=required"
      "&LaunchTemplateData.MetadataOptions.HttpPutResponseHopLimit=2"
      "&LaunchTemplateData.BlockDeviceMapping.1.DeviceName=/dev/xvda"
      "&LaunchTemplateData.BlockDeviceMapping.1.Ebs.DeleteOnTermination=true"
      "&LaunchTemplateData.NetworkInterface.1.DeviceIndex=0"
      "&LaunchTemplateData.NetworkInterface.1.SecurityGroupId.1=sg-1");
  auto made = command.launch_template;
  CHECK(made.versions.at(0).security_groups == Names{"sg-1"});
  made.id.value = "lt-1";
  engine::Model model = sample::model();
  model.launch_templates[made.id] = made;
  Desk desk{model};
  const Json answer = ec2_answer(
      desk, "DescribeLaunchTemplateVersions&LaunchTemplateId=lt-1&LaunchTemplateVersion.1=1");
  const Json& data = answer["LaunchTemplateVersions"].items().at(0)["LaunchTemplateData"];
  CHECK(data["ImageId"].string_or("") == "ami-1");
  CHECK(data["Monitoring"]["Enabled"].bool_or(false));
  CHECK_FALSE(data["EbsOptimized"].bool_or(true));
  CHECK(data["MetadataOptions"]["HttpTokens"].string_or("") == "required");
  CHECK(data["MetadataOptions"]["HttpPutResponseHopLimit"].int_or(0) == 2);
  const Json& block = data["BlockDeviceMappings"].items().at(0);
  CHECK(block["DeviceName"].string_or("") == "/dev/xvda");
  CHECK(block["Ebs"]["DeleteOnTermination"].bool_or(false));
  const Json& network = data["NetworkInterfaces"].items().at(0);
  CHECK(network["Groups"].items().at(0).string_or("") == "sg-1");
  CHECK(data["SecurityGroupIds"].items().empty());
  const auto next = [&](const std::string& more) {
    const HttpResponse response =
        desk.form("ec2",
                  "Action=CreateLaunchTemplateVersion&LaunchTemplateId=lt-1&SourceVersion=1"
                  "&LaunchTemplateData." +
                      more);
    REQUIRE(response.status == 200);
    const auto& fleet = std::get<engine::FleetCommand>(desk.commands.posted().back());
    return std::get<engine::CreateLaunchTemplateVersion>(fleet).version.host_facts;
  };
  const std::string before = made.versions.at(0).host_facts;
  CHECK(next("InstanceType=t3.nano") == before);
  CHECK(next("MetadataOptions.HttpEndpoint=enabled").find("HttpTokens") == std::string::npos);
}

TEST_CASE("launch template data: what is not the case is refused by its name") {
  Desk desk;
  const auto check = [&](const std::string& data, const char* code, const char* part) {
    check_refusals(
        desk,
        {{"ec2",
          "Action=CreateLaunchTemplate&LaunchTemplateName=web&LaunchTemplateData." + data,
          code,
          part}});
  };
  const char* const value = "InvalidParameterValue";
  check("EbsOptimized=true", value, "EbsOptimized 'true' is not what is the case here");
  check("BlockDeviceMapping.1.Ebs.VolumeSize=8",
        value,
        "BlockDeviceMappings.Ebs.VolumeSize is not built");
  check("Placement.AvailabilityZone=a", value, "Placement.AvailabilityZone is not built");
  check("NetworkInterface.1.DeviceIndex=1", value, "NetworkInterfaces.DeviceIndex '1' is not");
  check("NetworkInterface.1.DeviceIndex=0&LaunchTemplateData.NetworkInterface.2.DeviceIndex=0",
        value,
        "an instance has one here");
  check("NetworkInterface.1.SecurityGroupId.1=sg-1&LaunchTemplateData.SecurityGroupId.1=sg-2",
        "InvalidParameterCombination",
        "instance-level security groups");
  check("KeyName=k", value, "what works: ImageId, InstanceType, ");
  check("KeyName=k", value, "MetadataOptions, Monitoring, NetworkInterfaces, Placement");
}

TEST_CASE("ec2: an instance type that is not AWS's is the engine's to know") {
  CHECK(ec2_posted_as<engine::RunInstances>(
            "Action=RunInstances&ImageId=ami-1&InstanceType=our.own&MinCount=1&MaxCount=1")
            .made_from.instance_type == "our.own");
  CHECK(ec2_posted_as<engine::CreateLaunchTemplate>(
            "Action=CreateLaunchTemplate&LaunchTemplateName=web&LaunchTemplateData.InstanceType="
            "our.own")
            .launch_template.versions.at(0)
            .instance_type == "our.own");
}

}  // namespace tidegate::api
