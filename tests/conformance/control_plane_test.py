#!/usr/bin/env python3
"""boto3 and aws cli, unmodified, against a real control plane: they read what `status` says, and change it.

usage: control_plane_test.py PROGRAMS VENV      (inside tools/in-netns.sh; VENV is made by make_clients.py)
"""

import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))
import harness  # noqa: E402  (found through the line above)

STACK = harness.ROOT / "tests" / "integration" / "web" / "stack.yaml"
GROUP = "web-asg"


def environment(tidegate):
    """Only what `tidegate env` prints."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("AWS_") and "PROXY" not in k.upper()}
    return kept | tidegate.environment() | {"AWS_CONFIG_FILE": "/nonexistent", "AWS_PAGER": "",
                                            "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent"}


def aws(tidegate, *arguments):
    program = pathlib.Path(sys.executable).with_name("aws")
    run = subprocess.run([sys.executable, str(program), *arguments, "--output", "json"], env=environment(tidegate),
                         capture_output=True, text=True, timeout=120)
    harness.check(run.returncode == 0, f"aws {' '.join(arguments)}: {run.stderr}")
    return json.loads(run.stdout) if run.stdout.strip() else None


def boto(tidegate, service):
    import boto3
    env = tidegate.environment()
    return boto3.client(service, endpoint_url=env["AWS_ENDPOINT_URL"], region_name=env["AWS_REGION"],
                        aws_access_key_id=env["AWS_ACCESS_KEY_ID"], aws_secret_access_key=env["AWS_SECRET_ACCESS_KEY"])


def by_id(instances):
    return {i["InstanceId"]: (i["LifecycleState"], i["HealthStatus"], i["AvailabilityZone"]) for i in instances}


def in_service(tidegate, count):
    group = aws(tidegate, "autoscaling", "describe-auto-scaling-groups")["AutoScalingGroups"][0]
    states = [i["LifecycleState"] for i in group["Instances"]]
    return group if states == ["InService"] * count else None


def error_code(call, **arguments):
    from botocore.exceptions import ClientError
    try:
        call(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["Error"]["Message"]
    raise harness.Failed("no error")


def test_clients_read_what_status_says(tidegate):
    """aws cli and boto3 read what `status` says: stack, group, instances, target health, alarms."""
    tidegate.up(STACK)
    status = tidegate.status()["Stacks"][0]
    told = status["AutoScalingGroups"][0]
    group = in_service(tidegate, 1)
    for member in ("MinSize", "MaxSize", "DesiredCapacity", "AvailabilityZones", "HealthCheckType", "TargetGroupARNs"):
        harness.check(group[member] == told[member], f"{member}: {group[member]} is not {told[member]}")
    harness.check(by_id(group["Instances"]) == by_id(told["Instances"]), "other instances than status has")
    stack = boto(tidegate, "cloudformation").describe_stacks(StackName="web")["Stacks"][0]
    harness.check(stack["StackStatus"] == status["StackStatus"] == "CREATE_COMPLETE", stack["StackStatus"])
    health = boto(tidegate, "elbv2").describe_target_health(TargetGroupArn=told["TargetGroupARNs"][0])
    shown = {d["Target"]["Id"]: d["TargetHealth"]["State"] for d in health["TargetHealthDescriptions"]}
    harness.check(shown == {i["InstanceId"]: i["TargetHealth"]["State"] for i in told["Instances"]}, str(shown))
    alarms = {a["AlarmName"] for a in aws(tidegate, "cloudwatch", "describe-alarms")["MetricAlarms"]}
    harness.check(alarms == {a["AlarmName"] for a in status["Alarms"]}, str(alarms))
    addresses = [i["PrivateIpAddress"] for r in aws(tidegate, "ec2", "describe-instances")["Reservations"]
                 for i in r["Instances"]]
    harness.check(addresses == [i["PrivateIpAddress"] for i in told["Instances"]], str(addresses))


def test_capacity_by_aws_cli(tidegate):
    """set-desired-capacity scales out, terminate-instance-in-auto-scaling-group back in; activities tell it."""
    aws(tidegate, "autoscaling", "set-desired-capacity", "--auto-scaling-group-name", GROUP, "--desired-capacity", "2")
    group = harness.wait_for("two instances in service", lambda: in_service(tidegate, 2))
    target_group = group["TargetGroupARNs"][0]
    boto(tidegate, "elbv2").get_waiter("target_in_service").wait(
        TargetGroupArn=target_group, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    victim = group["Instances"][1]["InstanceId"]
    ended = aws(tidegate, "autoscaling", "terminate-instance-in-auto-scaling-group", "--instance-id", victim,
                "--should-decrement-desired-capacity")
    harness.check(victim in ended["Activity"]["Description"], str(ended))
    harness.wait_for("one instance in service", lambda: in_service(tidegate, 1))
    activities = aws(tidegate, "autoscaling", "describe-scaling-activities", "--auto-scaling-group-name", GROUP)
    harness.check([a["StatusCode"] for a in activities["Activities"]] == ["Successful"] * 3, str(activities))


def test_metrics_by_boto3(tidegate):
    """CPU of the group is a metric that GetMetricStatistics gives; own metrics go in beside it."""
    import datetime
    client = boto(tidegate, "cloudwatch")
    now = datetime.datetime.now(datetime.timezone.utc)
    window = {"StartTime": now - datetime.timedelta(minutes=10), "EndTime": now + datetime.timedelta(minutes=1),
              "Period": 60}
    # An instance counts from the end of its warm-up.
    cpu = harness.wait_for("the group's CPU", lambda: client.get_metric_statistics(
        Namespace="AWS/EC2", MetricName="CPUUtilization", Statistics=["Average"],
        Dimensions=[{"Name": "AutoScalingGroupName", "Value": GROUP}], **window)["Datapoints"])
    harness.check(0 <= cpu[0]["Average"] <= 100, str(cpu))
    client.put_metric_data(Namespace="App", MetricData=[{"MetricName": "Jobs", "Value": 7}])
    jobs = client.get_metric_statistics(Namespace="App", MetricName="Jobs", Statistics=["Sum"], **window)
    harness.check([p["Sum"] for p in jobs["Datapoints"]] == [7.0], str(jobs["Datapoints"]))


def test_stack_by_boto3(tidegate):
    """UpdateStack and DeleteStack go through; a bad template is refused by line before anything is made."""
    client = boto(tidegate, "cloudformation")
    client.update_stack(StackName="web", UsePreviousTemplate=True,
                        Parameters=[{"ParameterKey": "MaxSize", "ParameterValue": "4"}])
    harness.wait_for("MaxSize 4", lambda: tidegate.group(GROUP)["MaxSize"] == 4)
    bad = "Resources:\n  A:\n    Type: AWS::EC2::Instance\n"
    code, message = error_code(client.create_stack, StackName="bad", TemplateBody=bad)
    harness.check(code == "ValidationError" and "line 3" in message, f"{code}: {message}")
    harness.check(error_code(client.create_stack, StackName="web", TemplateBody=STACK.read_text())[0] ==
                  "AlreadyExistsException", "made twice")
    aws(tidegate, "cloudformation", "delete-stack", "--stack-name", "web")
    harness.wait_for("the stack to go", lambda: client.describe_stacks()["Stacks"] == [])
    harness.check(error_code(client.describe_stacks, StackName="web")[0] == "ValidationError", "still there")


if __name__ == "__main__":
    # harness.main() takes names of tests behind the programs; the interpreter is the venv's by now.
    if os.environ.get("TG_CONFORMANCE_VENV") != "1":
        python = pathlib.Path(sys.argv[2]) / "bin" / "python"
        os.execve(python, [str(python), __file__, sys.argv[1]], os.environ | {"TG_CONFORMANCE_VENV": "1"})
    harness.main()
