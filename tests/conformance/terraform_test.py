#!/usr/bin/env python3
"""Terraform with the unmodified AWS provider 3.39.0 drives examples/terraform: creates, plans clean, updates, plans clean,
destroys.

usage: terraform_test.py PROGRAMS TOOLS      (inside tools/in-netns.sh; TOOLS is made by make_clients.py)
"""

import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))
import harness  # noqa: E402  (found through the line above)

TOOLS = pathlib.Path(sys.argv.pop(2)).resolve()
EXAMPLE = harness.ROOT / "examples" / "terraform"
MADE = ["aws_autoscaling_group.backend", "aws_autoscaling_policy.cpu", "aws_cloudwatch_metric_alarm.cpu_high",
        "aws_launch_template.backend", "aws_lb.backend", "aws_lb_listener.http", "aws_lb_target_group.backend"]


class Terraform:
    """terraform in a folder of its own, with the provider from a folder instead of a registry."""

    def __init__(self, tidegate):
        self.folder = pathlib.Path(os.environ["TMPDIR"]) / "terraform"
        self.folder.mkdir(exist_ok=True)
        shutil.copy(EXAMPLE / "main.tf", self.folder)
        settings = self.folder / "cli.tfrc"
        settings.write_text(f'provider_installation {{\n  dev_overrides {{ "hashicorp/aws" = "{TOOLS / "terraform"}" }}\n}}\n')
        values = tidegate.environment()
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "TF_")) and "PROXY" not in k.upper()}
        self.environment = kept | {
            "AWS_ACCESS_KEY_ID": values["AWS_ACCESS_KEY_ID"], "AWS_SECRET_ACCESS_KEY": values["AWS_SECRET_ACCESS_KEY"],
            "AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
            "AWS_EC2_METADATA_DISABLED": "true", "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1",
            "TF_CLI_CONFIG_FILE": str(settings), "TF_VAR_endpoint": values["AWS_ENDPOINT_URL"]}

    def run(self, *arguments, expect=(0,)):
        done = subprocess.run(["terraform", *arguments, "-no-color"], cwd=self.folder, env=self.environment, text=True,
                              capture_output=True, timeout=600, stdin=subprocess.DEVNULL)
        harness.check(done.returncode in expect,
                      f"terraform {' '.join(arguments)} ended {done.returncode}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
        return done

    def plans_clean(self, *variables):
        """Nothing to do: exit code 0 of -detailed-exitcode, 2 would be a difference."""
        self.run("plan", "-input=false", "-detailed-exitcode", *variables)

    def apply(self, *variables):
        self.run("apply", "-input=false", "-auto-approve", *variables)

    def resources(self):
        listed = self.run("state", "list").stdout.split()
        return sorted(name for name in listed if not name.startswith("data."))


def test_terraform(tidegate):
    """Terraform creates the stack, plans clean, updates it, plans clean, and destroys it."""
    tidegate.run("serve", "--detach", expect=0)
    terraform = Terraform(tidegate)
    terraform.apply()
    harness.check(terraform.resources() == MADE, str(terraform.resources()))
    terraform.plans_clean()
    url = terraform.run("output", "-raw", "url").stdout.strip()
    harness.wait_for("an answer through the balancer", lambda: harness.get(url + "health")[2] == "serving\n")
    change = ["-var", "max_size=2", "-var", "target_cpu=60", "-var", "listener_port=8080", "-var", "sticky=true"]
    terraform.apply(*change)
    terraform.plans_clean(*change)
    harness.wait_for("the new port",
                     lambda: harness.get(url.rstrip("/") + ":8080/health")[2] == "serving\n")
    harness.wait_for("the cookie of its stickiness", lambda: harness.get(
        url.rstrip("/") + ":8080/health")[1].get("Set-Cookie", "").startswith("AWSALB"))
    terraform.run("destroy", "-input=false", "-auto-approve", *change)
    harness.check(terraform.resources() == [], str(terraform.resources()))
    answer = tidegate.api("elasticloadbalancing", "DescribeLoadBalancers")
    harness.check(not list(answer.iter("LoadBalancerArn")), "a load balancer is left")
    answer = tidegate.api("autoscaling", "DescribeAutoScalingGroups")
    harness.check(not list(answer.iter("AutoScalingGroupName")), "a group is left")


if __name__ == "__main__":
    if shutil.which("terraform") is None or not (TOOLS / "terraform").exists():
        print("MISSING: terraform is not on this machine (no package of Debian has it): "
              "THE TERRAFORM TEST DID NOT RUN; install terraform and run it again")
        print("0 passed, 0 failed, 1 skipped")
        sys.exit(0)
    harness.main()
