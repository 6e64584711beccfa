#!/usr/bin/env python3
"""CloudFormation by each of AWS's clients, against a real control plane; `aws cloudformation deploy` too.

usage: stacks_test.py PROGRAMS TOOLS      (inside tools/in-netns.sh; TOOLS is made by make_clients.py)
"""

import json
import os
import pathlib

import conformance
import harness
from clients import AwsCli, Refused

WEB = harness.ROOT / "tests" / "integration" / "web" / "stack.yaml"
ALARM = {"Namespace": "App", "MetricName": "Jobs", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1,
         "ComparisonOperator": "GreaterThanThreshold"}


def template(name, threshold=1, **more):
    """A stack of one alarm, whose threshold may change; more: logical id → alarm name."""
    alarms = {"Jobs": f"{name}-jobs", **more}
    return json.dumps({
        "Description": f"alarms of {name}",
        "Parameters": {"Threshold": {"Type": "Number", "Default": threshold, "Description": "of the alarms"}},
        "Resources": {key: {"Type": "AWS::CloudWatch::Alarm",
                            "Properties": {**ALARM, "AlarmName": alarm, "Threshold": {"Ref": "Threshold"}}}
                      for key, alarm in alarms.items()},
        "Outputs": {"Alarm": {"Value": {"Ref": "Jobs"}}}})


def name_of(number):
    return f"stack{number}"


def threshold(value):
    return [{"ParameterKey": "Threshold", "ParameterValue": str(value)}]


def test_stacks(_tidegate, client):
    """Each client makes, reads, updates and lists a stack; its waiters are content."""
    name = name_of(client.number)
    call = lambda operation, **given: client.call("cloudformation", operation, **given)  # noqa: E731
    text = template(name)
    call("ValidateTemplate", TemplateBody=text)
    made = call("CreateStack", StackName=name, TemplateBody=text, Tags=[{"Key": "by", "Value": client.name}])
    client.wait("cloudformation", "StackCreateComplete", StackName=name)
    stack = call("DescribeStacks", StackName=made["StackId"])["Stacks"][0]
    harness.check(stack["Outputs"][0]["OutputValue"] == f"{name}-jobs", str(stack))
    harness.check(stack["Tags"] == [{"Key": "by", "Value": client.name}], str(stack))
    call("UpdateStack", StackName=name, UsePreviousTemplate=True, Parameters=threshold(5))
    client.wait("cloudformation", "StackUpdateComplete", StackName=name)
    statuses = [event["ResourceStatus"] for event in
                call("DescribeStackEvents", StackName=name)["StackEvents"]
                if event["LogicalResourceId"] == name]
    harness.check(statuses == ["UPDATE_COMPLETE", "UPDATE_IN_PROGRESS", "CREATE_COMPLETE", "CREATE_IN_PROGRESS"],
                  str(statuses))
    resources = call("ListStackResources", StackName=name)["StackResourceSummaries"]
    harness.check([r["PhysicalResourceId"] for r in resources] == [f"{name}-jobs"], str(resources))
    resources = call("DescribeStackResources", StackName=name)["StackResources"]
    harness.check([r["LogicalResourceId"] for r in resources] == ["Jobs"], str(resources))
    detail = call("DescribeStackResource", StackName=name, LogicalResourceId="Jobs")["StackResourceDetail"]
    harness.check(detail["ResourceStatus"] == "UPDATE_COMPLETE", str(detail))
    listed = call("ListStacks", StackStatusFilter=["UPDATE_COMPLETE"])["StackSummaries"]
    harness.check(name in [s["StackName"] for s in listed], str(listed))
    body = call("GetTemplate", StackName=name)["TemplateBody"]
    harness.check((json.loads(body) if isinstance(body, str) else body) == json.loads(text), str(body))
    summary = call("GetTemplateSummary", StackName=name)
    harness.check(summary["ResourceTypes"] == ["AWS::CloudWatch::Alarm"], str(summary))
    harness.check(summary["Parameters"][0]["Description"] == "of the alarms", str(summary))


def test_change_sets(_tidegate, client):
    """Each client looks at a change before it makes it; an empty one is FAILED in CloudFormation's words."""
    name = name_of(client.number)
    call = lambda operation, **given: client.call("cloudformation", operation, **given)  # noqa: E731
    made = call("CreateChangeSet", StackName=name, ChangeSetName="six", ChangeSetType="UPDATE",
                TemplateBody=template(name), Parameters=threshold(6))
    client.wait("cloudformation", "ChangeSetCreateComplete", ChangeSetName=made["Id"])
    shown = call("DescribeChangeSet", ChangeSetName="six", StackName=name)
    change = shown["Changes"][0]["ResourceChange"]
    harness.check((change["Action"], change["LogicalResourceId"]) == ("Modify", "Jobs"), str(shown))
    call("ExecuteChangeSet", ChangeSetName="six", StackName=name)
    client.wait("cloudformation", "StackUpdateComplete", StackName=name)
    call("CreateChangeSet", StackName=name, ChangeSetName="same", TemplateBody=template(name),
         Parameters=threshold(6))
    shown = call("DescribeChangeSet", ChangeSetName="same", StackName=name)
    harness.check((shown["Status"], shown["StatusReason"]) == (
        "FAILED", "The submitted information didn't contain changes. "
                  "Submit different information to create a change set."), str(shown))
    names = [s["ChangeSetName"] for s in call("ListChangeSets", StackName=name)["Summaries"]]
    harness.check(names == ["six", "same"], str(names))
    for _ in range(2):
        call("DeleteChangeSet", ChangeSetName="same", StackName=name)
    call("CreateChangeSet", StackName=name, ChangeSetName="six", TemplateBody=template(name),
         Parameters=threshold(7))  # the name of one that is executed is free
    new = name + "-new"
    call("CreateChangeSet", StackName=new, ChangeSetName="first", ChangeSetType="CREATE",
         TemplateBody=template(new))
    status = call("DescribeStacks", StackName=new)["Stacks"][0]["StackStatus"]
    harness.check(status == "REVIEW_IN_PROGRESS", status)
    call("ExecuteChangeSet", ChangeSetName="first", StackName=new)
    client.wait("cloudformation", "StackCreateComplete", StackName=new)


def test_a_failed_update_rolls_back(_tidegate, client):
    """An update that fails ends as UPDATE_ROLLBACK_COMPLETE, with everything as before."""
    name = name_of(client.number)
    call = lambda operation, **given: client.call("cloudformation", operation, **given)  # noqa: E731
    call("UpdateStack", StackName=name, TemplateBody=template(name, Taken=f"{name}-new-jobs"),
         Parameters=threshold(9), ClientRequestToken="nine")
    client.wait("cloudformation", "StackExists", StackName=name)
    stack = call("DescribeStacks", StackName=name)["Stacks"][0]
    harness.check(stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE", str(stack))
    harness.check(stack["Parameters"][0]["ParameterValue"] == "6", str(stack))
    failed = [e for e in call("DescribeStackEvents", StackName=name)["StackEvents"]
              if e["ResourceStatus"] == "CREATE_FAILED"]
    harness.check("already exists" in failed[0]["ResourceStatusReason"], str(failed))


def wrong_calls(name):
    text = template("x")
    iam = '{"Resources": {"R": {"Type": "AWS::IAM::Role"}}}'
    return [
        ("CreateStack", {"StackName": name, "TemplateBody": text}, "AlreadyExistsException"),
        ("CreateStack", {"StackName": "x", "TemplateBody": iam}, "InsufficientCapabilitiesException"),
        ("CreateStack", {"StackName": "1x", "TemplateBody": text}, "ValidationError"),
        ("UpdateStack", {"StackName": "none", "TemplateBody": text}, "ValidationError"),
        ("UpdateStack", {"StackName": name, "UsePreviousTemplate": True, "Parameters": threshold(6)},
         "ValidationError"),
        ("DescribeStacks", {"StackName": "none"}, "ValidationError"),
        ("DescribeStackEvents", {"StackName": "none"}, "ValidationError"),
        ("DescribeStackResources", {"StackName": "none"}, "ValidationError"),
        ("DescribeStackResource", {"StackName": name, "LogicalResourceId": "None"}, "ValidationError"),
        ("ListStackResources", {"StackName": "none"}, "ValidationError"),
        ("ListStacks", {"NextToken": "none"}, "ValidationError"),
        ("ListChangeSets", {"StackName": "none"}, "ValidationError"),
        ("ValidateTemplate", {"TemplateBody": "[1"}, "ValidationError"),
        ("GetTemplate", {"StackName": "none"}, "ValidationError"),
        ("GetTemplate", {"StackName": name, "ChangeSetName": "none"}, "ChangeSetNotFound"),
        ("GetTemplateSummary", {"StackName": "none"}, "ValidationError"),
        ("CreateChangeSet", {"StackName": "none", "ChangeSetName": "c", "TemplateBody": text}, "ValidationError"),
        ("CreateChangeSet", {"StackName": name, "ChangeSetName": "six", "TemplateBody": text},
         "AlreadyExistsException"),
        ("DescribeChangeSet", {"StackName": name, "ChangeSetName": "none"}, "ChangeSetNotFound"),
        ("ExecuteChangeSet", {"StackName": name, "ChangeSetName": "none"}, "ChangeSetNotFound"),
        ("ExecuteChangeSet", {"StackName": name, "ChangeSetName": "six"}, "InvalidChangeSetStatus"),
        ("DeleteChangeSet", {"StackName": "none", "ChangeSetName": "c"}, "ValidationError"),
        ("DeleteStack", {"StackName": name, "ClientRequestToken": "nine"}, "TokenAlreadyExistsException"),
        ("DeleteStack", {"StackName": name, "ClientRequestToken": "t"}, None),
        ("DeleteStack", {"StackName": "none"}, None),
    ]


def test_wrong_calls(_tidegate, client):
    """Each client gets AWS's code for each operation's wrong call; deletes of nothing are no error."""
    # JS and boto3 name the shape, aws cli the code; both are AWS's.
    other = {"ChangeSetNotFound": "ChangeSetNotFoundException"}
    for operation, given, code in wrong_calls(name_of(client.number)):
        try:
            client.call("cloudformation", operation, **given)
        except Refused as refused:
            harness.check(refused.code in (code, other.get(code)), f"{client.name} {operation}: {refused}, not {code}")
        else:
            harness.check(code is None, f"{client.name} {operation} {given}: no error")
    client.wait("cloudformation", "StackDeleteComplete", StackName=name_of(client.number))


def deploy(client, folder, text, *more):
    path = pathlib.Path(folder) / "template.yaml"
    path.write_text(text)
    return client.run("cloudformation", "deploy", "--stack-name", "deployed", "--template-file", str(path), *more)


def test_deploy(tidegate, clients):
    """`aws cloudformation deploy` of both versions: from empty, as an update, without changes, and gone again."""
    folder = os.environ["TMPDIR"]
    text = WEB.read_text().replace("[host, layer]", f"[host, {WEB.parent / 'layer'}]")
    for client in [client for client in clients if isinstance(client, AwsCli)]:
        status, out, err = deploy(client, folder, text)
        harness.check(status == 0, f"{client.name} deploy: {out}{err}")
        harness.wait_for("the group", lambda: len(tidegate.in_service("web-asg")) == 1)
        status, out, err = deploy(client, folder, text, "--parameter-overrides", "MaxSize=4")
        harness.check(status == 0, f"{client.name} deploy of a change: {out}{err}")
        harness.check(tidegate.group("web-asg")["MaxSize"] == 4, "MaxSize is not 4")
        status, out, err = deploy(client, folder, text, "--no-fail-on-empty-changeset")
        harness.check(status == 0 and "No changes to deploy" in out + err, f"{client.name} again: {out}{err}")
        client.call("cloudformation", "DeleteStack", StackName="deployed")
        client.wait("cloudformation", "StackDeleteComplete", StackName="deployed")


if __name__ == "__main__":
    conformance.main(globals())
