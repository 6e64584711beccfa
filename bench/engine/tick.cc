// What a tick costs: quiet, and over a thousand busy instances. CPU time of this thread, median of
// rounds, with bounds.
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "sim/caches/cache_farm.h"
#include "sim/cloud.h"
#include "sim/front_door.h"
#include "sim/memory_metrics.h"
#include "sim/memory_store.h"

namespace {

using namespace tidegate;  // NOLINT(google-build-using-namespace): a program of its own
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr double kQuietBoundUs = 2.0;
constexpr double kBusyBoundMs = 5.0;
constexpr int kInstances = 1000;

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

struct World {
  sim::VirtualClock clock{Instant{seconds{1767441871}}};
  sim::Cloud cloud{clock, Rng{7}, {1000, 1 << 20}};
  sim::FrontDoor door{clock, cloud};
  sim::MemoryStore store;
  sim::MemoryMetrics metrics;
  sim::RecordingNotifier notifier;
  sim::CacheFarm caches{clock};
  engine::Engine engine{engine::Settings{},
                        engine::Ports{cloud, door, store, metrics, notifier, caches}};

  World() { TG_CHECK(engine.recover(clock.now()).has_value()); }

  void run_for(Duration duration) {
    const Instant end = clock.now() + duration;
    while (clock.now() < end) {
      clock.advance_to(
          std::min(end, std::max(engine.tick(clock.now()), clock.now() + Duration{1})));
    }
  }
};

std::string template_of(int instances) {
  return R"(
Metadata:
  Tidegate:
    Images: { ami-1: { Process: { Layers: [host] } } }
    InstanceTypes: { t3.nano: { VCpus: 0.5, MemoryMiB: 256 } }
Resources:
  Template:
    Type: AWS::EC2::LaunchTemplate
    Properties: { LaunchTemplateName: busy, LaunchTemplateData: { ImageId: ami-1, InstanceType: t3.nano } }
  Group:
    Type: AWS::AutoScaling::AutoScalingGroup
    Properties:
      AutoScalingGroupName: busy-asg
      MinSize: ")" +
         std::to_string(instances) + R"("
      MaxSize: ")" +
         std::to_string(instances) + R"("
      AvailabilityZones: [eu-west-2a, eu-west-2b]
      LaunchTemplate: { LaunchTemplateId: !Ref Template, Version: "1" }
  Policy:
    Type: AWS::AutoScaling::ScalingPolicy
    Properties:
      AutoScalingGroupName: !Ref Group
      PolicyType: TargetTrackingScaling
      TargetTrackingConfiguration:
        PredefinedMetricSpecification: { PredefinedMetricType: ASGAverageCPUUtilization }
        TargetValue: 70
)";
}

double quiet_us() {
  World world;
  world.run_for(seconds{2});
  std::vector<double> rounds;
  for (int round = 0; round < 15; ++round) {
    constexpr int kTicks = 10000;
    const double begin = cpu_seconds();
    for (int i = 0; i < kTicks;
         ++i) {  // each is due: nothing is to be done, and that is to be seen
      world.clock.advance_to(world.clock.now() + seconds{1});
      world.engine.tick(world.clock.now());
    }
    rounds.push_back((cpu_seconds() - begin) / kTicks * 1e6);
  }
  return median(rounds);
}

/// A tick 200 ms after the one before, over so many instances that serve, each with that load.
double sampling_ms(int instances, double load) {
  World world;
  const auto created = world.engine.execute(
      {"bench"},
      engine::CreateStack{stacks::StackName{"busy"}, template_of(instances), "/", {}, {}},
      world.clock.now());
  if (!created) {
    std::fprintf(stderr, "bench_engine: %s\n", created.error().message.c_str());
    return -1;
  }
  world.run_for(seconds{20});
  for (const auto& [id, instance] : world.cloud.instances()) {
    world.cloud.set_load(id, load);
  }
  std::vector<double> rounds;
  for (int round = 0; round < 50; ++round) {
    world.clock.advance_to(world.clock.now() + milliseconds{200});
    const double begin = cpu_seconds();
    world.engine.tick(world.clock.now());
    rounds.push_back((cpu_seconds() - begin) * 1e3);
  }
  return median(rounds);
}

bool judge(const char* what, double value, double bound, const char* unit) {
  const bool good = value >= 0 && value <= bound;
  std::printf("%-28s %8.3f %s  bound %.0f  %s\n", what, value, unit, bound, good ? "ok" : "MISSED");
  return good;
}

/// For the record: what a home at rest costs at its five samples a second.
void tell(const char* what, double value, const char* unit) {
  std::printf("%-28s %8.3f %s\n", what, value, unit);
}

}  // namespace

int main() {
  const bool quiet = judge("quiet tick", quiet_us(), kQuietBoundUs, "us");
  const bool busy =
      judge("tick, 1000 busy instances", sampling_ms(kInstances, 0.6), kBusyBoundMs, "ms");
  tell("tick, 1 idle instance", sampling_ms(1, 0) * 1e3, "us");
  return quiet && busy ? 0 : 1;
}
