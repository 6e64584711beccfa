#!/usr/bin/env python3
"""Every error code that AWS documents for an operation, by the call that provokes it, against a real control plane.

usage: errors_test.py PROGRAMS TOOLS      (inside tools/in-netns.sh; TOOLS is made by make_clients.py)

The tables go operation → code → input; boto3 alone asks, as what a code is called is the server's. What the other programs
provoke already is not asked again. every_operation_test.py counts: each pair of operation and code that AWS documents is
provoked here or there, or tools/codegen/never_answered.json says why it cannot be.
"""

import concurrent.futures
import json

import conformance
import harness
from clients import Refused, boto_alone

NOBODY = "arn:aws:elasticloadbalancing:eu-west-2:000000000000:"
NO = {"balancer": NOBODY + "loadbalancer/app/x/1", "group": NOBODY + "targetgroup/x/1",
      "listener": NOBODY + "listener/app/x/1/1", "rule": NOBODY + "listener-rule/app/x/1/1/1",
      "trust store": NOBODY + "truststore/x/1"}
CERTIFICATE = {"CertificateArn": "arn:aws:acm:eu-west-2:000000000000:certificate/x"}
MANY_TAGS = [{"Key": f"k{i}", "Value": ""} for i in range(51)]
PATH = [{"Field": "path-pattern", "Values": ["/x"]}]
ALARM = {"Namespace": "App", "MetricName": "Jobs", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1, "Threshold": 1,
         "ComparisonOperator": "GreaterThanThreshold"}
ROLE = json.dumps({"Resources": {"R": {"Type": "AWS::IAM::Role"}}})


def provoke(client, service, table):
    """Makes the table's calls; fails with a sentence for each that was not refused with its code."""
    others = []
    for operation, codes in table.items():
        for code, given in codes.items():
            try:
                client.call(service, operation, **given)
                others.append(f"{service} {operation}: no error, not {code}")
            except Refused as refused:
                if refused.code not in (code, code + "Exception", code + "Fault"):  # boto3 may name the shape
                    others.append(f"{service} {operation}: {refused}, not {code}")
    harness.check(not others, "\n".join(others))


def calls(client, service):
    return lambda operation, **given: client.call(service, operation, **given)


def at_once(call, inputs):
    """call(**each of inputs), several at the same time; their answers in order."""
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        return list(pool.map(lambda given: call(**given), inputs))


def forward(arn):
    return [{"Type": "forward", "TargetGroupArn": arn}]


class Balancer:
    """A load balancer with a listener on `port`, its target group and a rule of priority 10."""

    def __init__(self, client, name, port=80):
        self.call = calls(client, "elbv2")
        subnets = client.call("ec2", "DescribeSubnets")["Subnets"]
        self.subnets = [subnet["SubnetId"] for subnet in subnets][:2]
        self.arn = self.call("CreateLoadBalancer", Name=name, Subnets=self.subnets)["LoadBalancers"][0]["LoadBalancerArn"]
        self.group = self.make_group(name)
        self.listener = self.make_listener(port)
        self.rule = self.make_rule(10, self.group)
        rules = self.call("DescribeRules", ListenerArn=self.listener)["Rules"]
        self.standard = next(rule["RuleArn"] for rule in rules if rule["IsDefault"])

    def make_group(self, name):
        made = self.call("CreateTargetGroup", Name=name, Protocol="HTTP", Port=8000, TargetType="ip")
        return made["TargetGroups"][0]["TargetGroupArn"]

    def make_listener(self, port):
        made = self.call("CreateListener", LoadBalancerArn=self.arn, Protocol="HTTP", Port=port,
                         DefaultActions=forward(self.group))
        return made["Listeners"][0]["ListenerArn"]

    def make_rule(self, priority, group):
        made = self.call("CreateRule", ListenerArn=self.listener, Priority=priority, Conditions=PATH, Actions=forward(group))
        return made["Rules"][0]["RuleArn"]

    def new_listener(self, **more):
        """The input of a CreateListener that would succeed, but for `more`."""
        return {"LoadBalancerArn": self.arn, "Protocol": "HTTP", "Port": 999, "DefaultActions": forward(self.group)} | more

    def new_rule(self, **more):
        return {"ListenerArn": self.listener, "Priority": 999, "Conditions": PATH, "Actions": forward(self.group)} | more


def wrong_actions(web, other):
    """code → actions, for the four operations that have actions."""
    return {"TargetGroupNotFound": forward(NO["group"]), "TargetGroupAssociationLimit": forward(other.group),
            "TooManyActions": forward(web.group) * 6,
            "InvalidLoadBalancerAction": [{"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301"}}]}


WRONG_TLS = {  # code → members, for both operations that have them
    "TooManyCertificates": {"Protocol": "HTTPS", "Certificates": [CERTIFICATE, CERTIFICATE]},
    "CertificateNotFound": {"Protocol": "HTTPS", "Certificates": [CERTIFICATE]},
    "SSLPolicyNotFound": {"Protocol": "HTTPS", "SslPolicy": "ELBSecurityPolicy-2016-08"},
    "ALPNPolicyNotFound": {"AlpnPolicy": ["HTTP2Only"]},
    "TrustStoreNotFound": {"MutualAuthentication": {"Mode": "verify", "TrustStoreArn": NO["trust store"]}},
    "InvalidConfigurationRequest": {"MutualAuthentication": {"Mode": "passthrough"}},
    "UnsupportedProtocol": {"Protocol": "HTTPS"}}


def wrong_of_balancers(web):
    create = {"Name": "new", "Subnets": web.subnets}
    it, missing = {"LoadBalancerArn": web.arn}, {"LoadBalancerArn": NO["balancer"]}
    address = [{"SubnetId": subnet, "AllocationId": "eipalloc-1"} for subnet in web.subnets]
    attributes = {"Attributes": [{"Key": "access_logs.s3.enabled", "Value": "true"}]}
    return {
        "CreateLoadBalancer": {
            "InvalidConfigurationRequest": create | {"IpAddressType": "dualstack"},
            "InvalidSubnet": create | {"Subnets": ["a", "b"]},
            "InvalidSecurityGroup": create | {"SecurityGroups": ["default"]},
            "TooManyTags": create | {"Tags": MANY_TAGS},
            "DuplicateTagKeys": create | {"Tags": MANY_TAGS[:1] * 2},
            "AllocationIdNotFound": {"Name": "new", "SubnetMappings": address}},
        "DeleteLoadBalancer": {"OperationNotPermitted": it},
        "ModifyLoadBalancerAttributes": {
            "LoadBalancerNotFound": missing | attributes,
            "InvalidConfigurationRequest": it | attributes},
        "SetIpAddressType": {"LoadBalancerNotFound": missing | {"IpAddressType": "ipv4"}},
        "SetSecurityGroups": {
            "LoadBalancerNotFound": missing | {"SecurityGroups": ["sg-0a"]},
            "InvalidConfigurationRequest": it | {"SecurityGroups": []}},
        "SetSubnets": {
            "InvalidConfigurationRequest": it | {"Subnets": web.subnets[:1] * 2},
            "SubnetNotFound": it | {"Subnets": ["subnet-1", "subnet-2"]},
            "InvalidSubnet": it | {"Subnets": ["a", "b"]},
            "AllocationIdNotFound": it | {"SubnetMappings": address}},
        "DescribeTargetGroups": {"LoadBalancerNotFound": missing},
    }


def wrong_of_listeners(web, other, second):
    """second: another listener of `web`, on port 81; its rules 10 and 20 are web.rule and another."""
    listener, rule, standard = {"ListenerArn": web.listener}, {"RuleArn": web.rule}, {"RuleArn": web.standard}
    actions = wrong_actions(web, other)
    return {
        "CreateListener": {code: web.new_listener(DefaultActions=wrong) for code, wrong in actions.items()} | {
            code: web.new_listener(**wrong) for code, wrong in WRONG_TLS.items()} | {
            "TooManyTags": web.new_listener(Tags=MANY_TAGS)},
        "ModifyListener": {code: listener | {"DefaultActions": wrong} for code, wrong in actions.items()} | {
            code: listener | wrong for code, wrong in WRONG_TLS.items()} | {
            "DuplicateListener": {"ListenerArn": second, "Port": 80}},
        "DescribeListeners": {"ListenerNotFound": {"ListenerArns": [NO["listener"]]}},
        "CreateRule": {code: web.new_rule(Actions=wrong) for code, wrong in actions.items()} | {
            "InvalidConfigurationRequest": web.new_rule(Conditions=[{"Field": "http-header"}]),
            "TooManyTags": web.new_rule(Tags=MANY_TAGS)},
        "ModifyRule": {code: rule | {"Actions": wrong} for code, wrong in actions.items()} | {
            "OperationNotPermitted": standard | {"Conditions": PATH}},
        "DescribeRules": {"RuleNotFound": {"RuleArns": [NO["rule"]]}},
        "DeleteRule": {"OperationNotPermitted": standard},
        "SetRulePriorities": {
            "PriorityInUse": {"RulePriorities": [rule | {"Priority": 20}]},
            "OperationNotPermitted": {"RulePriorities": [standard | {"Priority": 30}]}},
    }


def wrong_of_target_groups(web):
    group, missing = {"TargetGroupArn": web.group}, {"TargetGroupArn": NO["group"]}
    targets = {"Targets": [{"Id": "10.0.0.1"}]}
    too_many = [{"Id": f"10.0.{i // 250}.{i % 250 + 1}"} for i in range(1001)]
    return {
        "CreateTargetGroup": {
            "TooManyTags": {"Name": "new", "Protocol": "HTTP", "Port": 80, "Tags": MANY_TAGS}},
        "ModifyTargetGroup": {"InvalidConfigurationRequest": group | {"HealthCheckProtocol": "HTTPS"}},
        "ModifyTargetGroupAttributes": {
            "InvalidConfigurationRequest": group | {"Attributes": [{"Key": "slow_start.duration_seconds", "Value": "30"}]}},
        "RegisterTargets": {
            "TargetGroupNotFound": missing | targets,
            "TooManyTargets": group | {"Targets": too_many}},
        "DeregisterTargets": {"TargetGroupNotFound": missing | targets},
        "DescribeTargetHealth": {"InvalidTarget": group | {"Targets": [{"Id": "i-0123456789abcdef0"}]}},
    }


def wrong_tags(web):
    missing = {"LoadBalancerNotFound": NO["balancer"], "TargetGroupNotFound": NO["group"], "ListenerNotFound": NO["listener"],
               "RuleNotFound": NO["rule"], "TrustStoreNotFound": NO["trust store"]}
    it, one = {"ResourceArns": [web.arn]}, MANY_TAGS[:1]
    return {
        "AddTags": {code: {"ResourceArns": [arn], "Tags": one} for code, arn in missing.items()} | {
            "DuplicateTagKeys": it | {"Tags": one * 2}, "TooManyTags": it | {"Tags": MANY_TAGS}},
        "RemoveTags": {code: {"ResourceArns": [arn], "TagKeys": ["k"]} for code, arn in missing.items()} | {
            "TooManyTags": it | {"TagKeys": [tag["Key"] for tag in MANY_TAGS]}},
        "DescribeTags": {code: {"ResourceArns": [arn]} for code, arn in missing.items()},
    }


def test_balancers(_tidegate, client):
    """What elbv2 refuses of load balancers, listeners, rules, target groups and tags."""
    web, other = Balancer(client, "web"), Balancer(client, "other", 8080)
    second = web.make_listener(81)
    web.make_rule(20, web.group)
    web.call("ModifyLoadBalancerAttributes", LoadBalancerArn=web.arn,
             Attributes=[{"Key": "deletion_protection.enabled", "Value": "true"}])
    for table in (wrong_of_balancers(web), wrong_of_listeners(web, other, second), wrong_of_target_groups(web),
                  wrong_tags(web)):
        provoke(client, "elbv2", table)


def make_full(client):
    """A load balancer with all the target groups, rules and listeners that one may have, and the target groups."""
    full = Balancer(client, "full", 1000)
    groups = at_once(full.make_group, [{"name": f"full{i}"} for i in range(99)])
    at_once(full.make_rule, [{"priority": 100 + i, "group": group} for i, group in enumerate(groups)])
    at_once(full.make_listener, [{"port": 1001 + i} for i in range(49)])
    return full, groups


def test_full_balancers(_tidegate, client):
    """A load balancer takes no more target groups, rules and listeners than AWS's quotas say, and a group no more policies."""
    full, groups = make_full(client)
    last = forward(full.make_group("last"))
    have = len(full.call("DescribeLoadBalancers")["LoadBalancers"])
    at_once(full.call, [{"operation": "CreateLoadBalancer", "Name": f"n{i}", "Subnets": full.subnets}
                        for i in range(have, 50)])
    provoke(client, "elbv2", {
        "CreateLoadBalancer": {"TooManyLoadBalancers": {"Name": "more", "Subnets": full.subnets}},
        "CreateListener": {
            "TooManyUniqueTargetGroupsPerLoadBalancer": full.new_listener(DefaultActions=last),
            "TooManyListeners": full.new_listener()},
        "ModifyListener": {
            "TooManyUniqueTargetGroupsPerLoadBalancer": {"ListenerArn": full.listener, "DefaultActions": last}},
        "CreateRule": {
            "TooManyUniqueTargetGroupsPerLoadBalancer": full.new_rule(Actions=last),
            "TooManyRules": full.new_rule()},
        "ModifyRule": {"TooManyUniqueTargetGroupsPerLoadBalancer": {"RuleArn": full.rule, "Actions": last}},
    })
    make_group(client, "policies")
    put = calls(client, "autoscaling")
    policies = [{"operation": "PutScalingPolicy", **policy("policies", full, group)} for group in groups[:51]]
    at_once(put, policies[:50])
    del policies[50]["operation"]
    provoke(client, "autoscaling", {"PutScalingPolicy": {"LimitExceeded": policies[50]}})


def policy(name, balancer, target_group):
    """The input of a PutScalingPolicy: only requests of different target groups may be tracked fifty times."""
    label = balancer.arn.partition("loadbalancer/")[2] + "/" + target_group.rpartition(":")[2]
    metric = {"PredefinedMetricType": "ALBRequestCountPerTarget", "ResourceLabel": label}
    return {"AutoScalingGroupName": name, "PolicyName": label, "PolicyType": "TargetTrackingScaling",
            "TargetTrackingConfiguration": {"PredefinedMetricSpecification": metric, "TargetValue": 100}}


def make_group(client, name):
    """A group without instances, of the launch template `small`."""
    templates = client.call("ec2", "DescribeLaunchTemplates")["LaunchTemplates"]
    if "small" not in [template["LaunchTemplateName"] for template in templates]:
        client.call("ec2", "CreateLaunchTemplate", LaunchTemplateName="small",
                    LaunchTemplateData={"ImageId": "ami-host", "InstanceType": "t3.nano"})
    client.call("autoscaling", "CreateAutoScalingGroup", **group_input(name))


def group_input(name):
    return {"AutoScalingGroupName": name, "MinSize": 0, "MaxSize": 1, "AvailabilityZones": ["eu-west-2a"],
            "LaunchTemplate": {"LaunchTemplateName": "small"}}


LEAVING = """
Metadata:
  Tidegate:
    Images: { ami-0123456789abcdef0: { Process: { Layers: [host] } } }
    InstanceTypes: { t3.nano: { VCpus: 0.1, MemoryMiB: 64 } }
    AutoScalingGroups: { leaving: { StopTimeout: 600 } }
Resources:
  Template:
    Type: AWS::EC2::LaunchTemplate
    Properties:
      LaunchTemplateData:
        ImageId: ami-0123456789abcdef0
        InstanceType: t3.nano
        UserData: { Fn::Base64: "#!/bin/sh\\ntrap '' TERM; exec sleep 1000000\\n" }  # it does not end when asked
  Group:
    Type: AWS::AutoScaling::AutoScalingGroup
    Properties:
      AutoScalingGroupName: leaving
      MinSize: 1
      MaxSize: 1
      AvailabilityZones: [eu-west-2a]
      LaunchTemplate: { LaunchTemplateId: !Ref Template, Version: !GetAtt Template.LatestVersionNumber }
"""


def wait_leaving(client, state, status):
    """The id of the instance of the group `leaving`, once it is in that state, and the group has that status."""
    def probe():
        (group,) = client.call("autoscaling", "DescribeAutoScalingGroups", AutoScalingGroupNames=["leaving"])[
            "AutoScalingGroups"]
        seen = [instance["LifecycleState"] for instance in group["Instances"]], group.get("Status")
        return seen == ([state], status) and group["Instances"][0]["InstanceId"]
    return harness.wait_for(f"{state}, {status}", probe)


def test_groups(_tidegate, client):
    """What Auto Scaling refuses of groups, also while one and its last instance are going."""
    me, token = {"AutoScalingGroupName": "errors"}, {"NextToken": "none"}
    leaving = {"AutoScalingGroupName": "leaving"}
    tag = {"ResourceId": "leaving", "ResourceType": "auto-scaling-group", "Key": "k", "PropagateAtLaunch": False}
    make_group(client, "errors")
    tags = [tag | {"ResourceId": "errors", "Key": f"k{i}"} for i in range(51)]
    client.call("cloudformation", "CreateStack", StackName="leaving", TemplateBody=LEAVING)
    client.wait("cloudformation", "StackCreateComplete", StackName="leaving")
    instance = wait_leaving(client, "InService", None)
    provoke(client, "autoscaling", {
        "CreateAutoScalingGroup": {
            "LimitExceeded": group_input("new") | {"Tags": [{"Key": f"k{i}"} for i in range(51)]}},
        "CreateOrUpdateTags": {"LimitExceeded": {"Tags": tags}},
        "DeleteAutoScalingGroup": {"ResourceInUse": leaving},
        "SetInstanceProtection": {
            "LimitExceeded": me | {"InstanceIds": [f"i-{i:017x}" for i in range(51)], "ProtectedFromScaleIn": True}},
        "DescribeLoadBalancerTargetGroups": {"InvalidNextToken": me | token},
        "DescribeTrafficSources": {"InvalidNextToken": me | token},
        "DescribeScalingActivities": {"InvalidNextToken": token},
    })
    client.call("cloudformation", "DeleteStack", StackName="leaving")
    wait_leaving(client, "Terminating", "Delete in progress")
    provoke(client, "autoscaling", {
        "CreateOrUpdateTags": {"ResourceInUse": {"Tags": [tag]}},
        "DeleteTags": {"ResourceInUse": {"Tags": [tag]}},
        "SuspendProcesses": {"ResourceInUse": leaving},
        "ResumeProcesses": {"ResourceInUse": leaving},
        "UpdateAutoScalingGroup": {"ScalingActivityInProgress": leaving | {"MaxSize": 2}},
        "SetDesiredCapacity": {"ScalingActivityInProgress": leaving | {"DesiredCapacity": 1}},
        "DeleteAutoScalingGroup": {"ScalingActivityInProgress": leaving},
        "TerminateInstanceInAutoScalingGroup": {
            "ScalingActivityInProgress": {"InstanceId": instance, "ShouldDecrementDesiredCapacity": False}},
    })
    client.call("autoscaling", "DeleteAutoScalingGroup", **leaving, ForceDelete=True)


def alarms(names):
    """A template of alarms of these names."""
    return json.dumps({"Resources": {name: {"Type": "AWS::CloudWatch::Alarm", "Properties": {**ALARM, "AlarmName": name}}
                                     for name in names}})


CACHE = """
Parameters: { Port: { Type: Number } }
Resources:
  Redis:
    Type: AWS::ElastiCache::CacheCluster
    Properties: { Engine: redis, CacheNodeType: cache.t3.micro, NumCacheNodes: 1, Port: !Ref Port }
"""


def delete_what_is_executed(call, number):
    """Executes a change set that starts a Redis, and deletes it while that starts; False when the Redis was faster."""
    name, named = f"starting{number}", {"StackName": f"starting{number}", "ChangeSetName": "start"}
    call("CreateChangeSet", **named, ChangeSetType="CREATE", TemplateBody=CACHE,
         Parameters=[{"ParameterKey": "Port", "ParameterValue": str(6400 + number)}])
    call("ExecuteChangeSet", **named)
    try:
        call("DeleteChangeSet", **named)
    except Refused as refused:
        harness.check(refused.code == "InvalidChangeSetStatus", f"DeleteChangeSet of {name}: {refused}")
        return True
    return False


def test_stacks(_tidegate, client):
    """What CloudFormation refuses of stacks, change sets and tokens."""
    call = calls(client, "cloudformation")
    it, change_set = {"StackName": "errors"}, {"StackName": "errors", "ChangeSetName": "more"}
    call("CreateStack", **it, TemplateBody=alarms(["first"]), ClientRequestToken="used")
    client.wait("cloudformation", "StackCreateComplete", **it)
    at_once(call, [{"operation": "CreateChangeSet", **it, "ChangeSetName": f"c{i}", "TemplateBody": alarms(["other"])}
                   for i in range(100)])
    provoke(client, "cloudformation", {
        "CreateStack": {"TokenAlreadyExistsException": it | {"TemplateBody": alarms(["other"]), "ClientRequestToken": "used"}},
        "UpdateStack": {
            "TokenAlreadyExistsException": it | {"TemplateBody": alarms(["other"]), "ClientRequestToken": "used"},
            "InsufficientCapabilitiesException": it | {"TemplateBody": ROLE}},
        "CreateChangeSet": {
            "LimitExceededException": change_set | {"TemplateBody": alarms(["other"])},
            "InsufficientCapabilitiesException": change_set | {"TemplateBody": ROLE}},
        "ExecuteChangeSet": {
            "TokenAlreadyExistsException": it | {"ChangeSetName": "c1", "ClientRequestToken": "used"}},
        "GetTemplateSummary": {"StackSetNotFoundException": {"StackSetName": "none"}},
    })
    numbers = iter(range(100))
    harness.wait_for("a change set deleted while it is executed", lambda: delete_what_is_executed(call, next(numbers)))


def test_metrics(_tidegate, client):
    """What CloudWatch and ElastiCache refuse of metrics, alarms, tags and caches."""
    window = {"StartTime": "2026-01-01T00:00:00Z", "EndTime": "2026-01-01T01:00:00Z"}
    statistics = {"Namespace": "App", "MetricName": "Jobs", "Period": 60, **window}
    datum = {"MetricName": "Jobs"}
    other = {"ResourceARN": "arn:aws:cloudwatch::000000000000:dashboard/x"}
    client.call("cloudwatch", "PutMetricAlarm", AlarmName="errors", **ALARM)
    provoke(client, "cloudwatch", {
        "GetMetricData": {"InvalidNextToken": {
            **window, "NextToken": "none", "MetricDataQueries": [{"Id": "one", "Expression": "1"}]}},
        "GetMetricStatistics": {
            "MissingParameter": statistics,
            "InvalidParameterCombination": statistics | {"Statistics": ["Sum"], "ExtendedStatistics": ["p99"]}},
        "PutMetricData": {
            "MissingParameter": {"Namespace": "App", "MetricData": [datum]},
            "InvalidParameterCombination": {"Namespace": "App", "MetricData": [datum | {"Value": 1, "Values": [1]}]}},
        "SetAlarmState": {"InvalidFormat": {
            "AlarmName": "errors", "StateValue": "OK", "StateReason": "x", "StateReasonData": "{"}},
        "ListTagsForResource": {"InvalidParameterValue": other},
        "TagResource": {"InvalidParameterValue": other | {"Tags": MANY_TAGS[:1]}},
        "UntagResource": {"InvalidParameterValue": other | {"TagKeys": ["k"]}},
    })
    provoke(client, "elasticache", {"DescribeCacheClusters": {"InvalidParameterValue": {"MaxRecords": 19}}})


def count_stacks(client):
    """All that stand: deleted ones do not count."""
    count, token = 0, {}
    while token is not None:
        page = client.call("cloudformation", "ListStacks", **token)
        count += sum("DeletionTime" not in one for one in page["StackSummaries"])
        token = {"NextToken": page["NextToken"]} if page.get("NextToken") else None
    return count


def make_fat_stacks(client, kind, count, properties):
    """The names of stacks of 500 resources of a type, as many as a template may have; properties(number) of each."""
    names = []
    for first in range(0, count, 500):
        made = {f"R{i}": {"Type": kind, "Properties": properties(i)} for i in range(first, first + 500)}
        names.append(kind.rpartition(":")[2] + str(first))
        client.call("cloudformation", "CreateStack", StackName=names[-1], TemplateBody=json.dumps({"Resources": made}))
    return names


def test_a_full_account(_tidegate, client):
    """An account takes no more stacks, alarms and target groups than AWS's quotas say."""
    fat = 10 + 6
    new = {"operation": "CreateChangeSet", "ChangeSetName": "c", "ChangeSetType": "CREATE", "TemplateBody": alarms(["none"])}
    at_once(calls(client, "cloudformation"), [
        new | {"StackName": f"s{number}"} for number in range(count_stacks(client) + fat, 2000)])  # only in review: quicker
    names = make_fat_stacks(client, "AWS::CloudWatch::Alarm", 5000, lambda i: ALARM | {"AlarmName": f"a{i}"})
    names += make_fat_stacks(client, "AWS::ElasticLoadBalancingV2::TargetGroup", 3000,
                             lambda i: {"Name": f"t{i}", "Protocol": "HTTP", "Port": 80, "TargetType": "ip"})
    for name in names:
        client.wait("cloudformation", "StackCreateComplete", StackName=name)
    for service, operation, code, given in (
            ("cloudformation", "CreateStack", "LimitExceededException", {"StackName": "more", "TemplateBody": alarms(["x"])}),
            ("cloudwatch", "PutMetricAlarm", "LimitExceeded", ALARM | {"AlarmName": "more"}),
            ("elbv2", "CreateTargetGroup", "TooManyTargetGroups", {"Name": "more", "Protocol": "HTTP", "Port": 80})):
        provoke(client, service, {operation: {code: given}})


if __name__ == "__main__":
    conformance.main(globals(), boto_alone)
