// EC2's calls on launch templates, instances outside groups and what both are made of.
#include <array>

#include <doctest/doctest.h>

#include "base/text.h"
#include "core/stacks/network.h"
#include "edge/api/front/ec2_fixture.h"

namespace tidegate::api {
namespace {

groups::StandaloneInstance lone(const std::string& id, groups::LifecycleState state) {
  groups::StandaloneInstance given;
  given.instance.id.value = id;
  given.instance.lifecycle_state = state;
  given.instance.zone = "eu-west-2a";
  given.instance.image_id = "ami-host";
  given.instance.instance_type = "t3.nano";
  given.instance.address = "10.64.0.9";
  given.instance.tags = {{"Name", "lone"}};
  given.made_from.user_data = "exec app";
  given.made_from.security_groups = {"sg-1"};
  given.reservation = "r-1";
  return given;
}

engine::Model with_lone(groups::LifecycleState state) {
  engine::Model model = sample::model();
  auto given = lone("i-0a", state);
  if (state == groups::LifecycleState::Terminated) {
    given.terminated = sample::kNow;
    given.end_reason = "Client.UserInitiatedShutdown: User initiated shutdown";
  }
  engine::StandaloneModel& standalone = model.standalone[given.instance.id];
  standalone.value = given;
  standalone.facts.observation.emplace();
  standalone.facts.observation->phase = groups::InstancePhase::Running;
  standalone.facts.observation->process_alive = true;
  return model;
}

Names names_of(Desk& desk, const std::string& body, const char* list, const char* member) {
  return texts(ec2_answer(desk, body)[list], member);
}

}  // namespace

TEST_CASE("ec2: launch templates and instances that cannot be are refused in EC2's words") {
  Desk desk;
  const auto check = [&](const std::string& body, const char* code, const char* part) {
    check_refusals(desk, {{"ec2", "Action=" + body, code, part}});
  };
  const std::string create = "CreateLaunchTemplate&LaunchTemplateName=";
  const std::string image = "&LaunchTemplateData.ImageId=ami-1";
  check(create + "ab" + image, "InvalidParameterValue", "greater than or equal to 3");
  check(create + "a%20b" + image, "InvalidLaunchTemplateName.MalformedException", "'a b'");
  check(create + std::string(129, 'a') + image, "InvalidParameterValue", "equal to 128");
  check(create + "abc", "MissingParameter", "LaunchTemplateData");
  check(
      create + "abc&LaunchTemplateData.KeyName=k", "InvalidParameterValue", "KeyName is not built");
  check(create + "abc&LaunchTemplateData.UserData=%21", "InvalidUserData.Malformed", "BASE64");
  check(create + "abc&LaunchTemplateData.UserData=" +
            percent_encode(base64_encode(std::string(16385, 'a'))),
        "InvalidParameterValue",
        "limited to 16384 bytes");
  const std::string tag = "&TagSpecification.1.Tag.1.Key=";
  check(create + "abc" + image + "&TagSpecification.1.ResourceType=instance" + tag + "a",
        "InvalidParameterValue",
        "'instance' is not a valid taggable resource type");
  check(create + "abc" + image + "&TagSpecification.1.ResourceType=launch-template" + tag + "aws:a",
        "InvalidParameterValue",
        "reserved for internal use");
  check("DeleteLaunchTemplate", "MissingParameter", "LaunchTemplateId or LaunchTemplateName");
  check("DeleteLaunchTemplate&LaunchTemplateId=lt-1&LaunchTemplateName=abc",
        "InvalidParameterCombination",
        "one of both");
  check("DeleteLaunchTemplate&LaunchTemplateId=x", "InvalidLaunchTemplateId.Malformed", "\"x\"");
  check("ModifyLaunchTemplate&LaunchTemplateName=abc", "MissingParameter", "SetDefaultVersion");
  check("DescribeLaunchTemplateVersions", "MissingParameter", "Versions");
  check("DescribeLaunchTemplateVersions&LaunchTemplateId=lt-0",
        "InvalidLaunchTemplateId.NotFound",
        "lt-0");
  check("DescribeLaunchTemplateVersions&LaunchTemplateName=none",
        "InvalidLaunchTemplateName.NotFoundException",
        "");
  check(
      "DescribeLaunchTemplateVersions&LaunchTemplateName=cnt-backend-launch-template&"
      "LaunchTemplateVersion.1=7",
      "InvalidLaunchTemplateId.VersionNotFound",
      "version 7");
  check(
      "DescribeLaunchTemplateVersions&LaunchTemplateName=cnt-backend-launch-template&"
      "MinVersion=a",
      "InvalidParameterValue",
      "must be numbers");
  check(
      "CreateLaunchTemplateVersion&LaunchTemplateName=cnt-backend-launch-template&"
      "SourceVersion=9&LaunchTemplateData.ImageId=ami-1",
      "InvalidLaunchTemplateId.VersionNotFound",
      "version 9");
  const std::string run = "RunInstances&ImageId=ami-1&InstanceType=t3.nano&MinCount=1&MaxCount=";
  check(run + "0", "InvalidParameterValue", "MaxCount 0 is invalid");
  check(run + "1001", "InvalidParameterValue", "valid: 1..1000");
  check("RunInstances&ImageId=ami-1&MaxCount=1", "MissingParameter", "MinCount");
  check(run + "1&KeyName=k", "InvalidParameterValue", "KeyName is not built");
  check(run + "1&Placement.Tenancy=host", "InvalidParameterValue", "Tenancy 'host' is not what");
  check(run + "1&Placement.GroupName=g", "InvalidParameterValue", "GroupName is not built");
  check(run + "1&EbsOptimized=true", "InvalidParameterValue", "EbsOptimized 'true' is not what");
  check(run + "1&MetadataOptions.HttpTokens=optional",
        "InvalidParameterValue",
        "MetadataOptions.HttpTokens 'optional' is not what is the case here; valid: required");
  check(run + "1&LaunchTemplate.Version=1", "InvalidParameterCombination", "one of both");
  check(run + "1&UserData=%21", "InvalidUserData.Malformed", "");
  check("TerminateInstances&InstanceId.1=i-0b", "InvalidInstanceID.NotFound", "'i-0b'");
  check("TerminateInstances&InstanceId.1=b", "InvalidInstanceID.Malformed", "\"b\"");
  check("DescribeInstanceStatus&InstanceId.1=i-0b", "InvalidInstanceID.NotFound", "");
  check(
      "DescribeInstanceStatus&Filter.1.Name=x&Filter.1.Value.1=y", "InvalidParameterValue", "'x'");
  check("DescribeInstanceAttribute&Attribute=userData&InstanceId=i-0b",
        "InvalidInstanceID.NotFound",
        "");
  check("DescribeImages&ImageId.1=ami-0", "InvalidAMIID.NotFound", "declare it under");
  check("DescribeImages&ImageId.1=x", "InvalidAMIID.Malformed", "\"x\"");
  check("DescribeInstanceTypes&InstanceType.1=a1.metal", "InvalidInstanceType", "[a1.metal]");
  check("DescribeAvailabilityZones&ZoneName.1=x", "InvalidParameterValue", "[x]");
  check("DescribeSubnets&SubnetId.1=subnet-1", "InvalidSubnetID.NotFound", "'subnet-1'");
  check("DescribeVpcs&VpcId.1=vpc-1", "InvalidVpcID.NotFound", "'vpc-1'");
  check("DescribeSecurityGroups&GroupId.1=sg-1", "InvalidGroup.NotFound", "'sg-1'");
  check("CreateTags&ResourceId.1=i-1&Tag.1.Key=aws:a", "InvalidParameterValue", "reserved");
  check("CreateTags&ResourceId.1=i-1&Tag.1.Value=a", "InvalidParameterValue", "1 to 128");
}

TEST_CASE("ec2: a token that is none is InvalidParameterValue in every listing") {
  Desk desk;
  for (const char* const action : {"DescribeInstances",
                                   "DescribeInstanceStatus",
                                   "DescribeLaunchTemplates",
                                   "DescribeImages",
                                   "DescribeInstanceTypes",
                                   "DescribeSubnets",
                                   "DescribeTags"}) {
    check_refusals(
        desk,
        {{"ec2", std::string{"Action="} + action + "&NextToken=x", "InvalidParameterValue", "x"}});
  }
}

TEST_CASE("CreateLaunchTemplate: everything that is given is in the command") {
  const auto made =
      ec2_posted_as<engine::CreateLaunchTemplate>(
          "Action=CreateLaunchTemplate&LaunchTemplateName=web&ClientToken=t&VersionDescription=d"
          "&LaunchTemplateData.ImageId=ami-1&LaunchTemplateData.InstanceType=t3.nano"
          "&LaunchTemplateData.UserData=" +
          percent_encode(base64_encode("exec app")) +
          "&LaunchTemplateData.IamInstanceProfile.Name=p&LaunchTemplateData.SecurityGroupId.1=sg-1"
          "&LaunchTemplateData.TagSpecification.1.ResourceType=instance"
          "&LaunchTemplateData.TagSpecification.1.Tag.1.Key=a"
          "&LaunchTemplateData.TagSpecification.1.Tag.1.Value=b"
          "&TagSpecification.1.ResourceType=launch-template&TagSpecification.1.Tag.1.Key=c")
          .launch_template;
  CHECK(made.name == "web");
  CHECK(made.client_token == "t");
  CHECK(made.tags == std::map<std::string, std::string>{{"c", ""}});
  REQUIRE(made.versions.size() == 1);
  const auto& version = made.versions[0];
  CHECK(version.description == "d");
  CHECK(version.image_id == "ami-1");
  CHECK(version.instance_type == "t3.nano");
  CHECK(version.user_data == "exec app");
  CHECK(version.iam_instance_profile == "p");
  CHECK(version.security_groups == Names{"sg-1"});
  CHECK(version.instance_tags == std::map<std::string, std::string>{{"a", "b"}});
}

TEST_CASE("CreateLaunchTemplateVersion: from a source version only what is given changes") {
  const auto command = ec2_posted_as<engine::CreateLaunchTemplateVersion>(
      "Action=CreateLaunchTemplateVersion&LaunchTemplateName=cnt-backend-launch-template"
      "&SourceVersion=1&LaunchTemplateData.InstanceType=t3.nano");
  CHECK(command.version.instance_type == "t3.nano");
  CHECK(command.version.image_id == "ami-013fb36a0ba6d426f");
  CHECK(command.version.user_data == "#!/bin/bash\nexec app\n");
  const auto bare = ec2_posted_as<engine::CreateLaunchTemplateVersion>(
      "Action=CreateLaunchTemplateVersion&LaunchTemplateName=cnt-backend-launch-template"
      "&LaunchTemplateData.InstanceType=t3.nano");
  CHECK(bare.version.image_id.empty());
}

TEST_CASE("DescribeLaunchTemplateVersions: newest first, by number, bounds, name and filter") {
  engine::Model model = sample::model();
  auto& launch_template = model.launch_templates.begin()->second;
  for (int number = 2; number <= 3; ++number) {
    auto version = launch_template.versions.front();
    version.number = number;
    version.image_id = "ami-" + std::to_string(number);
    launch_template.versions.push_back(version);
  }
  launch_template.default_version = 2;
  Desk desk{model};
  const auto numbers = [&](const std::string& more) {
    std::vector<std::int64_t> found;
    const Json answer = ec2_answer(
        desk, "DescribeLaunchTemplateVersions&LaunchTemplateId=" + launch_template.id.value + more);
    for (const Json& version : answer["LaunchTemplateVersions"].items()) {
      found.push_back(version["VersionNumber"].int_or(0));
    }
    return found;
  };
  using Numbers = std::vector<std::int64_t>;
  CHECK(numbers("") == Numbers{3, 2, 1});
  CHECK(numbers("&MinVersion=2") == Numbers{3, 2});
  CHECK(numbers("&MaxVersion=2") == Numbers{2, 1});
  CHECK(numbers("&LaunchTemplateVersion.1=$Default&LaunchTemplateVersion.2=$Latest"
                "&LaunchTemplateVersion.3=2") == Numbers{2, 3});
  CHECK(numbers("&Filter.1.Name=is-default-version&Filter.1.Value.1=true") == Numbers{2});
  CHECK(numbers("&Filter.1.Name=image-id&Filter.1.Value.1=ami-3") == Numbers{3});
  CHECK(numbers("&MaxResults=1") == Numbers{3});
  const Json page = ec2_answer(
      desk,
      "DescribeLaunchTemplateVersions&MaxResults=2&LaunchTemplateId=" + launch_template.id.value);
  CHECK(numbers("&NextToken=" + percent_encode(page["NextToken"].string_or(""))) == Numbers{1});
  const Json latest =
      ec2_answer(desk, "DescribeLaunchTemplateVersions&LaunchTemplateVersion.1=$Latest");
  CHECK(latest["LaunchTemplateVersions"].items().size() == 1);
}

TEST_CASE("RunInstances: everything that is given is in the command") {
  const auto command = ec2_posted_as<engine::RunInstances>(
      "Action=RunInstances&ImageId=ami-1&InstanceType=t3.nano&MinCount=1&MaxCount=2&ClientToken=t"
      "&UserData=" +
      percent_encode(base64_encode("exec app")) +
      "&SubnetId=subnet-1&SecurityGroupId.1=sg-1&Placement.AvailabilityZone=eu-west-2a"
      "&IamInstanceProfile.Arn=arn:p&LaunchTemplate.LaunchTemplateName=web&LaunchTemplate.Version=2"
      "&TagSpecification.1.ResourceType=instance&TagSpecification.1.Tag.1.Key=a");
  CHECK(command.made_from.image_id == "ami-1");
  CHECK(command.made_from.user_data == "exec app");
  CHECK(command.made_from.iam_instance_profile == "arn:p");
  CHECK(command.made_from.security_groups == Names{"sg-1"});
  CHECK(command.made_from.instance_tags.contains("a"));
  CHECK(command.min_count == 1);
  CHECK(command.max_count == 2);
  CHECK(command.subnet == "subnet-1");
  CHECK(command.zone == "eu-west-2a");
  CHECK(command.client_token == "t");
  CHECK(command.launch_template->name == "web");
  CHECK(command.launch_template->version == "2");
}

TEST_CASE("TerminateInstances: the answer has each instance's state before and after") {
  Desk desk{with_lone(groups::LifecycleState::InService)};
  desk.commands.answer_with([](const engine::Command& /*command*/) -> Result<engine::Answer> {
    return engine::Answer{
        engine::InstancesAnswer{{lone("i-0a", groups::LifecycleState::InService)},
                                {lone("i-0a", groups::LifecycleState::Terminating)}}};
  });
  const Json answer = ec2_answer(desk, "TerminateInstances&InstanceId.1=i-0a");
  const Json& change = answer["TerminatingInstances"].items()[0];
  CHECK(change["PreviousState"]["Name"].string_or("") == "running");
  CHECK(change["CurrentState"]["Name"].string_or("") == "shutting-down");
  CHECK(change["CurrentState"]["Code"].int_or(0) == 32);
}

TEST_CASE("DescribeInstances: one outside a group, while it runs and after its end") {
  Desk running{with_lone(groups::LifecycleState::InService)};
  const std::string by_id = "DescribeInstances&InstanceId.1=i-0a";
  Json reservation = ec2_answer(running, by_id)["Reservations"].items()[0];
  CHECK(reservation["ReservationId"].string_or("") == "r-1");
  const Json instance = reservation["Instances"].items()[0];
  CHECK(instance["State"]["Name"].string_or("") == "running");
  CHECK(instance["PrivateIpAddress"].string_or("") == "10.64.0.9");
  CHECK(texts(instance["SecurityGroups"], "GroupId") == Names{"sg-1"});
  CHECK(texts(instance["Tags"], "Key") == Names{"Name"});
  CHECK(instance["VpcId"].string_or("") == stacks::default_vpc("eu-west-2"));
  CHECK(ec2_answer(
            running,
            "DescribeInstances&Filter.1.Name=subnet-id&Filter.1.Value.1=subnet-*")["Reservations"]
            .items()
            .size() == 2);
  Desk ended{with_lone(groups::LifecycleState::Terminated)};
  const Json gone = ec2_answer(ended, by_id)["Reservations"].items()[0]["Instances"].items()[0];
  CHECK(gone["State"]["Code"].int_or(0) == 48);
  CHECK(gone["StateReason"]["Code"].string_or("") == "Client.UserInitiatedShutdown");
  CHECK(gone["PrivateIpAddress"].is_null());
}

TEST_CASE("DescribeInstanceStatus: ok, initializing, impaired; others only when asked for") {
  engine::Model model = with_lone(groups::LifecycleState::InService);
  auto& facts = model.standalone.begin()->second.facts;
  const auto status = [&]() {
    Desk desk{model};
    const Json answer = ec2_answer(desk, "DescribeInstanceStatus&InstanceId.1=i-0a");
    REQUIRE(answer["InstanceStatuses"].items().size() == 1);
    const Json& one = answer["InstanceStatuses"].items()[0];
    CHECK(one["SystemStatus"]["Status"].string_or("") == "ok");
    return one["InstanceStatus"]["Status"].string_or("");
  };
  CHECK(status() == "ok");
  facts.observation->status_check_failed = true;
  CHECK(status() == "impaired");
  facts.observation->status_check_failed = false;
  facts.observation->process_alive = false;
  CHECK(status() == "initializing");
  facts.observation->user_data_exit_status = 0;
  CHECK(status() == "ok");
  facts.observation.reset();
  CHECK(status() == "initializing");
  Desk ended{with_lone(groups::LifecycleState::Terminated)};
  const std::string of_it = "DescribeInstanceStatus&InstanceId.1=i-0a";
  CHECK(ec2_answer(ended, of_it)["InstanceStatuses"].items().empty());
  const Json all = ec2_answer(ended, of_it + "&IncludeAllInstances=true");
  CHECK(all["InstanceStatuses"].items()[0]["InstanceStatus"]["Status"].string_or("") ==
        "not-applicable");
}

TEST_CASE("DescribeInstanceAttribute: what an instance was made from") {
  Desk desk{with_lone(groups::LifecycleState::InService)};
  const std::string of_it = "DescribeInstanceAttribute&InstanceId=i-0a&Attribute=";
  CHECK(base64_decode(ec2_answer(desk, of_it + "userData")["UserData"]["Value"].string_or("")) ==
        "exec app");
  CHECK(texts(ec2_answer(desk, of_it + "groupSet")["Groups"], "GroupId") == Names{"sg-1"});
  CHECK_FALSE(
      ec2_answer(desk, of_it + "disableApiTermination")["DisableApiTermination"]["Value"].bool_or(
          true));
  CHECK(
      ec2_answer(
          desk,
          of_it + "instanceInitiatedShutdownBehavior")["InstanceInitiatedShutdownBehavior"]["Value"]
          .string_or("") == "terminate");
  check_refusals(desk,
                 {{"ec2", "Action=" + of_it + "kernel", "InvalidParameterValue", "is not built"}});
}

TEST_CASE("ec2: images and types are what stacks declare and what is built in") {
  engine::Model model = sample::model();
  auto& metadata = model.stacks.begin()->second.metadata;
  metadata.images["ami-1"] = {{"host", "/srv/layer"}};
  metadata.images["ami-2"] = {};  // no Process variant: nothing can be made of it
  metadata.instance_types["a1.metal"] = {2.5, 96};
  Desk desk{model};
  const Names images = names_of(desk, "DescribeImages", "Images", "ImageId");
  CHECK(std::find(images.begin(), images.end(), "ami-1") != images.end());
  CHECK(std::find(images.begin(), images.end(), "ami-2") == images.end());
  CHECK(images.back() == "ami-host");
  CHECK(names_of(desk, "DescribeImages&ImageId.1=ami-1", "Images", "ImageLocation") ==
        Names{"host,/srv/layer"});
  CHECK(names_of(desk, "DescribeImages&Owner.1=self", "Images", "ImageId") == images);
  CHECK(names_of(desk, "DescribeImages&Owner.1=amazon", "Images", "ImageId").empty());
  CHECK(names_of(
            desk, "DescribeImages&Filter.1.Name=name&Filter.1.Value.1=host", "Images", "ImageId") ==
        Names{"ami-host"});
  const Json type =
      ec2_answer(desk, "DescribeInstanceTypes&InstanceType.1=a1.metal")["InstanceTypes"].items()[0];
  CHECK(type["VCpuInfo"]["DefaultVCpus"].int_or(0) == 3);
  CHECK(type["MemoryInfo"]["SizeInMiB"].int_or(0) == 96);
  const Json page = ec2_answer(desk, "DescribeInstanceTypes&MaxResults=5");
  CHECK(page["InstanceTypes"].items().size() == 5);
  CHECK_FALSE(page["NextToken"].is_null());
}

TEST_CASE("ec2: zones, subnets, the VPC and security groups") {
  engine::Model model = sample::model();
  model.stacks.begin()->second.metadata.subnet_zones = {{"subnet-0d", "eu-west-2d"}};
  Desk desk{model};
  CHECK(names_of(desk, "DescribeAvailabilityZones", "AvailabilityZones", "ZoneName") ==
        Names{"eu-west-2a", "eu-west-2b", "eu-west-2c", "eu-west-2d"});
  CHECK(names_of(desk,
                 "DescribeAvailabilityZones&Filter.1.Name=zone-id&Filter.1.Value.1=euw2-az2",
                 "AvailabilityZones",
                 "ZoneName") == Names{"eu-west-2b"});
  CHECK(names_of(desk, "DescribeSubnets&SubnetId.1=subnet-0d", "Subnets", "AvailabilityZone") ==
        Names{"eu-west-2d"});
  CHECK(names_of(desk,
                 "DescribeSubnets&Filter.1.Name=default-for-az&Filter.1.Value.1=true",
                 "Subnets",
                 "SubnetId")
            .size() == 3);
  const std::string vpc = stacks::default_vpc("eu-west-2");
  CHECK(names_of(desk, "DescribeVpcs", "Vpcs", "VpcId") == Names{vpc});
  CHECK(names_of(
            desk, "DescribeVpcs&Filter.1.Name=is-default&Filter.1.Value.1=false", "Vpcs", "VpcId")
            .empty());
  const Names security = names_of(desk, "DescribeSecurityGroups", "SecurityGroups", "GroupName");
  CHECK(std::find(security.begin(), security.end(), "default") != security.end());
  CHECK(std::find(security.begin(), security.end(), "sg-08d60aadf7c7dc615") != security.end());
  CHECK(names_of(desk,
                 "DescribeAccountAttributes&AttributeName.1=supported-platforms",
                 "AccountAttributes",
                 "AttributeName") == Names{"supported-platforms"});
}

TEST_CASE("ec2: tags are listed by filter; deleting all names every key") {
  engine::Model model = with_lone(groups::LifecycleState::InService);
  model.launch_templates.begin()->second.tags = {{"team", "a"}};
  Desk desk{model};
  const std::string filter = "DescribeTags&Filter.1.Name=";
  CHECK(names_of(desk, filter + "resource-type&Filter.1.Value.1=launch-template", "Tags", "Key") ==
        Names{"team"});
  CHECK(names_of(desk, filter + "tag:Name&Filter.1.Value.1=lone", "Tags", "ResourceId") ==
        Names{"i-0a"});
  CHECK(names_of(desk, filter + "key&Filter.1.Value.1=Name", "Tags", "Key").size() == 2);
  REQUIRE(desk.form("ec2", "Action=DeleteTags&ResourceId.1=i-0a").status == 200);
  const auto all = std::get<engine::ChangeResourceTags>(
      std::get<engine::FleetCommand>(desk.commands.posted().at(0)));
  CHECK(all.removed == std::map<std::string, std::optional<std::string>>{{"Name", std::nullopt}});
  const auto some = ec2_posted_as<engine::ChangeResourceTags>(
      "Action=DeleteTags&ResourceId.1=i-0a&Tag.1.Key=a&Tag.2.Key=b&Tag.2.Value=c");
  CHECK(some.removed ==
        std::map<std::string, std::optional<std::string>>{{"a", std::nullopt}, {"b", "c"}});
  const auto set =
      ec2_posted_as<engine::ChangeResourceTags>("Action=CreateTags&ResourceId.1=i-0a&Tag.1.Key=a")
          .set;
  CHECK(set == std::map<std::string, std::string>{{"a", ""}});
}

}  // namespace tidegate::api
