#!/usr/bin/env python3
"""boto3 and aws cli make a fleet without any stack: launch templates, groups, policies, lone instances.

usage: fleet_test.py PROGRAMS VENV      (inside tools/in-netns.sh; VENV is made by make_clients.py)
"""

import base64
import os
import pathlib
import sys

import control_plane_test as plane
import harness

GROUP = "fleet"
SCRIPT = "#!/bin/sh\necho up; exec sleep 1000000\n"
USER_DATA = base64.b64encode(SCRIPT.encode()).decode()  # boto3 encodes that of RunInstances itself
SIZES = {"MinSize": 1, "MaxSize": 3, "DesiredCapacity": 1}


def group_of(tidegate):
    groups = plane.boto(tidegate, "autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[GROUP])
    return groups["AutoScalingGroups"][0] if groups["AutoScalingGroups"] else None


def states(tidegate):
    return sorted(i["LifecycleState"] for i in group_of(tidegate)["Instances"])


def wait_states(tidegate, *wanted):
    harness.wait_for(f"{GROUP}: {wanted}", lambda: states(tidegate) == sorted(wanted))
    return [i["InstanceId"] for i in group_of(tidegate)["Instances"] if i["LifecycleState"] == "InService"]


def refused(call, code, part="", **arguments):
    got, message = plane.error_code(call, **arguments)
    harness.check(got == code and part in message, f"{got}: {message}")


def test_launch_template(tidegate):
    """A launch template gets versions, a default, tags; bad ones are refused in EC2's words."""
    tidegate.run("serve", "--detach", expect=0)
    ec2 = plane.boto(tidegate, "ec2")
    made = ec2.create_launch_template(
        LaunchTemplateName="web", VersionDescription="first", ClientToken="a",
        LaunchTemplateData={"ImageId": "ami-host", "InstanceType": "t3.nano", "UserData": USER_DATA},
        TagSpecifications=[{"ResourceType": "launch-template", "Tags": [{"Key": "team", "Value": "a"}]}])
    template = made["LaunchTemplate"]
    harness.check(template["LatestVersionNumber"] == 1 and "Warning" not in made, str(made))
    twice = ec2.create_launch_template(LaunchTemplateName="web", ClientToken="a",
                                       LaunchTemplateData={"ImageId": "ami-host"})
    harness.check(twice["LaunchTemplate"]["LaunchTemplateId"] == template["LaunchTemplateId"], str(twice))
    refused(ec2.create_launch_template, "InvalidLaunchTemplateName.AlreadyExistsException",
            LaunchTemplateName="web", LaunchTemplateData={"ImageId": "ami-host"})
    refused(ec2.create_launch_template, "InvalidLaunchTemplateName.MalformedException",
            LaunchTemplateName="w b", LaunchTemplateData={"ImageId": "ami-host"})
    refused(ec2.create_launch_template, "InvalidParameterValue", "KeyName is not built",
            LaunchTemplateName="key", LaunchTemplateData={"KeyName": "k"})
    second = plane.aws(tidegate, "ec2", "create-launch-template-version", "--launch-template-name", "web",
                       "--source-version", "1", "--launch-template-data", '{"ImageId":"ami-0badc0de"}')
    harness.check(second["LaunchTemplateVersion"]["VersionNumber"] == 2, str(second))
    harness.check(second["Warning"]["Errors"][0]["Code"] == "InvalidAMIID.NotFound", str(second))
    data = second["LaunchTemplateVersion"]["LaunchTemplateData"]
    harness.check(data["InstanceType"] == "t3.nano" and data["UserData"] == USER_DATA, str(data))
    ec2.modify_launch_template(LaunchTemplateName="web", DefaultVersion="2")
    shown = ec2.describe_launch_template_versions(LaunchTemplateName="web")["LaunchTemplateVersions"]
    harness.check([(v["VersionNumber"], v["DefaultVersion"]) for v in shown] == [(2, True), (1, False)], str(shown))
    ec2.modify_launch_template(LaunchTemplateName="web", DefaultVersion="1")
    gone = ec2.delete_launch_template_versions(LaunchTemplateName="web", Versions=["2", "1"])
    harness.check([v["VersionNumber"] for v in gone["SuccessfullyDeletedLaunchTemplateVersions"]] == [2] and
                  [v["VersionNumber"] for v in gone["UnsuccessfullyDeletedLaunchTemplateVersions"]] == [1], str(gone))
    refused(ec2.describe_launch_template_versions, "InvalidLaunchTemplateId.VersionNotFound",
            LaunchTemplateName="web", Versions=["2"])
    refused(ec2.delete_launch_template, "InvalidLaunchTemplateId.NotFound", LaunchTemplateId="lt-0123456789abcdef0")


def test_group(tidegate):
    """A group without any stack launches by its template, and is read back to the last field."""
    client = plane.boto(tidegate, "autoscaling")
    refused(client.create_auto_scaling_group, "ValidationError", "'[ami-0badc0de]' does not exist: declare it",
            AutoScalingGroupName="bad", AvailabilityZones=["eu-west-2a"], **SIZES,
            LaunchTemplate={"LaunchTemplateId": unknown_image(tidegate), "Version": "$Latest"})
    subnets = plane.boto(tidegate, "ec2").describe_subnets(
        Filters=[{"Name": "availability-zone", "Values": ["eu-west-2a", "eu-west-2b"]}])["Subnets"]
    places = ",".join(s["SubnetId"] for s in subnets)
    client.create_auto_scaling_group(
        AutoScalingGroupName=GROUP, LaunchTemplate={"LaunchTemplateName": "web", "Version": "$Latest"}, **SIZES,
        VPCZoneIdentifier=places, HealthCheckGracePeriod=5, DefaultInstanceWarmup=3,
        Tags=[{"Key": "team", "Value": "a", "PropagateAtLaunch": True}])
    refused(client.create_auto_scaling_group, "AlreadyExists", AutoScalingGroupName=GROUP,
            LaunchTemplate={"LaunchTemplateName": "web"}, AvailabilityZones=["eu-west-2a"], **SIZES)
    instance = wait_states(tidegate, "InService")[0]
    group = group_of(tidegate)
    harness.check(group["VPCZoneIdentifier"] == places and group["HealthCheckGracePeriod"] == 5 and
                  group["AvailabilityZones"] == ["eu-west-2a", "eu-west-2b"] and group["DefaultCooldown"] == 300 and
                  group["Tags"][0]["PropagateAtLaunch"] is True, str(group))
    shown = plane.aws(tidegate, "ec2", "describe-instances", "--instance-ids", instance)
    tags = {t["Key"]: t["Value"] for t in shown["Reservations"][0]["Instances"][0]["Tags"]}
    harness.check(tags["team"] == "a" and tags["aws:autoscaling:groupName"] == GROUP, str(tags))
    plane.boto(tidegate, "ec2").get_waiter("instance_status_ok").wait(
        InstanceIds=[instance], WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    client.update_auto_scaling_group(AutoScalingGroupName=GROUP, MinSize=0, MaxSize=4, DesiredCapacity=2)
    wait_states(tidegate, "InService", "InService")
    refused(client.set_desired_capacity, "ValidationError", "above max value 4",
            AutoScalingGroupName=GROUP, DesiredCapacity=5)
    refused(client.delete_auto_scaling_group, "ResourceInUse", AutoScalingGroupName=GROUP)


def unknown_image(tidegate):
    made = plane.boto(tidegate, "ec2").create_launch_template(
        LaunchTemplateName="lost", LaunchTemplateData={"ImageId": "ami-0badc0de", "InstanceType": "t3.nano"})
    return made["LaunchTemplate"]["LaunchTemplateId"]


def test_policy(tidegate):
    """Target tracking is made, changed, described and deleted; other policies are refused with a sentence."""
    client = plane.boto(tidegate, "autoscaling")
    tracking = {"TargetValue": 50.0,
                "PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"}}
    made = client.put_scaling_policy(AutoScalingGroupName=GROUP, PolicyName="cpu", PolicyType="TargetTrackingScaling",
                                     TargetTrackingConfiguration=tracking)
    harness.check(len(made["Alarms"]) == 2, str(made))
    again = client.put_scaling_policy(AutoScalingGroupName=GROUP, PolicyName="cpu", PolicyType="TargetTrackingScaling",
                                      TargetTrackingConfiguration=tracking | {"DisableScaleIn": True})
    harness.check(again["PolicyARN"] == made["PolicyARN"] and len(again["Alarms"]) == 1, str(again))
    shown = plane.aws(tidegate, "autoscaling", "describe-policies", "--auto-scaling-group-name", GROUP)
    harness.check(shown["ScalingPolicies"][0]["TargetTrackingConfiguration"]["DisableScaleIn"] is True, str(shown))
    refused(client.put_scaling_policy, "ValidationError", "StepScaling is not built", AutoScalingGroupName=GROUP,
            PolicyName="step", PolicyType="StepScaling")
    client.delete_policy(AutoScalingGroupName=GROUP, PolicyName="cpu")
    client.delete_policy(AutoScalingGroupName=GROUP, PolicyName="cpu")
    harness.check(client.describe_policies(AutoScalingGroupName=GROUP)["ScalingPolicies"] == [], "still there")


def test_processes_and_tags(tidegate):
    """Launch suspended keeps the group as it is; tags come and go."""
    client = plane.boto(tidegate, "autoscaling")
    client.suspend_processes(AutoScalingGroupName=GROUP, ScalingProcesses=["Launch"])
    harness.check([p["ProcessName"] for p in group_of(tidegate)["SuspendedProcesses"]] == ["Launch"], "not suspended")
    client.set_desired_capacity(AutoScalingGroupName=GROUP, DesiredCapacity=3)
    harness.wait_for("the blocker", lambda: "Launch is suspended" in tidegate.run("explain", "group", GROUP).stdout)
    harness.check(states(tidegate) == ["InService"] * 2, str(states(tidegate)))
    client.resume_processes(AutoScalingGroupName=GROUP)
    wait_states(tidegate, *["InService"] * 3)
    client.create_or_update_tags(Tags=[{"ResourceId": GROUP, "ResourceType": "auto-scaling-group", "Key": "cost",
                                        "Value": "b", "PropagateAtLaunch": False}])
    tags = plane.aws(tidegate, "autoscaling", "describe-tags", "--filters", f"Name=auto-scaling-group,Values={GROUP}")
    harness.check([(t["Key"], t["PropagateAtLaunch"]) for t in tags["Tags"]] == [("cost", False), ("team", True)],
                  str(tags))
    client.delete_tags(Tags=[{"ResourceId": GROUP, "ResourceType": "auto-scaling-group", "Key": "cost"}])
    pages = [p for p in client.get_paginator("describe_tags").paginate(PaginationConfig={"PageSize": 1})]
    harness.check([t["Key"] for p in pages for t in p["Tags"]] == ["team"], str(pages))


def test_standby_detach_attach(tidegate):
    """Instances go to Standby and back, out of the group and in again; they are the same processes all the time."""
    client = plane.boto(tidegate, "autoscaling")
    first = wait_states(tidegate, *["InService"] * 3)[0]
    moved = client.enter_standby(AutoScalingGroupName=GROUP, InstanceIds=[first], ShouldDecrementDesiredCapacity=True)
    harness.check("to Standby" in moved["Activities"][0]["Description"], str(moved))
    wait_states(tidegate, "InService", "InService", "Standby")
    client.exit_standby(AutoScalingGroupName=GROUP, InstanceIds=[first])
    wait_states(tidegate, *["InService"] * 3)
    plane.aws(tidegate, "autoscaling", "detach-instances", "--instance-ids", first, "--auto-scaling-group-name", GROUP,
              "--should-decrement-desired-capacity")
    wait_states(tidegate, "InService", "InService")
    refused(client.detach_instances, "ValidationError", "not part of", AutoScalingGroupName=GROUP,
            InstanceIds=[first], ShouldDecrementDesiredCapacity=True)
    ec2 = plane.boto(tidegate, "ec2")
    ec2.get_waiter("instance_running").wait(InstanceIds=[first], WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    client.attach_instances(AutoScalingGroupName=GROUP, InstanceIds=[first])
    harness.check(first in wait_states(tidegate, *["InService"] * 3), "another instance")
    client.set_instance_protection(AutoScalingGroupName=GROUP, InstanceIds=[first], ProtectedFromScaleIn=True)
    client.set_desired_capacity(AutoScalingGroupName=GROUP, DesiredCapacity=1)
    harness.check(wait_states(tidegate, "InService") == [first], "the protected one went")
    client.set_instance_health(InstanceId=first, HealthStatus="Unhealthy", ShouldRespectGracePeriod=False)
    harness.wait_for("a replacement", lambda: states(tidegate) == ["InService"] and
                     group_of(tidegate)["Instances"][0]["InstanceId"] != first)
    ec2.get_waiter("instance_terminated").wait(InstanceIds=[first], WaiterConfig={"Delay": 1, "MaxAttempts": 60})


def test_lone_instance(tidegate):
    """RunInstances runs an instance outside groups; it survives a restart of the control plane."""
    ec2 = plane.boto(tidegate, "ec2")
    made = ec2.run_instances(ImageId="ami-host", InstanceType="t3.nano", MinCount=1, MaxCount=1, UserData=SCRIPT,
                             TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "x"}]}])
    lone = made["Instances"][0]["InstanceId"]
    harness.check(made["Instances"][0]["State"]["Name"] == "pending", str(made))
    wait = {"Delay": 1, "MaxAttempts": 60}
    ec2.get_waiter("instance_running").wait(InstanceIds=[lone], WaiterConfig=wait)
    ec2.get_waiter("instance_status_ok").wait(InstanceIds=[lone], WaiterConfig=wait)
    console = harness.wait_for("its console", lambda: ec2.get_console_output(InstanceId=lone).get("Output"))
    harness.check("up" in console, console)
    tidegate.run("stop")
    tidegate.run("serve", "--detach", expect=0)
    ec2 = plane.boto(tidegate, "ec2")
    shown = ec2.describe_instances(Filters=[{"Name": "tag:Name", "Values": ["x"]}])["Reservations"]
    harness.check([i["InstanceId"] for r in shown for i in r["Instances"]] == [lone], str(shown))
    harness.check(shown[0]["Instances"][0]["State"]["Name"] == "running", str(shown))
    ended = plane.aws(tidegate, "ec2", "terminate-instances", "--instance-ids", lone)["TerminatingInstances"][0]
    harness.check((ended["PreviousState"]["Name"], ended["CurrentState"]["Name"]) == ("running", "shutting-down"),
                  str(ended))
    ec2.get_waiter("instance_terminated").wait(InstanceIds=[lone], WaiterConfig=wait)
    plane.aws(tidegate, "ec2", "terminate-instances", "--instance-ids", lone)
    refused(ec2.run_instances, "InvalidAMIID.NotFound", "declare it under Metadata.Tidegate.Images",
            ImageId="ami-1", InstanceType="t3.nano", MinCount=1, MaxCount=1)
    refused(ec2.terminate_instances, "InvalidInstanceID.NotFound", InstanceIds=["i-0123456789abcdef0"])


def test_what_there_is(tidegate):
    """Images, types, zones, subnets, VPC, security groups, limits and words are there to be named."""
    ec2 = plane.boto(tidegate, "ec2")
    ec2.get_waiter("image_available").wait(ImageIds=["ami-host"])
    zones = [z["ZoneName"] for z in ec2.describe_availability_zones()["AvailabilityZones"]]
    harness.check(zones == ["eu-west-2a", "eu-west-2b", "eu-west-2c"], str(zones))
    vpc = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
    subnets = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]
    harness.check([s["AvailabilityZone"] for s in sorted(subnets, key=lambda s: s["AvailabilityZone"])] == zones,
                  str(subnets))
    groups = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": ["default"]}])["SecurityGroups"]
    harness.check(groups[0]["VpcId"] == vpc, str(groups))
    nano = ec2.describe_instance_types(InstanceTypes=["t3.nano"])["InstanceTypes"][0]
    harness.check(nano["MemoryInfo"]["SizeInMiB"] <= 512, str(nano))
    pages = ec2.get_paginator("describe_instance_types").paginate(PaginationConfig={"PageSize": 5})
    names = [t["InstanceType"] for p in pages for t in p["InstanceTypes"]]
    harness.check(len(names) == len(set(names)) > 20, str(names))
    attributes = plane.aws(tidegate, "ec2", "describe-account-attributes")["AccountAttributes"]
    harness.check({"supported-platforms", "default-vpc"} == {a["AttributeName"] for a in attributes}, str(attributes))
    client = plane.boto(tidegate, "autoscaling")
    harness.check(client.describe_account_limits()["NumberOfAutoScalingGroups"] == 1, "another number of groups")
    for name in ("describe_adjustment_types", "describe_metric_collection_types", "describe_scaling_process_types",
                 "describe_termination_policy_types"):
        harness.check(len(getattr(client, name)()) > 1, name)
    refused(ec2.describe_images, "InvalidAMIID.NotFound", ImageIds=["ami-1"])
    refused(ec2.describe_subnets, "InvalidSubnetID.NotFound", SubnetIds=["subnet-1"])
    refused(ec2.describe_vpcs, "InvalidVpcID.NotFound", VpcIds=["vpc-1"])
    refused(ec2.describe_security_groups, "InvalidGroup.NotFound", GroupIds=["sg-1"])


def test_delete(tidegate):
    """A forced delete takes the instances along; the launch template goes after it."""
    client = plane.boto(tidegate, "autoscaling")
    client.delete_auto_scaling_group(AutoScalingGroupName=GROUP, ForceDelete=True)
    harness.wait_for("the group to go", lambda: group_of(tidegate) is None)
    refused(client.delete_auto_scaling_group, "ValidationError", "not found", AutoScalingGroupName=GROUP)
    ec2 = plane.boto(tidegate, "ec2")
    ec2.delete_launch_template(LaunchTemplateName="web")
    harness.check([t["LaunchTemplateName"] for t in ec2.describe_launch_templates()["LaunchTemplates"]] == ["lost"],
                  "still there")
    running = ec2.describe_instances(Filters=[{"Name": "instance-state-name", "Values": ["running", "pending"]}])
    harness.check(running["Reservations"] == [], str(running))


if __name__ == "__main__":
    # harness.main() takes names of tests behind the programs; the interpreter is the venv's by now.
    if os.environ.get("TG_CONFORMANCE_VENV") != "1":
        python = pathlib.Path(sys.argv[2]) / "bin" / "python"
        os.execve(python, [str(python), __file__, sys.argv[1]], os.environ | {"TG_CONFORMANCE_VENV": "1"})
    harness.main()
