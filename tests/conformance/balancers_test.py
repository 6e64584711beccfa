#!/usr/bin/env python3
"""Elastic Load Balancing by each of AWS's clients, against a real control plane: a balancer made by calls serves.

usage: balancers_test.py PROGRAMS TOOLS      (inside tools/in-netns.sh; TOOLS is made by make_clients.py)
"""

import http.server
import threading

import conformance
import harness
from clients import Refused

VALUES = {}  # what the first test made, for the others


def origin(text):
    """The port of an HTTP server that answers everything with `text`."""
    class Answer(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_):
            pass
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_port


def forward(arn):
    return [{"Type": "forward", "TargetGroupArn": arn}]


def make(client, name):
    """A balancer `name` with a listener on 80 and two target groups, a rule for the second."""
    call = lambda operation, **given: client.call("elbv2", operation, **given)  # noqa: E731
    tags = [{"Key": "by", "Value": client.name}]
    groups = []
    for part in ("a", "b"):
        made = call("CreateTargetGroup", Name=f"{name}-{part}", Protocol="HTTP", Port=8000, TargetType="ip",
                    HealthCheckIntervalSeconds=5, HealthCheckTimeoutSeconds=2, HealthyThresholdCount=2, Tags=tags)
        groups.append(made["TargetGroups"][0]["TargetGroupArn"])
        call("RegisterTargets", TargetGroupArn=groups[-1],
             Targets=[{"Id": "127.0.0.1", "Port": origin(f"{name}-{part}")}])
    balancer = call("CreateLoadBalancer", Name=name, Subnets=["subnet-a", "subnet-b"], Tags=tags)["LoadBalancers"][0]
    listener = call("CreateListener", LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="HTTP", Port=80,
                    DefaultActions=forward(groups[0]))["Listeners"][0]["ListenerArn"]
    rule = call("CreateRule", ListenerArn=listener, Priority=10, Actions=forward(groups[1]),
                Conditions=[{"Field": "path-pattern", "Values": ["/b/*"]}])["Rules"][0]["RuleArn"]
    client.wait("elbv2", "LoadBalancerAvailable", LoadBalancerArns=[balancer["LoadBalancerArn"]])
    for group in groups:
        client.wait("elbv2", "TargetInService", TargetGroupArn=group)
    return {"name": name, "balancer": balancer["LoadBalancerArn"], "dns": balancer["DNSName"], "groups": groups,
            "listener": listener, "rule": rule}


def body(url):
    status, _, text = harness.get(url)
    harness.check(status == 200, f"{url} answered {status}")
    return text


def test_a_balancer_by_calls_serves(tidegate, clients):
    """Each client makes a balancer, two target groups, a listener and a rule, and requests reach the right target."""
    tidegate.up(harness.ROOT / "tests" / "integration" / "web" / "stack.yaml")  # for its subnets

    def serve(client):
        name = f"alb{client.number}"
        made = VALUES[client.name] = make(client, name)
        url = f"http://{made['dns']}/"
        harness.wait_for("the first target", lambda: body(url) == f"{name}-a")
        harness.wait_for("the rule", lambda: body(url + "b/x") == f"{name}-b")
    conformance.at_once(clients, serve)


def test_reads(_tidegate, client):
    """Each client reads back what it made."""
    made = VALUES[client.name]
    call = lambda operation, **given: client.call("elbv2", operation, **given)  # noqa: E731
    shown = call("DescribeLoadBalancers", Names=[made["name"]])["LoadBalancers"][0]
    harness.check([z["SubnetId"] for z in shown["AvailabilityZones"]] == ["subnet-a", "subnet-b"], str(shown))
    harness.check(shown["State"]["Code"] == "active", str(shown))
    listeners = call("DescribeListeners", LoadBalancerArn=made["balancer"])["Listeners"]
    harness.check([item["ListenerArn"] for item in listeners] == [made["listener"]], str(listeners))
    rules = call("DescribeRules", ListenerArn=made["listener"])["Rules"]
    harness.check([rule["Priority"] for rule in rules] == ["10", "default"], str(rules))
    groups = call("DescribeTargetGroups", LoadBalancerArn=made["balancer"])["TargetGroups"]
    harness.check({group["TargetGroupArn"] for group in groups} == set(made["groups"]), str(groups))
    health = call("DescribeTargetHealth", TargetGroupArn=made["groups"][0])["TargetHealthDescriptions"]
    harness.check([item["TargetHealth"]["State"] for item in health] == ["healthy"], str(health))
    tags = call("DescribeTags", ResourceArns=[made["balancer"]])["TagDescriptions"][0]["Tags"]
    harness.check(tags == [{"Key": "by", "Value": client.name}], str(tags))
    attributes = call("DescribeLoadBalancerAttributes", LoadBalancerArn=made["balancer"])["Attributes"]
    harness.check({"Key": "idle_timeout.timeout_seconds", "Value": "60"} in attributes, str(attributes))
    attributes = call("DescribeTargetGroupAttributes", TargetGroupArn=made["groups"][0])["Attributes"]
    harness.check({"Key": "deregistration_delay.timeout_seconds", "Value": "300"} in attributes, str(attributes))
    limits = {limit["Name"]: limit["Max"] for limit in call("DescribeAccountLimits")["Limits"]}
    harness.check(limits["application-load-balancers"] == "50", str(limits))


def test_changes(_tidegate, client):
    """Each client changes what may change; traffic follows the listener and the rules."""
    made = VALUES[client.name]
    call = lambda operation, **given: client.call("elbv2", operation, **given)  # noqa: E731
    url = f"http://{made['dns']}/"
    call("ModifyListener", ListenerArn=made["listener"], DefaultActions=forward(made["groups"][1]))
    harness.wait_for("the other target group", lambda: body(url) == f"{made['name']}-b")
    call("ModifyRule", RuleArn=made["rule"], Actions=forward(made["groups"][0]),
         Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/a/*"]}}])
    harness.wait_for("the changed rule", lambda: body(url + "a/x") == f"{made['name']}-a")
    moved = call("SetRulePriorities", RulePriorities=[{"RuleArn": made["rule"], "Priority": 5}])
    harness.check(moved["Rules"][0]["Priority"] == "5", str(moved))
    changed = call("ModifyTargetGroup", TargetGroupArn=made["groups"][0], HealthCheckPath="/ready")
    harness.check(changed["TargetGroups"][0]["HealthCheckPath"] == "/ready", str(changed))
    attribute = [{"Key": "idle_timeout.timeout_seconds", "Value": "30"}]
    changed = call("ModifyLoadBalancerAttributes", LoadBalancerArn=made["balancer"], Attributes=attribute)
    harness.check(attribute[0] in changed["Attributes"], str(changed))
    attribute = [{"Key": "deregistration_delay.timeout_seconds", "Value": "0"}]
    for group in made["groups"]:
        changed = call("ModifyTargetGroupAttributes", TargetGroupArn=group, Attributes=attribute)
        harness.check(attribute[0] in changed["Attributes"], str(changed))
    sticky = [{"Key": "stickiness.enabled", "Value": "true"}, {"Key": "stickiness.type", "Value": "lb_cookie"},
              {"Key": "stickiness.lb_cookie.duration_seconds", "Value": "60"}]
    call("ModifyTargetGroupAttributes", TargetGroupArn=made["groups"][0], Attributes=sticky)
    attributes = call("DescribeTargetGroupAttributes", TargetGroupArn=made["groups"][0])["Attributes"]
    harness.check(all(one in attributes for one in sticky), str(attributes))
    harness.wait_for("the cookie of its stickiness", lambda: harness.get(
        url + "a/x")[1].get("Set-Cookie", "").startswith("AWSALB"))
    call("AddTags", ResourceArns=[made["rule"]], Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    call("RemoveTags", ResourceArns=[made["rule"]], TagKeys=["a"])
    tags = call("DescribeTags", ResourceArns=[made["rule"]])["TagDescriptions"][0]["Tags"]
    harness.check(tags == [{"Key": "b", "Value": "2"}], str(tags))
    zones = call("SetSubnets", LoadBalancerArn=made["balancer"], Subnets=["subnet-b", "subnet-a"])
    harness.check(len(zones["AvailabilityZones"]) == 2, str(zones))
    groups = call("SetSecurityGroups", LoadBalancerArn=made["balancer"], SecurityGroups=["sg-0a"])
    harness.check(groups["SecurityGroupIds"] == ["sg-0a"], str(groups))
    kind = call("SetIpAddressType", LoadBalancerArn=made["balancer"], IpAddressType="ipv4")
    harness.check(kind["IpAddressType"] == "ipv4", str(kind))


def wrong_calls(made):
    """operation, input, the code that AWS has for it: one for each operation at least."""
    arn = "arn:aws:elasticloadbalancing:eu-west-2:000000000000:"
    balancer, group = arn + "loadbalancer/app/x/1", arn + "targetgroup/x/1"
    listener, rule = arn + "listener/app/x/1/1", arn + "listener-rule/app/x/1/1/1"
    path = [{"Field": "path-pattern", "Values": ["/x"]}]
    attribute = [{"Key": "colour", "Value": "red"}]
    return [
        ("CreateLoadBalancer", {"Name": "x", "Subnets": ["subnet-a", "subnet-none"]}, "SubnetNotFound"),
        ("CreateLoadBalancer", {"Name": made["name"], "Subnets": ["subnet-a", "subnet-b"], "Scheme": "internal"},
         "DuplicateLoadBalancerName"),
        ("CreateLoadBalancer", {"Name": "-x", "Subnets": ["subnet-a", "subnet-b"]}, "ValidationError"),
        ("CreateTargetGroup", {"Name": made["name"] + "-a", "Protocol": "HTTP", "Port": 1, "TargetType": "ip"},
         "DuplicateTargetGroupName"),
        ("CreateTargetGroup", {"Name": "x", "Protocol": "TCP", "Port": 1}, "InvalidConfigurationRequest"),
        ("CreateListener", {"LoadBalancerArn": balancer, "Protocol": "HTTP", "Port": 81,
                            "DefaultActions": forward(made["groups"][0])}, "LoadBalancerNotFound"),
        ("CreateListener", {"LoadBalancerArn": made["balancer"], "Protocol": "HTTPS", "Port": 443,
                            "DefaultActions": forward(made["groups"][0])}, "UnsupportedProtocol"),
        ("CreateListener", {"LoadBalancerArn": made["balancer"], "Protocol": "HTTP", "Port": 80,
                            "DefaultActions": forward(made["groups"][0])}, "DuplicateListener"),
        ("CreateRule", {"ListenerArn": listener, "Priority": 1, "Conditions": path,
                        "Actions": forward(made["groups"][0])}, "ListenerNotFound"),
        ("CreateRule", {"ListenerArn": made["listener"], "Priority": 5, "Conditions": path,
                        "Actions": forward(made["groups"][0])}, "PriorityInUse"),
        ("ModifyListener", {"ListenerArn": listener, "Port": 82}, "ListenerNotFound"),
        ("ModifyRule", {"RuleArn": rule, "Conditions": path}, "RuleNotFound"),
        ("ModifyTargetGroup", {"TargetGroupArn": group, "HealthCheckPath": "/x"}, "TargetGroupNotFound"),
        ("ModifyLoadBalancerAttributes", {"LoadBalancerArn": made["balancer"], "Attributes": attribute},
         "ValidationError"),
        ("ModifyTargetGroupAttributes", {"TargetGroupArn": group, "Attributes": attribute}, "TargetGroupNotFound"),
        ("DescribeLoadBalancers", {"Names": ["none"]}, "LoadBalancerNotFound"),
        ("DescribeLoadBalancerAttributes", {"LoadBalancerArn": balancer}, "LoadBalancerNotFound"),
        ("DescribeListeners", {"LoadBalancerArn": balancer}, "LoadBalancerNotFound"),
        ("DescribeRules", {"ListenerArn": listener}, "ListenerNotFound"),
        ("DescribeTargetGroups", {"Names": ["none"]}, "TargetGroupNotFound"),
        ("DescribeTargetGroupAttributes", {"TargetGroupArn": group}, "TargetGroupNotFound"),
        ("DescribeTargetHealth", {"TargetGroupArn": group}, "TargetGroupNotFound"),
        ("DescribeTags", {"ResourceArns": [rule]}, "RuleNotFound"),
        ("AddTags", {"ResourceArns": [balancer], "Tags": [{"Key": "a"}]}, "LoadBalancerNotFound"),
        ("RemoveTags", {"ResourceArns": [listener], "TagKeys": ["a"]}, "ListenerNotFound"),
        ("RegisterTargets", {"TargetGroupArn": made["groups"][0], "Targets": [{"Id": "i-1"}]}, "InvalidTarget"),
        ("DeregisterTargets", {"TargetGroupArn": made["groups"][0], "Targets": [{"Id": "10.0.0.1"}]}, "InvalidTarget"),
        ("SetSubnets", {"LoadBalancerArn": balancer, "Subnets": ["subnet-a", "subnet-b"]}, "LoadBalancerNotFound"),
        ("SetSecurityGroups", {"LoadBalancerArn": made["balancer"], "SecurityGroups": ["x"]}, "InvalidSecurityGroup"),
        ("SetIpAddressType", {"LoadBalancerArn": made["balancer"], "IpAddressType": "dualstack"},
         "InvalidConfigurationRequest"),
        ("SetRulePriorities", {"RulePriorities": [{"RuleArn": rule, "Priority": 1}]}, "RuleNotFound"),
        ("DeleteTargetGroup", {"TargetGroupArn": made["groups"][0]}, "ResourceInUse"),
        ("DeleteListener", {"ListenerArn": listener}, "ListenerNotFound"),
        ("DeleteRule", {"RuleArn": rule}, "RuleNotFound"),
        ("DeleteLoadBalancer", {"LoadBalancerArn": "x"}, "ValidationError"),
    ]


def test_wrong_calls(_tidegate, client):
    """Each client gets AWS's code for each operation's wrong call."""
    for operation, given, code in wrong_calls(VALUES[client.name]):
        try:
            client.call("elbv2", operation, **given)
        except Refused as refused:
            harness.check(refused.code == code, f"{client.name} {operation}: {refused}, not {code}")
        else:
            raise harness.Failed(f"{client.name} {operation} {given}: no error")


def test_deletes(_tidegate, client):
    """Each client takes down what it made; deleting again is no error where AWS says so."""
    made = VALUES[client.name]
    call = lambda operation, **given: client.call("elbv2", operation, **given)  # noqa: E731
    call("DeleteRule", RuleArn=made["rule"])
    target = call("DescribeTargetHealth", TargetGroupArn=made["groups"][1])["TargetHealthDescriptions"][0]["Target"]
    targets = [{"Id": target["Id"], "Port": target["Port"]}]
    call("DeregisterTargets", TargetGroupArn=made["groups"][1], Targets=targets)
    client.wait("elbv2", "TargetDeregistered", TargetGroupArn=made["groups"][1], Targets=targets)
    call("DeleteListener", ListenerArn=made["listener"])
    for _ in range(2):
        call("DeleteLoadBalancer", LoadBalancerArn=made["balancer"])
        for group in made["groups"]:
            call("DeleteTargetGroup", TargetGroupArn=group)
    client.wait("elbv2", "LoadBalancersDeleted", LoadBalancerArns=[made["balancer"]])


if __name__ == "__main__":
    conformance.main(globals())
