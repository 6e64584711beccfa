# A stack like examples/cnt/stack.yaml's, by Terraform. docs/guides/aws-tools.md tells how to run it:
#   eval "$(tidegate env)"; terraform init; terraform apply -var endpoint="$AWS_ENDPOINT_URL"
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "3.39.0"
    }
  }
}

variable "endpoint" {
  description = "What `tidegate env` gives as AWS_ENDPOINT_URL"
  default     = "http://127.0.0.1:4580"
}

variable "image" {
  description = "ami-host is this machine's own root; others are declared under Metadata.Tidegate.Images of a stack"
  default     = "ami-host"
}

variable "instance_type" {
  default = "t3.nano"
}

variable "max_size" {
  default = 3
}

variable "target_cpu" {
  default = 70
}

variable "listener_port" {
  default = 80
}

variable "sticky" {
  description = "Whether who comes back gets the instance it had"
  default     = false
}

# Keys come from the environment. What asks services that are not here (IAM, the metadata of EC2) is skipped.
provider "aws" {
  region                      = "eu-west-2"
  skip_credentials_validation = true
  skip_get_ec2_platforms      = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  skip_requesting_account_id  = true

  endpoints {
    autoscaling    = var.endpoint
    cloudformation = var.endpoint
    cloudwatch     = var.endpoint
    ec2            = var.endpoint
    elb            = var.endpoint
    sts            = var.endpoint
  }
}

data "aws_subnet" "zone" {
  for_each          = toset(["eu-west-2a", "eu-west-2b"])
  availability_zone = each.value
  default_for_az    = true
}

locals {
  subnets = [for subnet in data.aws_subnet.zone : subnet.id]
  vpc     = values(data.aws_subnet.zone)[0].vpc_id
}

resource "aws_launch_template" "backend" {
  name          = "tf-backend-launch-template"
  image_id      = var.image
  instance_type = var.instance_type
  user_data = base64encode(<<-EOT
    #!/bin/bash
    mkdir -p /srv/www && echo serving > /srv/www/health && cd /srv/www
    exec /usr/bin/python3 -m http.server 8000
  EOT
  )
}

resource "aws_lb" "backend" {
  name    = "tf-backend-alb"
  subnets = local.subnets
}

resource "aws_lb_target_group" "backend" {
  name                 = "tf-backend-tg"
  port                 = 8000
  protocol             = "HTTP"
  vpc_id               = local.vpc
  deregistration_delay = 10

  health_check {
    path                = "/health"
    interval            = 5
    timeout             = 2
    healthy_threshold   = 2
    unhealthy_threshold = 2
    matcher             = "200"
  }

  stickiness {
    type            = "lb_cookie"
    enabled         = var.sticky
    cookie_duration = 3600
  }
}

resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.backend.arn
  port              = var.listener_port
  protocol          = "HTTP"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.backend.arn
  }
}

resource "aws_autoscaling_group" "backend" {
  name                      = "tf-backend-asg"
  min_size                  = 1
  max_size                  = var.max_size
  vpc_zone_identifier       = local.subnets
  target_group_arns         = [aws_lb_target_group.backend.arn]
  health_check_type         = "ELB"
  health_check_grace_period = 30
  wait_for_capacity_timeout = "2m"

  launch_template {
    id      = aws_launch_template.backend.id
    version = aws_launch_template.backend.latest_version
  }

  lifecycle {
    ignore_changes = [desired_capacity] # the policy's
  }

  depends_on = [aws_lb_listener.http]
}

resource "aws_autoscaling_policy" "cpu" {
  name                      = "tf-target-tracking-cpu"
  autoscaling_group_name    = aws_autoscaling_group.backend.name
  policy_type               = "TargetTrackingScaling"
  estimated_instance_warmup = 10

  target_tracking_configuration {
    target_value = var.target_cpu

    predefined_metric_specification {
      predefined_metric_type = "ASGAverageCPUUtilization"
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "cpu_high" {
  alarm_name          = "tf-ec2-cpu-high"
  namespace           = "AWS/EC2"
  metric_name         = "CPUUtilization"
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.target_cpu

  dimensions = {
    AutoScalingGroupName = aws_autoscaling_group.backend.name
  }
}

output "url" {
  value = "http://${aws_lb.backend.dns_name}/"
}
