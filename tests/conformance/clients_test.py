#!/usr/bin/env python3
"""boto3 and aws cli, unmodified, read and write what the sample model says.

usage: clients_test.py SERVER VENV
"""

import json
import os
import pathlib
import subprocess
import sys

from api_server import REGION, ApiServer, clean_environment, clients_python, run_tests

GROUP = "cnt-backend-asg"
INSTANCE = "i-03c688b8cb17b7070"


class Clients:
    """Both clients with the environment that `tidegate env` prints."""

    def __init__(self, server):
        import boto3  # of the venv: this file runs in it by now
        self.server = server
        self.environment = clean_environment(server)
        self.session = boto3.Session(aws_access_key_id=server.key, aws_secret_access_key=server.secret,
                                     region_name=REGION)

    def boto(self, service, **more):
        from botocore.config import Config
        config = Config(retries={"max_attempts": 1}, proxies={})
        return self.session.client(service, endpoint_url=self.server.url, config=config, **more)

    def aws(self, *arguments, succeeds=True):
        """What `aws … --output json` prints, or its error text."""
        aws = pathlib.Path(sys.executable).with_name("aws")
        run = subprocess.run([sys.executable, str(aws), *arguments, "--output", "json"], env=self.environment,
                             capture_output=True, text=True, timeout=120)
        if not succeeds:
            assert run.returncode != 0, run.stdout
            return run.stderr
        assert run.returncode == 0, run.stderr
        return json.loads(run.stdout) if run.stdout.strip() else None


def error_of(call, **arguments):
    from botocore.exceptions import ClientError
    try:
        call(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
    raise AssertionError("no error")


def arn_of(clients):
    return clients.boto("elbv2").describe_target_groups()["TargetGroups"][0]["TargetGroupArn"]


def test_identity(clients):
    """sts tells who the root is."""
    assert clients.boto("sts").get_caller_identity()["Arn"] == "arn:aws:iam::000000000000:root"
    assert clients.aws("sts", "get-caller-identity")["Account"] == "000000000000"


def test_group(clients):
    """Both clients read the group, its instances, its activities and its policy."""
    group = clients.boto("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"][0]
    assert (group["MinSize"], group["MaxSize"], group["DesiredCapacity"]) == (1, 3, 1)
    assert group["Instances"][0]["InstanceId"] == INSTANCE and group["Instances"][0]["LifecycleState"] == "InService"
    assert group["CreatedTime"].year == 2026 and group["SuspendedProcesses"] == []
    assert group["NewInstancesProtectedFromScaleIn"] is False
    shown = clients.aws("autoscaling", "describe-auto-scaling-groups", "--auto-scaling-group-names", GROUP)
    assert shown["AutoScalingGroups"][0]["TargetGroupARNs"] == group["TargetGroupARNs"]
    activities = clients.aws("autoscaling", "describe-scaling-activities", "--auto-scaling-group-name", GROUP)
    assert activities["Activities"][0]["StatusCode"] == "Successful"
    policies = clients.aws("autoscaling", "describe-policies")["ScalingPolicies"]
    assert policies[0]["TargetTrackingConfiguration"]["TargetValue"] == 70.0


def test_pages(clients):
    """Paginators of boto3 walk every page."""
    pages = list(clients.boto("elbv2").get_paginator("describe_rules").paginate(
        ListenerArn=clients.boto("elbv2").describe_listeners(
            LoadBalancerArn=clients.boto("elbv2").describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
        )["Listeners"][0]["ListenerArn"], PaginationConfig={"PageSize": 1}))
    assert [page["Rules"][0]["Priority"] for page in pages] == ["10", "default"]
    alarms = clients.boto("cloudwatch").get_paginator("describe_alarms").paginate(PaginationConfig={"PageSize": 2})
    assert [len(page["MetricAlarms"]) for page in alarms] == [2, 1]


def test_stack(clients):
    """cloudformation reads stacks, events and resources, and its waiter is content."""
    client = clients.boto("cloudformation")
    client.get_waiter("stack_create_complete").wait(StackName="cnt", WaiterConfig={"Delay": 1, "MaxAttempts": 1})
    stack = client.describe_stacks(StackName="cnt")["Stacks"][0]
    assert stack["Outputs"] == [{"OutputKey": "Url", "OutputValue": "http://10.79.255.1/", "Description": "open this"}]
    assert clients.aws("cloudformation", "describe-stacks")["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"
    assert len(clients.aws("cloudformation", "describe-stack-events", "--stack-name", "cnt")["StackEvents"]) == 7
    resources = clients.aws("cloudformation", "describe-stack-resources", "--stack-name", "cnt")["StackResources"]
    assert [r["LogicalResourceId"] for r in resources if r["PhysicalResourceId"] == GROUP] == ["Group"]


def test_stack_writes(clients):
    """create-stack, update-stack and delete-stack answer as AWS does."""
    made = clients.aws("cloudformation", "create-stack", "--stack-name", "new", "--template-body", "Resources: {}",
                       "--parameters", "ParameterKey=A,ParameterValue=1", "--capabilities", "CAPABILITY_IAM")
    assert made["StackId"].endswith("-new")
    client = clients.boto("cloudformation")
    assert error_of(client.create_stack, StackName="cnt", TemplateBody="a") == ("AlreadyExistsException", 400)
    client.update_stack(StackName="cnt", UsePreviousTemplate=True,
                        Parameters=[{"ParameterKey": "Colour", "UsePreviousValue": True}])
    client.delete_stack(StackName="cnt")
    assert error_of(client.describe_stacks, StackName="nope") == ("ValidationError", 400)
    assert "TemplateURL is not built" in clients.aws("cloudformation", "create-stack", "--stack-name", "new",
                                                     "--template-url", "http://x/", succeeds=False)


def test_capacity_writes(clients):
    """set-desired-capacity and terminate-instance-in-auto-scaling-group go through."""
    clients.aws("autoscaling", "set-desired-capacity", "--auto-scaling-group-name", GROUP, "--desired-capacity", "2")
    ended = clients.aws("autoscaling", "terminate-instance-in-auto-scaling-group", "--instance-id", INSTANCE,
                        "--no-should-decrement-desired-capacity")
    assert ended["Activity"]["AutoScalingGroupName"] == GROUP
    missing = error_of(clients.boto("autoscaling").set_desired_capacity, AutoScalingGroupName="x", DesiredCapacity=1)
    assert missing == ("ValidationError", 400)


def test_balancer(clients):
    """elbv2 reads the balancer, its targets' health, and its waiters are content."""
    client = clients.boto("elbv2")
    fast = {"Delay": 1, "MaxAttempts": 1}
    client.get_waiter("load_balancer_available").wait(Names=["cnt-backend-alb"], WaiterConfig=fast)
    client.get_waiter("target_in_service").wait(TargetGroupArn=arn_of(clients), Targets=[{"Id": INSTANCE}],
                                                WaiterConfig=fast)
    balancer = clients.aws("elbv2", "describe-load-balancers")["LoadBalancers"][0]
    assert balancer["State"]["Code"] == "active" and balancer["DNSName"] == "10.79.255.1"
    listeners = clients.aws("elbv2", "describe-listeners", "--load-balancer-arn", balancer["LoadBalancerArn"])
    assert listeners["Listeners"][0]["DefaultActions"][0]["Type"] == "forward"
    health = clients.aws("elbv2", "describe-target-health", "--target-group-arn", arn_of(clients))
    assert health["TargetHealthDescriptions"][0]["TargetHealth"] == {"State": "healthy"}
    clients.aws("elbv2", "register-targets", "--target-group-arn", arn_of(clients), "--targets", f"Id={INSTANCE}")
    clients.aws("elbv2", "deregister-targets", "--target-group-arn", arn_of(clients), "--targets", f"Id={INSTANCE}")
    assert error_of(client.describe_target_groups, Names=["x"]) == ("TargetGroupNotFound", 400)


def test_instances(clients):
    """ec2 reads instances, launch templates and the console, and its waiter is content."""
    client = clients.boto("ec2")
    client.get_waiter("instance_running").wait(InstanceIds=[INSTANCE], WaiterConfig={"Delay": 1, "MaxAttempts": 1})
    instance = clients.aws("ec2", "describe-instances", "--filters", f"Name=tag:aws:autoscaling:groupName,Values={GROUP}")
    assert instance["Reservations"][0]["Instances"][0]["PrivateIpAddress"] == "10.64.0.2"
    assert clients.aws("ec2", "describe-launch-templates")["LaunchTemplates"][0]["LatestVersionNumber"] == 1
    assert client.get_console_output(InstanceId=INSTANCE)["Output"] == "line 1\nline 2\n"
    assert error_of(client.describe_instances, InstanceIds=["i-0123"]) == ("InvalidInstanceID.NotFound", 400)
    assert error_of(client.stop_instances, InstanceIds=["i-1"]) == ("UnsupportedOperation", 400)


def test_metrics(clients):
    """Metrics go in (gzip, too) and come out; alarms are read."""
    import datetime
    client = clients.boto("cloudwatch")
    now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    client.put_metric_data(Namespace="App", MetricData=[{"MetricName": "Load", "Value": 2.5, "Timestamp": now,
                                                         "Unit": "Count"}])
    many = [{"MetricName": f"M{i}", "Values": [1.0, 2.0], "Dimensions": [{"Name": "Instance", "Value": "x" * 100}]}
            for i in range(200)]  # over 10 KB, which boto3 packs
    client.put_metric_data(Namespace="App", MetricData=many)
    start = (now - datetime.timedelta(minutes=5)).isoformat()
    end = (now + datetime.timedelta(minutes=5)).isoformat()
    points = clients.aws("cloudwatch", "get-metric-statistics", "--namespace", "App", "--metric-name", "Load",
                         "--start-time", start, "--end-time", end, "--period", "60", "--statistics", "Average")
    assert points["Datapoints"][0]["Average"] == 2.5 and points["Datapoints"][0]["Unit"] == "Count"
    got = client.get_metric_statistics(Namespace="App", MetricName="M199", StartTime=start, EndTime=end, Period=60,
                                       Statistics=["Sum"], Dimensions=[{"Name": "Instance", "Value": "x" * 100}])
    assert got["Datapoints"][0]["Sum"] == 3.0
    names = [a["AlarmName"] for a in clients.aws("cloudwatch", "describe-alarms")["MetricAlarms"]]
    assert len(names) == 3 and "cnt-ec2-cpu-high" in names
    assert error_of(client.put_metric_data, Namespace="AWS/EC2", MetricData=[]) == ("InvalidParameterValue", 400)
    assert error_of(client.list_dashboards) == ("UnsupportedOperation", 400)


def test_wrong_keys(clients):
    """Wrong keys get the errors that clients know."""
    other = {"aws_access_key_id": "AKIDOTHER", "aws_secret_access_key": "x"}
    wrong = {"aws_access_key_id": clients.server.key, "aws_secret_access_key": "x"}
    sts, ec2, cloudwatch = (clients.boto(s, **other) for s in ("sts", "ec2", "cloudwatch"))
    assert error_of(sts.get_caller_identity) == ("InvalidClientTokenId", 403)
    assert error_of(ec2.describe_instances) == ("AuthFailure", 401)
    assert error_of(cloudwatch.describe_alarms) == ("UnrecognizedClientException", 400)
    for service, call in (("sts", "get_caller_identity"), ("ec2", "describe_instances"), ("cloudwatch", "describe_alarms")):
        assert error_of(getattr(clients.boto(service, **wrong), call)) == ("SignatureDoesNotMatch", 403)


def main():
    program, venv = sys.argv[1:]
    if os.environ.get("TG_CONFORMANCE_VENV") != "1":
        python = clients_python(venv)
        os.execve(python, [str(python), __file__, program, venv], os.environ | {"TG_CONFORMANCE_VENV": "1"})
    with ApiServer(program) as server:
        return run_tests(globals(), Clients(server))


if __name__ == "__main__":
    sys.exit(main())
