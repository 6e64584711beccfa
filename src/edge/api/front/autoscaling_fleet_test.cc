// Auto Scaling's calls that change groups: what is refused before any command, what is posted, and
// what is read back.
#include <array>

#include <doctest/doctest.h>

#include "edge/api/front/operations_fixture.h"
#include "edge/api/models/autoscaling.h"

namespace tidegate::api {
namespace {

const std::string kCreate =
    "Action=CreateAutoScalingGroup&AutoScalingGroupName=new&MinSize=1&MaxSize=3";
const std::string kTemplate = "&LaunchTemplate.LaunchTemplateName=web";

/// The one command that a call posts.
template <typename Command>
Command posted(Desk& desk, const std::string& body) {
  const HttpResponse response = desk.form("autoscaling", body);
  CAPTURE(response.body);
  REQUIRE(response.status == 200);
  REQUIRE(desk.commands.posted().size() == 1);
  return std::get<Command>(std::get<engine::FleetCommand>(desk.commands.posted()[0]));
}

template <typename Command>
Command posted(const std::string& body) {
  Desk desk;
  return posted<Command>(desk, body);
}

engine::Model with_pages() {
  engine::Model model = sample::model();
  engine::GroupModel other = sample::group(model);
  other.group.name.value = "another";
  other.instances.clear();
  other.group.tags = {{"a", "1"}, {"b", "2"}};
  other.group.tags_not_propagated = {"b"};
  other.group.suspended = {{"Launch", "User suspended at now"}};
  model.groups[other.group.name] = other;
  return model;
}

}  // namespace

TEST_CASE("autoscaling: groups, policies and tags that cannot be are refused in AWS's words") {
  Desk desk;
  const std::string group = "&AutoScalingGroupName=cnt-backend-asg";
  const std::string policy = "Action=PutScalingPolicy&PolicyName=p" + group;
  const std::string tracking = policy + "&PolicyType=TargetTrackingScaling";
  const std::string configuration = tracking +
                                    "&TargetTrackingConfiguration.TargetValue=50"
                                    "&TargetTrackingConfiguration.PredefinedMetricSpecification."
                                    "PredefinedMetricType=";
  const auto check = [&](const std::string& body, const char* code, const char* part) {
    check_refusals(desk, {{"autoscaling", body, code, part}});
  };
  check(kCreate, "ValidationError", "Valid requests must contain LaunchTemplate");
  check(kCreate + "&LaunchTemplate.Version=1", "ValidationError", "either launchTemplateId or");
  check(kCreate + "&LaunchConfigurationName=lc", "InvalidParameterValue", "is not built");
  check("Action=CreateAutoScalingGroup&AutoScalingGroupName=a&MinSize=1" + kTemplate,
        "ValidationError",
        "Value null at 'maxSize'");
  check("Action=CreateAutoScalingGroup&AutoScalingGroupName=a&MinSize=-1&MaxSize=1" + kTemplate,
        "ValidationError",
        "MinSize -1 is no capacity");
  check("Action=CreateAutoScalingGroup&AutoScalingGroupName=a:b&MinSize=1&MaxSize=1" + kTemplate,
        "ValidationError",
        "must have no colon");
  check(kCreate + kTemplate + "&HealthCheckType=HTTP", "ValidationError", "Valid values are EC2");
  check(kCreate + kTemplate + "&Tags.member.1.Key=aws:x",
        "ValidationError",
        "begins with aws:, which is reserved");
  check(kCreate + kTemplate + "&Tags.member.1.Key=x&Tags.member.1.ResourceType=instance",
        "ValidationError",
        "Supported resource type is 'auto-scaling-group'");
  check(kCreate + kTemplate + "&Tags.member.1.Key=x&Tags.member.1.ResourceId=other",
        "ValidationError",
        "must be the group's name");
  check(kCreate + kTemplate +
            "&TrafficSources.member.1.Identifier=x&"
            "TrafficSources.member.1.Type=vpc-lattice",
        "ValidationError",
        "Traffic source type vpc-lattice is not built");
  check(
      "Action=CreateOrUpdateTags&Tags.member.1.Key=x", "ValidationError", "ResourceId of the tag");
  check(policy, "ValidationError", "PolicyType SimpleScaling is not built");
  check(policy + "&PolicyType=StepScaling", "ValidationError", "StepScaling is not built");
  check(policy + "&PolicyType=PredictiveScaling", "ValidationError", "PredictiveScaling is not");
  check(policy + "&PolicyType=Other", "ValidationError", "Invalid PolicyType: Other");
  check(tracking, "ValidationError", "TargetTrackingConfiguration is required");
  check(configuration + "ASGAverageMemory", "ValidationError", "ASGAverageMemory");
  check(tracking + "&TargetTrackingConfiguration.TargetValue=50",
        "ValidationError",
        "must have a PredefinedMetricSpecification");
  check(configuration + "ASGAverageCPUUtilization&Cooldown=1",
        "ValidationError",
        "Cooldown is not supported");
  check(configuration + "ASGAverageCPUUtilization&EstimatedInstanceWarmup=-1",
        "ValidationError",
        "EstimatedInstanceWarmup");
  check("Action=SetInstanceHealth&InstanceId=i-1&HealthStatus=Ill",
        "ValidationError",
        "Healthy and Unhealthy are");
  check("Action=DescribeAutoScalingInstances&MaxRecords=51", "ValidationError", "between 1 and 50");
  check(
      "Action=DescribeTags&Filters.member.1.Name=colour", "ValidationError", "auto-scaling-group");
  check("Action=DescribeLoadBalancerTargetGroups&AutoScalingGroupName=x",
        "ValidationError",
        "not found");
  check("Action=DescribeTrafficSources&AutoScalingGroupName=x", "ValidationError", "not found");
}

TEST_CASE("autoscaling: a token that is none is InvalidNextToken in every listing") {
  Desk desk;
  for (const char* const action : {"DescribeAutoScalingGroups",
                                   "DescribeAutoScalingInstances",
                                   "DescribeScalingActivities",
                                   "DescribePolicies",
                                   "DescribeTags",
                                   "DescribeLoadBalancerTargetGroups",
                                   "DescribeTrafficSources"}) {
    const std::string body = std::string{"Action="} + action + "&NextToken=x";
    const bool of_group =
        std::string{action}.ends_with("TargetGroups") || std::string{action}.ends_with("Sources");
    check_refusals(desk,
                   {{"autoscaling",
                     body + (of_group ? "&AutoScalingGroupName=cnt-backend-asg" : ""),
                     "InvalidNextToken",
                     "x"}});
  }
}

TEST_CASE("CreateAutoScalingGroup: everything that is given is in the command") {
  const auto command = posted<engine::CreateAutoScalingGroup>(
      kCreate +
      "&DesiredCapacity=2&LaunchTemplate.LaunchTemplateId=lt-1&LaunchTemplate.Version=3"
      "&AvailabilityZones.member.1=eu-west-2a&VPCZoneIdentifier=subnet-a,%20subnet-b"
      "&TargetGroupARNs.member.1=arn:1&TrafficSources.member.1.Identifier=arn:2"
      "&HealthCheckType=ELB&HealthCheckGracePeriod=7&DefaultCooldown=8&DefaultInstanceWarmup=9"
      "&TerminationPolicies.member.1=OldestInstance&NewInstancesProtectedFromScaleIn=true"
      "&Tags.member.1.Key=k&Tags.member.1.Value=v&Tags.member.1.PropagateAtLaunch=true"
      "&Tags.member.2.Key=l&Tags.member.2.ResourceId=new");
  const groups::AutoScalingGroup& group = command.group;
  using std::chrono::seconds;
  CHECK(group.name.value == "new");
  CHECK(group.min_size == 1);
  CHECK(group.max_size == 3);
  CHECK(group.desired_capacity == 2);
  CHECK(group.launch_template.id.value == "lt-1");
  CHECK(group.launch_template.version == "3");
  CHECK(command.place.zones == Names{"eu-west-2a"});
  CHECK(command.place.subnets == Names{"subnet-a", "subnet-b"});
  REQUIRE(group.target_groups.size() == 2);
  CHECK(group.target_groups[1].value == "arn:2");
  CHECK(group.health_check_type == groups::HealthCheckType::Elb);
  CHECK(group.health_check_grace_period == seconds{7});
  CHECK(group.default_cooldown == seconds{8});
  CHECK(group.default_instance_warmup == seconds{9});
  CHECK(group.termination_policies == Names{"OldestInstance"});
  CHECK(group.new_instances_protected_from_scale_in);
  CHECK(group.tags == std::map<std::string, std::string>{{"k", "v"}, {"l", ""}});
  CHECK(group.tags_not_propagated == Names{"l"});
}

TEST_CASE("CreateAutoScalingGroup: AWS's defaults where nothing is given") {
  const auto group = posted<engine::CreateAutoScalingGroup>(kCreate + kTemplate).group;
  CHECK(group.desired_capacity == 1);
  CHECK(group.launch_template.version == "$Default");
  CHECK(group.health_check_type == groups::HealthCheckType::Ec2);
  CHECK(group.health_check_grace_period == Duration::zero());
  CHECK(group.default_cooldown == std::chrono::seconds{300});
  CHECK_FALSE(group.default_instance_warmup.has_value());
  CHECK(group.termination_policies == Names{"Default"});
}

TEST_CASE("UpdateAutoScalingGroup: only what is given is in the command") {
  const std::string update = "Action=UpdateAutoScalingGroup&AutoScalingGroupName=g";
  const auto none = posted<engine::UpdateAutoScalingGroup>(update);
  CHECK_FALSE(none.min_size.has_value());
  CHECK_FALSE(none.place.has_value());
  CHECK_FALSE(none.new_instances_protected_from_scale_in.has_value());
  CHECK(none.termination_policies.empty());
  const auto some = posted<engine::UpdateAutoScalingGroup>(
      update +
      "&MinSize=0&DesiredCapacity=0&DefaultInstanceWarmup=-1&VPCZoneIdentifier=subnet-a"
      "&NewInstancesProtectedFromScaleIn=false&LaunchTemplate.LaunchTemplateName=web");
  CHECK(some.min_size == 0);
  CHECK(some.desired_capacity == 0);
  CHECK(some.default_instance_warmup == std::chrono::seconds{-1});
  CHECK(some.place->subnets == Names{"subnet-a"});
  CHECK(some.new_instances_protected_from_scale_in == false);
  CHECK(some.launch_template->name == "web");
}

TEST_CASE("autoscaling: calls on instances and groups post what they say") {
  using Desired = engine::TerminateInstance::Desired;
  const std::string of_group =
      "&AutoScalingGroupName=g&InstanceIds.member.1=i-1&InstanceIds.member.2=i-2";
  const auto standby = posted<engine::EnterStandby>("Action=EnterStandby" + of_group +
                                                    "&ShouldDecrementDesiredCapacity=true");
  CHECK(standby.instances.size() == 2);
  CHECK(standby.desired == Desired::Decrement);
  CHECK(posted<engine::DetachInstances>("Action=DetachInstances" + of_group +
                                        "&ShouldDecrementDesiredCapacity=false")
            .desired == Desired::Keep);
  CHECK(posted<engine::ExitStandby>("Action=ExitStandby" + of_group).group.value == "g");
  CHECK(posted<engine::AttachInstances>("Action=AttachInstances" + of_group).instances[1].value ==
        "i-2");
  const auto protection = posted<engine::SetInstanceProtection>(
      "Action=SetInstanceProtection" + of_group + "&ProtectedFromScaleIn=true");
  CHECK(protection.protection == engine::SetInstanceProtection::Protection::On);
  const std::string health = "Action=SetInstanceHealth&InstanceId=i-1&HealthStatus=Unhealthy";
  CHECK(posted<engine::SetInstanceHealth>(health).grace ==
        engine::SetInstanceHealth::Grace::Respect);
  CHECK(posted<engine::SetInstanceHealth>(health).status == groups::HealthStatus::Unhealthy);
  CHECK(posted<engine::SetInstanceHealth>(health + "&ShouldRespectGracePeriod=false").grace ==
        engine::SetInstanceHealth::Grace::Ignore);
  const std::string remove = "Action=DeleteAutoScalingGroup&AutoScalingGroupName=g";
  using Force = engine::DeleteAutoScalingGroup::Force;
  CHECK(posted<engine::DeleteAutoScalingGroup>(remove).force == Force::No);
  CHECK(posted<engine::DeleteAutoScalingGroup>(remove + "&ForceDelete=true").force == Force::Yes);
  const std::string processes = "&AutoScalingGroupName=g&ScalingProcesses.member.1=Launch";
  CHECK(posted<engine::SuspendProcesses>("Action=SuspendProcesses" + processes).processes ==
        Names{"Launch"});
  CHECK(posted<engine::ResumeProcesses>("Action=ResumeProcesses&AutoScalingGroupName=g")
            .processes.empty());
  const std::string arns = "&AutoScalingGroupName=g&TargetGroupARNs.member.1=arn:1";
  CHECK(posted<engine::AttachTargetGroups>("Action=AttachLoadBalancerTargetGroups" + arns)
            .target_groups.size() == 1);
  CHECK(posted<engine::DetachTargetGroups>("Action=DetachLoadBalancerTargetGroups" + arns)
            .target_groups[0]
            .value == "arn:1");
  const std::string sources = "&AutoScalingGroupName=g&TrafficSources.member.1.Identifier=arn:1";
  CHECK(posted<engine::AttachTargetGroups>("Action=AttachTrafficSources" + sources)
            .target_groups[0]
            .value == "arn:1");
  CHECK(posted<engine::DetachTargetGroups>("Action=DetachTrafficSources" + sources)
            .target_groups[0]
            .value == "arn:1");
  CHECK(posted<engine::DeletePolicy>("Action=DeletePolicy&PolicyName=p").group.empty());
  const std::string tag = "&Tags.member.1.ResourceId=g&Tags.member.1.Key=k";
  const auto tags = posted<engine::CreateOrUpdateTags>("Action=CreateOrUpdateTags" + tag).tags;
  CHECK(tags.at(0).propagate == engine::GroupTag::Propagate::No);
  CHECK(posted<engine::DeleteTags>("Action=DeleteTags" + tag).tags.at(0).key == "k");
}

TEST_CASE("PutScalingPolicy: the policy is in the command, its ARN and alarms in the answer") {
  Desk desk;
  desk.commands.answer_with([](const engine::Command& /*command*/) -> Result<engine::Answer> {
    engine::PolicyAnswer answer;
    answer.policy.arn = "arn:policy";
    answer.alarms = {{"high", "arn:high"}};
    return engine::Answer{answer};
  });
  const std::string body =
      "Action=PutScalingPolicy&AutoScalingGroupName=g&PolicyName=p&Enabled=false"
      "&PolicyType=TargetTrackingScaling&EstimatedInstanceWarmup=5&Cooldown=0"
      "&TargetTrackingConfiguration.TargetValue=50&TargetTrackingConfiguration.DisableScaleIn=true"
      "&TargetTrackingConfiguration.PredefinedMetricSpecification.PredefinedMetricType="
      "ALBRequestCountPerTarget"
      "&TargetTrackingConfiguration.PredefinedMetricSpecification.ResourceLabel=app/x";
  const Json answer = read(desk, "autoscaling", autoscaling::service(), body);
  CHECK(answer["PolicyARN"].string_or("") == "arn:policy");
  CHECK(texts(answer["Alarms"], "AlarmARN") == Names{"arn:high"});
  const auto policy = std::get<engine::PutScalingPolicy>(
                          std::get<engine::FleetCommand>(desk.commands.posted().at(0)))
                          .policy;
  CHECK(policy.target_value == 50);
  CHECK(policy.disable_scale_in);
  CHECK_FALSE(policy.enabled);
  CHECK(policy.metric == scaling::PredefinedMetric::AlbRequestCountPerTarget);
  CHECK(policy.resource_label == "app/x");
  CHECK(policy.estimated_instance_warmup == std::chrono::seconds{5});
}

TEST_CASE("autoscaling: instances, tags and target groups are listed, by page and filter") {
  engine::Model model = with_pages();
  sample::add_instance(model, "i-0b", "eu-west-2b");
  Desk desk{model};
  const auto ask = [&](const std::string& body) {
    return read(desk, "autoscaling", autoscaling::service(), "Action=" + body);
  };
  Json answer = ask("DescribeAutoScalingInstances");
  CHECK(texts(answer["AutoScalingInstances"], "HealthStatus") == Names{"HEALTHY", "HEALTHY"});
  answer = ask("DescribeAutoScalingInstances&MaxRecords=1");
  CHECK(answer["AutoScalingInstances"].items().size() == 1);
  answer = ask("DescribeAutoScalingInstances&NextToken=" +
               percent_encode(answer["NextToken"].string_or("")));
  CHECK(texts(answer["AutoScalingInstances"], "InstanceId") == Names{"i-0b"});
  answer = ask("DescribeAutoScalingInstances&InstanceIds.member.1=i-0b&InstanceIds.member.2=i-x");
  CHECK(texts(answer["AutoScalingInstances"], "AvailabilityZone") == Names{"eu-west-2b"});
  const std::string filter = "DescribeTags&Filters.member.1.Values.member.1=";
  const auto keys = [&](const std::string& value, const std::string& name) {
    return texts(ask(filter + value + "&Filters.member.1.Name=" + name)["Tags"], "Key");
  };
  CHECK(texts(ask("DescribeTags")["Tags"], "Key") == Names{"a", "b", "Name"});
  CHECK(keys("another", "auto-scaling-group") == Names{"a", "b"});
  CHECK(keys("Name", "key") == Names{"Name"});
  CHECK(keys("2", "value") == Names{"b"});
  CHECK(keys("false", "propagate-at-launch") == Names{"b"});
  answer = ask("DescribeTags&MaxRecords=1");
  CHECK(texts(ask("DescribeTags&MaxRecords=1&NextToken=" +
                  percent_encode(answer["NextToken"].string_or("")))["Tags"],
              "Key") == Names{"b"});
  const std::string of_group = "&AutoScalingGroupName=cnt-backend-asg";
  answer = ask("DescribeLoadBalancerTargetGroups" + of_group);
  CHECK(texts(answer["LoadBalancerTargetGroups"], "LoadBalancerTargetGroupARN") ==
        Names{sample::target_group_arn().value});
  answer = ask("DescribeTrafficSources" + of_group);
  CHECK(texts(answer["TrafficSources"], "Type") == Names{"elbv2"});
  CHECK(ask("DescribeTrafficSources&TrafficSourceType=elb" + of_group)["TrafficSources"]
            .items()
            .empty());
  answer = ask("DescribeAutoScalingGroups&AutoScalingGroupNames.member.1=another");
  CHECK(texts(answer["AutoScalingGroups"].items()[0]["SuspendedProcesses"], "ProcessName") ==
        Names{"Launch"});
}

TEST_CASE("autoscaling: what it knows by name") {
  Desk desk{with_pages()};
  const auto ask = [&](const std::string& action) {
    return read(desk, "autoscaling", autoscaling::service(), "Action=" + action);
  };
  CHECK(texts(ask("DescribeAdjustmentTypes")["AdjustmentTypes"], "AdjustmentType") ==
        Names{"ChangeInCapacity", "ExactCapacity", "PercentChangeInCapacity"});
  CHECK(ask("DescribeMetricCollectionTypes")["Metrics"].items().size() == 8);
  CHECK(texts(ask("DescribeMetricCollectionTypes")["Granularities"], "Granularity") ==
        Names{"1Minute"});
  const auto processes = texts(ask("DescribeScalingProcessTypes")["Processes"], "ProcessName");
  CHECK(processes == Names{"AZRebalance",
                           "AddToLoadBalancer",
                           "AlarmNotification",
                           "HealthCheck",
                           "InstanceRefresh",
                           "Launch",
                           "ReplaceUnhealthy",
                           "ScheduledActions",
                           "Terminate"});
  CHECK(ask("DescribeTerminationPolicyTypes")["TerminationPolicyTypes"].items().size() == 7);
  const Json limits = ask("DescribeAccountLimits");
  CHECK(limits["MaxNumberOfAutoScalingGroups"].int_or(0) == 500);
  CHECK(limits["NumberOfAutoScalingGroups"].int_or(0) == 2);
}

}  // namespace tidegate::api
