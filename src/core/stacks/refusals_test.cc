// What is refused of the template as a whole and of its metadata, by line and sentence.
#include <array>

#include <doctest/doctest.h>

#include "core/stacks/refusals_fixture.h"

namespace tidegate::stacks {

TEST_CASE("refusals: the template they start from works") {
  CHECK(refusal(kBase) == "none");
}

TEST_CASE("refusals: the template as a whole") {
  const auto cases = std::to_array<Refused>({
      {"Metadata:\n", "Metadate:\n", "line 1: unknown key 'Metadate'; did you mean 'Metadata'?"},
      {"Resources:",
       "Transform: AWS::Serverless-2016-10-31\nResources:",
       "line 12: Transform (macros) is not built: write the result out"},
      {"Resources:",
       "AWSTemplateFormatVersion: 2010-09-08\nResources:",
       "line 12, AWSTemplateFormatVersion: must be 2010-09-09"},
      {"  Lb:\n",
       "  L-b:\n",
       "line 13, Resources: the name 'L-b' must have 1 to 255 letters and digits only"},
      {"    Type: AWS::EC2::LaunchTemplate\n", "", "line 38, Resources.Lt: Type is missing"},
      {"AWS::EC2::LaunchTemplate",
       "AWS::EC2::LaunchTemplates",
       "line 39, Resources.Lt: the type AWS::EC2::LaunchTemplates is not built; the nearest that "
       "works is AWS::EC2::LaunchTemplate"},
      {"AWS::EC2::LaunchTemplate",
       "AWS::AutoScaling::LaunchConfiguration",
       "line 39, Resources.Lt: the type AWS::AutoScaling::LaunchConfiguration is not built; use "
       "AWS::EC2::LaunchTemplate"},
      {"  Lt:\n",
       "  Lt:\n    CreationPolicy: {}\n",
       "line 39, Resources.Lt: CreationPolicy is not built: an instance is in service only when it "
       "answers, and Metadata.Tidegate.AutoScalingGroups has LaunchTimeout; remove it"},
      {"  Lt:\n",
       "  Lt:\n    UpdatePolicy: {}\n",
       "line 39, Resources.Lt: UpdatePolicy is not built: an update changes no running instance; "
       "remove it"},
      {"  Lt:\n",
       "  Lt:\n    DeletionPolicy: Snapshot\n",
       "line 39, Resources.Lt.DeletionPolicy: 'Snapshot' is not built; Delete and Retain are"},
      {"  Lt:\n",
       "  Lt:\n    Dependson: Tg\n",
       "line 39, Resources.Lt: unknown key 'Dependson'; did you mean 'DependsOn'?"},
      {"  Lt:\n",
       "  Lt:\n    DependsOn: [Tg, Lbb]\n",
       "line 39, Resources.Lt.DependsOn: 'Lbb' is no resource of this template; did you mean "
       "'Lb'?"},
      {"  Lt:\n",
       "  Lt:\n    DependsOn: Asg\n",
       "line 38, Resources: circular reference: Lt -> Asg -> Lt"},
      {"  Lt:\n",
       "  Lt:\n    Condition: IsBig\n",
       "line 39, Resources.Lt: 'IsBig' is no condition of this template"},
      {"      Name: tg\n",
       "      Name: !ImportValue x\n",
       "line 28: Fn::ImportValue is not built; pass the value as a parameter"},
      {"      Name: tg\n",
       "      Name: !Sup x\n",
       "line 28: unknown function Fn::Sup; did you mean 'Fn::Sub'?"},
      {"      Name: tg\n",
       "      Name:\n",
       "line 28: a null (an empty value) is not allowed in a template"},
      {"      Name: tg\n",
       "      Name: { Ref: Size, x: y }\n",
       "line 28: Ref must be the only key of its mapping"},
      {"!Ref Tg]",
       "!Ref Tgg]",
       "line 50, Resources.Asg.Properties: 'Tgg' is no parameter and no resource of this template; "
       "did you mean 'Tg'?"},
      {"Lt.LatestVersionNumber",
       "Lt.LatestVersion",
       "line 51, Resources.Asg.Properties: Fn::GetAtt Lt.LatestVersion: unknown attribute; valid: "
       "LatestVersionNumber, DefaultVersionNumber, LaunchTemplateId"},
      {"Lt.LatestVersionNumber",
       "Lte.LatestVersionNumber",
       "line 51, Resources.Asg.Properties: 'Lte' is no resource of this template; did you mean "
       "'Lt'?"},
      {"  Lb:\n", "  Lb: 1\n  Lb2:\n", "line 13, Resources.Lb: must be a mapping with a Type"},
      {"Default: 1", "Default: x", "line 11, Parameters.Size: the value 'x' is no number"},
      {", Default: 1",
       "",
       "line 11, Parameters.Size: Parameters: [Size] must have values: it has no Default and none "
       "was given"},
  });
  check_refusals(cases);
}

TEST_CASE("refusals: syntax errors have their line") {
  CHECK(refusal("Resources:\n  A: [1\n").starts_with("line 3, column 1: "));
  CHECK(refusal("Resources:\n  A: 1\n A: 2\n").starts_with("line 3, column "));
  CHECK(refusal("").starts_with("line 1: a template is a mapping"));
  CHECK(refusal("Description: x") ==
        "line 1: the section Resources must have at least one resource");
  CHECK(refusal("Resources: {}") ==
        "line 1: the section Resources must have at least one resource");
  CHECK(refusal("#" + std::string(kMaxTemplateBytes, 'x')) ==
        "line 1: the template has more than 1048576 bytes");
  CHECK(refusal(kBase + std::string(kMaxTemplateBytes - std::string{kBase}.size(), '\n')) ==
        "none");
}

TEST_CASE("refusals: Metadata.Tidegate") {
  const auto cases = std::to_array<Refused>({
      {"  Tidegate:", "  TideGate:", "line 2, Metadata: 'TideGate' must be written 'Tidegate'"},
      {"    Images:",
       "    Image:",
       "line 3, Metadata.Tidegate: unknown property 'Image'; did you mean 'Images'?"},
      {"    Images:",
       "    Timing: slow\n    Images:",
       "line 3, Metadata.Tidegate.Timing: 'slow' is none of fast, aws"},
      {"Layers: [host]",
       "Layer: [host]",
       "line 4, Metadata.Tidegate.Images.ami-1.Process: unknown property 'Layer'; did you mean "
       "'Layers'?"},
      {"Layers: [host]",
       "Layers: []",
       "line 4, Metadata.Tidegate.Images.ami-1.Process.Layers: must have at least one layer: host, "
       "or a folder"},
      {"Layers: [host]",
       "Layers: [image, host]",
       "line 4, Metadata.Tidegate.Images.ami-1.Process.Layers: host must be the first layer: "
       "others "
       "are laid over it"},
      {"{ Process: { Layers: [host] } }",
       "{ Container: { Image: x } }",
       "line 42, Resources.Lt.Properties.LaunchTemplateData.ImageId: the image 'ami-1' has no "
       "Process variant, the only one that is built"},
      {"{ Process: {",
       "{ Proces: {",
       "line 4, Metadata.Tidegate.Images.ami-1: unknown property 'Proces'; did you mean "
       "'Process'?"},
      {"Zone: eu-west-2a",
       "Zone: eu-west-1a",
       "line 6, Metadata.Tidegate.Subnets.subnet-a.Zone: 'eu-west-1a' is no zone of this region; "
       "valid: eu-west-2a, eu-west-2b, eu-west-2c"},
      {"Zone: eu-west-2a",
       "Zone: eu-west-2A",
       "line 6, Metadata.Tidegate.Subnets.subnet-a.Zone: 'eu-west-2A' is no zone of this region; "
       "valid: eu-west-2a, eu-west-2b, eu-west-2c"},
      {"Exec: on-call.sh",
       "Exc: on-call.sh",
       "line 9, Metadata.Tidegate.Receivers.on-call: unknown property 'Exc'; did you mean 'Exec'?"},
      {"Exec: on-call.sh",
       "Url: http://x",
       "line 70, Resources.Alarm.Properties.AlarmActions: the receiver 'on-call' has only a Url, "
       "which is not built; give it Exec"},
      {"    Images:",
       "    InstanceTypes: { t3.micro: { VCpus: 1 } }\n    Images:",
       "line 3, Metadata.Tidegate.InstanceTypes.t3.micro.VCpus: VCpus and MemoryMiB must be given "
       "together"},
      {"    Images:",
       "    InstanceTypes: { t3.micro: { VCpus: 0, MemoryMiB: 64 } }\n    Images:",
       "line 3, Metadata.Tidegate.InstanceTypes.t3.micro.VCpus: 0: must be 0.01 to 1024"},
      {"    Images:",
       "    Prices: { LoadBalancers: 1 }\n    Images:",
       "line 3, Metadata.Tidegate.Prices: unknown property 'LoadBalancers'; did you mean "
       "'LoadBalancer'?"},
      {"    Images:",
       "    LoadBalancers: { Lb: {} }\n    Images:",
       "line 3, Metadata.Tidegate.LoadBalancers: 'Lb' is no resource here; did you mean 'lb'?"},
      {"    Images:",
       "    LoadBalancers: { lb: { Listen: 10.0.0.256 } }\n    Images:",
       "line 3, Metadata.Tidegate.LoadBalancers.lb.Listen: '10.0.0.256' is no IPv4 address"},
      {"    Images:",
       "    TargetGroups: { other: {} }\n    Images:",
       "line 3, Metadata.Tidegate.TargetGroups: 'other' is no resource here; valid: tg"},
      {"    Images:",
       "    AutoScalingGroups: { Asgg: {} }\n    Images:",
       "line 3, Metadata.Tidegate.AutoScalingGroups: 'Asgg' is no resource here; did you mean "
       "'Asg'?"},
      {"    Images:",
       "    AutoScalingGroups: { Asg: { LaunchTimeOut: 9 } }\n    Images:",
       "line 3, Metadata.Tidegate.AutoScalingGroups.Asg: unknown property 'LaunchTimeOut'; did you "
       "mean 'LaunchTimeout'?"},
      {"    Images:",
       "    AutoScalingGroups: { Asg: { LaunchTimeout: 0 } }\n    Images:",
       "line 3, Metadata.Tidegate.AutoScalingGroups.Asg.LaunchTimeout: 0: must be 1 to 86400"},
      {"    Images:",
       "    AutoScalingGroups: { Asg: { Drain: { Signal: now } } }\n    Images:",
       "line 3, Metadata.Tidegate.AutoScalingGroups.Asg.Drain.Signal: 'now' is none of end, start"},
      {"    Images:",
       "    AutoScalingGroups: { Asg: { Liveness: { Path: x } } }\n    Images:",
       "line 3, Metadata.Tidegate.AutoScalingGroups.Asg.Liveness.Path: 'x' must begin with /"},
      {"    Images:",
       "    ScalingPolicies: { Policy: { LowRatio: 1 } }\n    Images:",
       "line 3, Metadata.Tidegate.ScalingPolicies.Policy.LowRatio: 1: must be 0.01 to 0.99"},
      {"    Images:",
       "    Simulation: { Worker: 1 }\n    Images:",
       "line 3, Metadata.Tidegate.Simulation: unknown property 'Worker'; did you mean 'Workers'?"},
  });
  check_refusals(cases);
}

TEST_CASE("refusals: a relative path needs the template's folder") {
  StackContext context = context_of_test();
  context.template_folder.clear();
  CHECK(refusal(kBase, context) ==
        "line 9, Metadata.Tidegate.Receivers.on-call.Exec: 'on-call.sh' is relative, and the "
        "folder of this template is not known: write an absolute path, or use tidegate up");
  const std::string absolute = replaced(kBase, "on-call.sh", "/bin/true");
  CHECK(refusal(absolute, context) == "none");
  CHECK(refusal(replaced(absolute, "Layers: [host]", "Layers: [image]"), context) ==
        "line 4, Metadata.Tidegate.Images.ami-1.Process.Layers: 'image' is relative, and the "
        "folder of this template is not known: write an absolute path, or use tidegate up");
  CHECK(refusal(replaced(absolute, "Layers: [host]", "Layers: [/image]"), context) == "none");
}

TEST_CASE("refusals: a parameter that the template does not declare") {
  StackContext context = context_of_test();
  context.parameters = {{"Sise", "1"}};
  CHECK(refusal(kBase, context) ==
        "Parameters: [Sise] do not exist in the template; did you mean 'Size'?");
}

}  // namespace tidegate::stacks
