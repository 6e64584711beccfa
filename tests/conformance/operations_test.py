#!/usr/bin/env python3
"""Auto Scaling, EC2, CloudWatch, ElastiCache and STS by each of AWS's clients, against a real control plane.

usage: operations_test.py PROGRAMS TOOLS      (inside tools/in-netns.sh; TOOLS is made by make_clients.py)
"""

import base64
import datetime

import conformance
import harness
from clients import Refused

USER_DATA = base64.b64encode(b"#!/bin/sh\necho up; exec sleep 1000000\n").decode()
STACK = """
Metadata:
  Tidegate:
    Images: { ami-0123456789abcdef0: { Process: { Layers: [host] } } }
    InstanceTypes: { t3.nano: { VCpus: 0.1, MemoryMiB: 64 } }  # all clients' instances fit a small machine at once
Resources:
  Small:
    Type: AWS::EC2::LaunchTemplate
    Properties: { LaunchTemplateData: { ImageId: ami-0123456789abcdef0, InstanceType: t3.nano } }
  Redis:
    Type: AWS::ElastiCache::CacheCluster
    Properties:
      { ClusterName: rooms, Engine: redis, EngineVersion: 7.0, CacheNodeType: cache.t3.micro, NumCacheNodes: 1 }
"""


def calls(client, service):
    """call(operation, **input) of one service."""
    return lambda operation, **given: client.call(service, operation, **given)


def name_of(client):
    return f"fleet{client.number}"


def time_text(minutes):
    """So many minutes from now, on the minute."""
    when = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=minutes)
    return when.strftime("%Y-%m-%dT%H:%M:00Z")


def test_identity_and_cache(tidegate, clients):
    """Each client learns who it is, and reads the cache cluster of a stack."""
    clients[0].call("cloudformation", "CreateStack", StackName="cache", TemplateBody=STACK)
    clients[0].wait("cloudformation", "StackCreateComplete", StackName="cache")

    def ask(client):
        identity = client.call("sts", "GetCallerIdentity")
        harness.check(identity["Arn"] == "arn:aws:iam::000000000000:root", str(identity))
        shown = client.call("elasticache", "DescribeCacheClusters", CacheClusterId="rooms", ShowCacheNodeInfo=True)
        (cluster,) = shown["CacheClusters"]
        harness.check((cluster["CacheClusterStatus"], cluster["CacheNodeType"]) == ("available", "cache.t3.micro"),
                      str(cluster))
        harness.check(cluster["CacheNodes"][0]["Endpoint"]["Port"] == 6379, str(cluster))
    conformance.at_once(clients, ask)


def test_launch_templates(_tidegate, client):
    """Each client makes a launch template, gives it versions and a default, and reads them."""
    call, name = calls(client, "ec2"), name_of(client)
    made = call("CreateLaunchTemplate", LaunchTemplateName=name, LaunchTemplateData={
        "ImageId": "ami-host", "InstanceType": "t3.nano", "UserData": USER_DATA})["LaunchTemplate"]
    harness.check(made["LatestVersionNumber"] == 1, str(made))
    for number in (2, 3):
        version = call("CreateLaunchTemplateVersion", LaunchTemplateName=name, SourceVersion="1",
                       LaunchTemplateData={"InstanceType": "t3.micro"})["LaunchTemplateVersion"]
        harness.check(version["VersionNumber"] == number, str(version))
    changed = call("ModifyLaunchTemplate", LaunchTemplateName=name, DefaultVersion="2")["LaunchTemplate"]
    harness.check(changed["DefaultVersionNumber"] == 2, str(changed))
    gone = call("DeleteLaunchTemplateVersions", LaunchTemplateName=name, Versions=["3"])
    harness.check(gone["SuccessfullyDeletedLaunchTemplateVersions"][0]["VersionNumber"] == 3, str(gone))
    shown = call("DescribeLaunchTemplates", LaunchTemplateNames=[name])["LaunchTemplates"]
    harness.check([(t["DefaultVersionNumber"], t["LatestVersionNumber"]) for t in shown] == [(2, 2)] or
                  [(t["DefaultVersionNumber"], t["LatestVersionNumber"]) for t in shown] == [(2, 3)], str(shown))
    versions = call("DescribeLaunchTemplateVersions", LaunchTemplateName=name)["LaunchTemplateVersions"]
    harness.check([v["LaunchTemplateData"]["InstanceType"] for v in versions] == ["t3.micro", "t3.nano"], str(versions))
    harness.check({v["LaunchTemplateData"]["UserData"] for v in versions} == {USER_DATA}, str(versions))


def test_what_there_is(_tidegate, client):
    """Each client reads the places, images, types and words that its calls may name."""
    call = calls(client, "ec2")
    zones = [z["ZoneName"] for z in call("DescribeAvailabilityZones")["AvailabilityZones"]]
    harness.check(zones == ["eu-west-2a", "eu-west-2b", "eu-west-2c"], str(zones))
    (vpc,) = call("DescribeVpcs", Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
    inside = {"Filters": [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]}
    harness.check(len(call("DescribeSubnets", **inside)["Subnets"]) >= 3, "fewer subnets than zones")
    harness.check(call("DescribeSecurityGroups", **inside)["SecurityGroups"][0]["GroupName"] == "default", "its group")
    harness.check(call("DescribeImages", ImageIds=["ami-host"])["Images"][0]["State"] == "available", "the host's image")
    (nano,) = call("DescribeInstanceTypes", InstanceTypes=["t3.nano"])["InstanceTypes"]
    harness.check(nano["MemoryInfo"]["SizeInMiB"] <= 512, str(nano))
    attributes = call("DescribeAccountAttributes", AttributeNames=["default-vpc"])["AccountAttributes"]
    harness.check(attributes[0]["AttributeValues"][0]["AttributeValue"] == vpc["VpcId"], str(attributes))
    call = calls(client, "autoscaling")
    harness.check(call("DescribeAccountLimits")["MaxNumberOfAutoScalingGroups"] > 0, "the limits")
    for operation, member, word in (
            ("DescribeAdjustmentTypes", "AdjustmentTypes", {"AdjustmentType": "ExactCapacity"}),
            ("DescribeMetricCollectionTypes", "Metrics", {"Metric": "GroupMinSize"}),
            ("DescribeScalingProcessTypes", "Processes", {"ProcessName": "Launch"}),
            ("DescribeTerminationPolicyTypes", "TerminationPolicyTypes", "Default")):
        answer = call(operation)
        harness.check(word in answer[member], f"{operation}: {answer}")


def test_lone_instance(_tidegate, client):
    """Each client runs an instance outside groups, tags it, reads it and ends it."""
    call = calls(client, "ec2")
    template = {"LaunchTemplateName": name_of(client), "Version": "1"}
    (made,) = call("RunInstances", LaunchTemplate=template, MinCount=1, MaxCount=1)["Instances"]
    lone = made["InstanceId"]
    client.wait("ec2", "InstanceRunning", InstanceIds=[lone])
    call("CreateTags", Resources=[lone], Tags=[{"Key": "by", "Value": client.name}, {"Key": "b", "Value": "2"}])
    call("DeleteTags", Resources=[lone], Tags=[{"Key": "b"}])
    tags = call("DescribeTags", Filters=[{"Name": "resource-id", "Values": [lone]}])["Tags"]
    harness.check([(t["Key"], t["Value"]) for t in tags] == [("by", client.name)], str(tags))
    shown = call("DescribeInstances", Filters=[{"Name": "tag:by", "Values": [client.name]}])["Reservations"]
    harness.check([i["InstanceId"] for r in shown for i in r["Instances"]] == [lone], str(shown))
    statuses = call("DescribeInstanceStatus", InstanceIds=[lone])["InstanceStatuses"]
    harness.check(statuses[0]["InstanceState"]["Name"] == "running", str(statuses))
    kind = call("DescribeInstanceAttribute", InstanceId=lone, Attribute="instanceType")
    harness.check(kind["InstanceType"]["Value"] == "t3.nano", str(kind))
    said = harness.wait_for("its console", lambda: call("GetConsoleOutput", InstanceId=lone).get("Output"))
    harness.check("up" in said or "up" in base64.b64decode(said).decode(), said)  # the JavaScript SDK leaves it packed
    ended = call("TerminateInstances", InstanceIds=[lone])["TerminatingInstances"]
    harness.check(ended[0]["CurrentState"]["Name"] == "shutting-down", str(ended))
    client.wait("ec2", "InstanceTerminated", InstanceIds=[lone])


def wait_states(client, *wanted):
    """The ids of the instances of the client's group, once their states are these."""
    name = name_of(client)

    def ids():
        (group,) = client.call("autoscaling", "DescribeAutoScalingGroups", AutoScalingGroupNames=[name])[
            "AutoScalingGroups"]
        return sorted(i["LifecycleState"] for i in group.get("Instances") or []) == sorted(wanted) and (
            [i["InstanceId"] for i in group.get("Instances") or []] or True)
    try:
        return harness.wait_for(f"{name}: {wanted}", ids)
    except harness.Failed as late:
        seen = client.call("autoscaling", "DescribeScalingActivities", AutoScalingGroupName=name)["Activities"]
        raise harness.Failed(f"{late}; its activities: {seen}") from late


def test_groups(_tidegate, client):
    """Each client makes a group, changes it, tags it, suspends it and gives it a policy."""
    call, name = calls(client, "autoscaling"), name_of(client)
    me = {"AutoScalingGroupName": name}
    call("CreateAutoScalingGroup", **me, MinSize=0, MaxSize=2, DesiredCapacity=1, HealthCheckGracePeriod=0,
         LaunchTemplate={"LaunchTemplateName": name, "Version": "1"}, AvailabilityZones=["eu-west-2a"])
    (instance,) = wait_states(client, "InService")
    call("UpdateAutoScalingGroup", **me, MaxSize=3, DefaultCooldown=1)
    call("SetDesiredCapacity", **me, DesiredCapacity=1)
    (shown,) = call("DescribeAutoScalingInstances", InstanceIds=[instance])["AutoScalingInstances"]
    harness.check((shown["AutoScalingGroupName"], shown["LifecycleState"]) == (name, "InService"), str(shown))
    activities = call("DescribeScalingActivities", **me)["Activities"]
    harness.check([a["StatusCode"] for a in activities] == ["Successful"], str(activities))
    call("SuspendProcesses", **me, ScalingProcesses=["AZRebalance"])
    call("ResumeProcesses", **me)
    tag = {"ResourceId": name, "ResourceType": "auto-scaling-group", "Key": "by"}
    call("CreateOrUpdateTags", Tags=[tag | {"Value": client.name, "PropagateAtLaunch": False}])
    mine = [{"Name": "auto-scaling-group", "Values": [name]}]
    tags = call("DescribeTags", Filters=mine)["Tags"]
    harness.check([t["Value"] for t in tags] == [client.name], str(tags))
    call("DeleteTags", Tags=[tag])
    harness.check(not call("DescribeTags", Filters=mine).get("Tags"), "the tag is still there")
    tracking = {"TargetValue": 50.0,
                "PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"}}
    made = call("PutScalingPolicy", **me, PolicyName="cpu", PolicyType="TargetTrackingScaling",
                TargetTrackingConfiguration=tracking)
    harness.check(len(made["Alarms"]) == 2, str(made))
    policies = call("DescribePolicies", **me)["ScalingPolicies"]
    harness.check([p["PolicyARN"] for p in policies] == [made["PolicyARN"]], str(policies))
    call("DeletePolicy", **me, PolicyName="cpu")
    harness.check(not call("DescribePolicies", **me).get("ScalingPolicies"), "the policy is still there")


def test_members(_tidegate, client):
    """Each client takes an instance to Standby, out of its group and back, protects it, and ends it."""
    call, name = calls(client, "autoscaling"), name_of(client)
    me = {"AutoScalingGroupName": name}
    (instance,) = wait_states(client, "InService")
    it = {"InstanceIds": [instance]}
    call("EnterStandby", **me, **it, ShouldDecrementDesiredCapacity=True)
    wait_states(client, "Standby")
    call("ExitStandby", **me, **it)
    wait_states(client, "InService")
    call("DetachInstances", **me, **it, ShouldDecrementDesiredCapacity=True)
    wait_states(client)
    call("AttachInstances", **me, **it)
    wait_states(client, "InService")
    call("SetInstanceProtection", **me, **it, ProtectedFromScaleIn=True)
    call("SetInstanceHealth", InstanceId=instance, HealthStatus="Healthy")
    ended = call("TerminateInstanceInAutoScalingGroup", InstanceId=instance, ShouldDecrementDesiredCapacity=True)
    harness.check(instance in ended["Activity"]["Description"], str(ended))
    wait_states(client)


def test_attachments(_tidegate, client):
    """Each client attaches target groups to its group in both ways, and takes them off."""
    call, name = calls(client, "autoscaling"), name_of(client)
    me = {"AutoScalingGroupName": name}
    made = client.call("elbv2", "CreateTargetGroup", Name=name, Protocol="HTTP", Port=80, TargetType="instance")
    arn = made["TargetGroups"][0]["TargetGroupArn"]
    call("AttachLoadBalancerTargetGroups", **me, TargetGroupARNs=[arn])
    shown = call("DescribeLoadBalancerTargetGroups", **me)["LoadBalancerTargetGroups"]
    harness.check([g["LoadBalancerTargetGroupARN"] for g in shown] == [arn], str(shown))
    call("DetachLoadBalancerTargetGroups", **me, TargetGroupARNs=[arn])
    sources = [{"Identifier": arn}]  # aws cli 2.9 knows no other member
    call("AttachTrafficSources", **me, TrafficSources=sources)
    shown = call("DescribeTrafficSources", **me, TrafficSourceType="elbv2")["TrafficSources"]
    harness.check(len(shown) == 1 and arn in shown[0].values(), str(shown))
    call("DetachTrafficSources", **me, TrafficSources=sources)
    harness.wait_for("it is detached", lambda: not call("DescribeTrafficSources", **me, TrafficSourceType="elbv2").get(
        "TrafficSources"))


def test_metrics(_tidegate, client):
    """Each client puts points in and reads them back, one by one and as an expression."""
    call = calls(client, "cloudwatch")
    metric = {"Namespace": f"App{client.number}", "MetricName": "Jobs"}
    when = time_text(0)
    call("PutMetricData", Namespace=metric["Namespace"],
         MetricData=[{"MetricName": "Jobs", "Value": 7, "Unit": "Count", "Timestamp": when}])
    window = {"StartTime": time_text(-10), "EndTime": time_text(5)}
    (point,) = call("GetMetricStatistics", **metric, **window, Period=60, Statistics=["Sum"])["Datapoints"]
    harness.check((point["Sum"], point["Unit"]) == (7, "Count"), str(point))
    queries = [{"Id": "jobs", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}, "ReturnData": False},
               {"Id": "twice", "Expression": "jobs * 2"}]
    (result,) = call("GetMetricData", **window, MetricDataQueries=queries)["MetricDataResults"]
    harness.check((result["Id"], result["Values"]) == ("twice", [14]), str(result))
    listed = call("ListMetrics", Namespace=metric["Namespace"])["Metrics"]
    harness.check([m["MetricName"] for m in listed] == ["Jobs"], str(listed))


def test_alarms(_tidegate, client):
    """Each client makes an alarm, sets its state, reads its history, tags it and deletes it."""
    call, name = calls(client, "cloudwatch"), f"jobs{client.number}"
    metric = {"Namespace": f"App{client.number}", "MetricName": "Jobs"}
    call("PutMetricAlarm", AlarmName=name, **metric, Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=100,
         ComparisonOperator="GreaterThanThreshold", TreatMissingData="ignore")
    call("SetAlarmState", AlarmName=name, StateValue="ALARM", StateReason="by hand")
    call("DisableAlarmActions", AlarmNames=[name])
    (alarm,) = call("DescribeAlarms", AlarmNames=[name])["MetricAlarms"]
    harness.check(alarm["ActionsEnabled"] is False and alarm["Threshold"] == 100, str(alarm))
    call("EnableAlarmActions", AlarmNames=[name])
    (alarm,) = call("DescribeAlarmsForMetric", **metric)["MetricAlarms"]
    harness.check(alarm["ActionsEnabled"] is True and alarm["AlarmName"] == name, str(alarm))
    history = call("DescribeAlarmHistory", AlarmName=name, HistoryItemType="StateUpdate")["AlarmHistoryItems"]
    harness.check(any("to ALARM" in item["HistorySummary"] for item in history), str(history))
    arn = {"ResourceARN": alarm["AlarmArn"]}
    call("TagResource", **arn, Tags=[{"Key": "by", "Value": client.name}, {"Key": "b", "Value": "2"}])
    call("UntagResource", **arn, TagKeys=["b"])
    tags = call("ListTagsForResource", **arn)["Tags"]
    harness.check(tags == [{"Key": "by", "Value": client.name}], str(tags))
    call("DeleteAlarms", AlarmNames=[name])
    harness.check(not call("DescribeAlarms", AlarmNames=[name]).get("MetricAlarms"), "the alarm is still there")


# Operations without any input: their one wrong call is a wrong signature.
FORGED = [("autoscaling", "DescribeAccountLimits"), ("autoscaling", "DescribeAdjustmentTypes"),
          ("autoscaling", "DescribeMetricCollectionTypes"), ("autoscaling", "DescribeScalingProcessTypes"),
          ("autoscaling", "DescribeTerminationPolicyTypes"), ("elbv2", "DescribeAccountLimits"),
          ("sts", "GetCallerIdentity")]


def wrong_of_autoscaling(name):
    """operation, input, code: one wrong call for each operation that has an input."""
    none, me, it = {"AutoScalingGroupName": "none"}, {"AutoScalingGroupName": name}, {"InstanceIds": ["i-0123456789abcdef0"]}
    arn = "arn:aws:elasticloadbalancing:eu-west-2:000000000000:targetgroup/x/1"
    sizes = {"MinSize": 0, "MaxSize": 1, "AvailabilityZones": ["eu-west-2a"]}
    tag = {"ResourceId": "none", "ResourceType": "auto-scaling-group", "Key": "by", "PropagateAtLaunch": False}
    token = {"NextToken": "none"}
    down = {"ShouldDecrementDesiredCapacity": True}
    return [
        ("CreateAutoScalingGroup", me | sizes | {"LaunchTemplate": {"LaunchTemplateName": name}}, "AlreadyExists"),
        ("UpdateAutoScalingGroup", none | {"MaxSize": 1}, "ValidationError"),
        ("DeleteAutoScalingGroup", none, "ValidationError"),
        ("DescribeAutoScalingGroups", token, "InvalidNextToken"),
        ("DescribeAutoScalingInstances", token, "InvalidNextToken"),
        ("DescribeScalingActivities", none, "ValidationError"),
        ("DescribePolicies", token, "InvalidNextToken"),
        ("DescribeTags", token, "InvalidNextToken"),
        ("DescribeLoadBalancerTargetGroups", none, "ValidationError"),
        ("DescribeTrafficSources", none | {"TrafficSourceType": "elbv2"}, "ValidationError"),
        ("AttachInstances", none | it, "ValidationError"),
        ("DetachInstances", me | it | down, "ValidationError"),
        ("EnterStandby", me | it | down, "ValidationError"),
        ("ExitStandby", me | it, "ValidationError"),
        ("SetInstanceProtection", me | it | {"ProtectedFromScaleIn": True}, "ValidationError"),
        ("SetInstanceHealth", {"InstanceId": it["InstanceIds"][0], "HealthStatus": "Healthy"}, "ValidationError"),
        ("TerminateInstanceInAutoScalingGroup", {"InstanceId": it["InstanceIds"][0]} | down, "ValidationError"),
        ("AttachLoadBalancerTargetGroups", me | {"TargetGroupARNs": [arn]}, "ValidationError"),
        ("DetachLoadBalancerTargetGroups", none | {"TargetGroupARNs": [arn]}, "ValidationError"),
        ("AttachTrafficSources", me | {"TrafficSources": [{"Identifier": arn}]}, "ValidationError"),
        ("DetachTrafficSources", none | {"TrafficSources": [{"Identifier": arn}]}, "ValidationError"),
        ("CreateOrUpdateTags", {"Tags": [tag]}, "ValidationError"),
        ("DeleteTags", {"Tags": [tag]}, "ValidationError"),
        ("PutScalingPolicy", me | {"PolicyName": "step", "PolicyType": "StepScaling"}, "ValidationError"),
        ("DeletePolicy", none | {"PolicyName": "x"}, "ValidationError"),
        ("SetDesiredCapacity", me | {"DesiredCapacity": 9}, "ValidationError"),
        ("SuspendProcesses", me | {"ScalingProcesses": ["None"]}, "ValidationError"),
        ("ResumeProcesses", none, "ValidationError"),
    ]


def wrong_of_ec2(name):
    instance, image = "i-0123456789abcdef0", {"ImageId": "ami-host"}
    missing, template = {"LaunchTemplateId": "lt-0123456789abcdef0"}, "InvalidLaunchTemplateId.NotFound"
    return [
        ("CreateLaunchTemplate", {"LaunchTemplateName": name, "LaunchTemplateData": image},
         "InvalidLaunchTemplateName.AlreadyExistsException"),
        ("CreateLaunchTemplateVersion", missing | {"LaunchTemplateData": image}, template),
        ("ModifyLaunchTemplate", missing | {"DefaultVersion": "1"}, template),
        ("DeleteLaunchTemplate", missing, template),
        ("DeleteLaunchTemplateVersions", missing | {"Versions": ["1"]}, template),
        ("DescribeLaunchTemplates", {"LaunchTemplateIds": [missing["LaunchTemplateId"]]}, template),
        ("DescribeLaunchTemplateVersions", missing, template),
        ("DescribeImages", {"ImageIds": ["ami-1"]}, "InvalidAMIID.NotFound"),
        ("DescribeAvailabilityZones", {"ZoneNames": ["none"]}, "InvalidParameterValue"),
        ("DescribeSubnets", {"SubnetIds": ["subnet-1"]}, "InvalidSubnetID.NotFound"),
        ("DescribeVpcs", {"VpcIds": ["vpc-1"]}, "InvalidVpcID.NotFound"),
        ("DescribeSecurityGroups", {"GroupIds": ["sg-1"]}, "InvalidGroup.NotFound"),
        ("DescribeInstanceTypes", {"NextToken": "none"}, "InvalidParameterValue"),
        ("DescribeAccountAttributes", {"AttributeNames": ["none"]}, "InvalidParameterValue"),
        ("DescribeInstances", {"InstanceIds": [instance]}, "InvalidInstanceID.NotFound"),
        ("DescribeInstanceStatus", {"InstanceIds": [instance]}, "InvalidInstanceID.NotFound"),
        ("DescribeInstanceAttribute", {"InstanceId": instance, "Attribute": "instanceType"},
         "InvalidInstanceID.NotFound"),
        ("GetConsoleOutput", {"InstanceId": instance}, "InvalidInstanceID.NotFound"),
        ("RunInstances", {"ImageId": "ami-1", "InstanceType": "t3.nano", "MinCount": 1, "MaxCount": 1},
         "InvalidAMIID.NotFound"),
        ("TerminateInstances", {"InstanceIds": [instance]}, "InvalidInstanceID.NotFound"),
        ("CreateTags", {"Resources": [instance], "Tags": [{"Key": "a", "Value": "b"}]}, "InvalidInstanceID.NotFound"),
        ("DeleteTags", {"Resources": [instance], "Tags": [{"Key": "a"}]}, "InvalidInstanceID.NotFound"),
        ("DescribeTags", {"NextToken": "none"}, "InvalidParameterValue"),
    ]


def wrong_of_cloudwatch(_name):
    window = {"StartTime": time_text(0), "EndTime": time_text(-5)}
    metric, gone = {"Namespace": "App", "MetricName": "Jobs"}, {"AlarmNames": ["none"]}
    arn = {"ResourceARN": "arn:aws:cloudwatch:eu-west-2:000000000000:alarm:none"}
    query = {"Id": "Bad", "Expression": "1"}
    return [
        ("PutMetricData", {"Namespace": "AWS/EC2", "MetricData": [{"MetricName": "x", "Value": 1}]},
         "InvalidParameterValue"),
        ("GetMetricStatistics", metric | window | {"Period": 60, "Statistics": ["Sum"]}, "InvalidParameterValue"),
        ("GetMetricData", window | {"MetricDataQueries": [query]}, "ValidationError"),
        ("ListMetrics", {"NextToken": "none"}, "InvalidParameterValue"),
        ("PutMetricAlarm", metric | {"AlarmName": "x", "Statistic": "Sum", "Period": 7, "EvaluationPeriods": 1,
                                     "Threshold": 1, "ComparisonOperator": "GreaterThanThreshold"}, "InvalidParameterValue"),
        ("DescribeAlarms", {"NextToken": "none"}, "InvalidNextToken"),
        ("DescribeAlarmsForMetric", metric | {"Statistic": "Median"}, "InvalidParameterValue"),
        ("DescribeAlarmHistory", {"NextToken": "none"}, "InvalidNextToken"),
        ("SetAlarmState", {"AlarmName": "none", "StateValue": "OK", "StateReason": "x"}, "ResourceNotFound"),
        ("EnableAlarmActions", {"AlarmNames": [f"a{i}" for i in range(101)]}, "InvalidParameterValue"),
        ("DisableAlarmActions", {"AlarmNames": [f"a{i}" for i in range(101)]}, "InvalidParameterValue"),
        ("DeleteAlarms", gone, "ResourceNotFound"),
        ("TagResource", arn | {"Tags": [{"Key": "a", "Value": "b"}]}, "ResourceNotFoundException"),
        ("UntagResource", arn | {"TagKeys": ["a"]}, "ResourceNotFoundException"),
        ("ListTagsForResource", arn, "ResourceNotFoundException"),
    ]


def test_wrong_calls(_tidegate, client):
    """Each client gets AWS's code for each operation's wrong call."""
    name = name_of(client)
    all_wrong = [(service, client.call, *one) for service, table in (
        ("autoscaling", wrong_of_autoscaling), ("ec2", wrong_of_ec2), ("cloudwatch", wrong_of_cloudwatch),
    ) for one in table(name)]
    all_wrong += [(service, client.forged, operation, {}, "SignatureDoesNotMatch") for service, operation in FORGED]
    all_wrong.append(("elasticache", client.call, "DescribeCacheClusters", {"CacheClusterId": "none"},
                      "CacheClusterNotFound"))
    others = []
    for service, call, operation, given, code in all_wrong:
        try:
            call(service, operation, **given)
            others.append(f"{service} {operation}: no error, not {code}")
        except Refused as refused:
            # JS and boto3 name the shape where it is modelled, aws cli the code; both are AWS's.
            if refused.code not in (code, code + "Fault", code + "Exception"):
                others.append(f"{service} {operation}: {refused}, not {code}")
    harness.check(not others, "\n".join(others))


def test_deletes(_tidegate, client):
    """Each client deletes its group with what it runs, and its launch template."""
    client.call("autoscaling", "DeleteAutoScalingGroup", AutoScalingGroupName=name_of(client), ForceDelete=True)
    client.call("ec2", "DeleteLaunchTemplate", LaunchTemplateName=name_of(client))
    shown = client.call("ec2", "DescribeLaunchTemplates")["LaunchTemplates"]
    harness.check(name_of(client) not in [t["LaunchTemplateName"] for t in shown], str(shown))


if __name__ == "__main__":
    conformance.main(globals())
