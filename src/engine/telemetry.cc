// Telemetry: samples at 5 Hz what instances use, publishes at 1 s what AWS would publish at 60 s,
// under AWS's names.
#include <algorithm>
#include <cmath>

#include "engine/coasting/readings.h"
#include "engine/state.h"

namespace tidegate::engine {
namespace {

using metrics::Dimension;
using metrics::MetricSample;

/// A sample interval that is much longer than asked for is a gap, not a value.
constexpr Duration kLongestSample = std::chrono::seconds{2};

void sample_cpu(CpuTrack& track, const groups::InstanceObservation& seen) {
  const Duration elapsed = seen.sampled - track.sampled;
  const bool usable = track.sampled != Instant{} && elapsed > Duration{0} &&
                      elapsed <= kLongestSample && seen.cpu_used >= track.used;
  track.percent.reset();  // what was not read anew is missing, never the old value again
  if (usable) {
    track.percent = cpu_percent(seen.cpu_used - track.used, elapsed, seen.cpu_quota);
    track.since_publish = merged(track.since_publish, metrics::statistic_set_of(*track.percent));
  }
  track.sampled = seen.sampled;
  track.used = seen.cpu_used;
}

/// The instances whose metric counts: in service and warm by every policy of the group.
std::set<groups::InstanceId> measured_instances(const EngineState& state,
                                                const GroupModel& group,
                                                Instant now) {
  const Duration warmup = longest_warmup(state.model, group.group);
  std::set<groups::InstanceId> measured;
  for (const auto& [id, instance] : group.instances) {
    if (groups::is_warm(instance, warmup, now)) {
      measured.insert(id);
    }
  }
  return measured;
}

/// Path of an ARN as the LoadBalancer and TargetGroup dimensions have it: "app/name/id",
/// "targetgroup/name/id".
std::string dimension_of(const std::string& arn, const char* marker) {
  const auto at = arn.find(marker);
  return at == std::string::npos ? arn : arn.substr(at);
}

/// Requests per minute that the measured instances got from the policy's target group since the
/// last sample: ALBRequestCountPerTarget is a count per minute, whatever the period of the alarm.
std::optional<double> request_sum(EngineState& state,
                                  const GroupModel& group,
                                  const scaling::TargetTrackingPolicy& policy,
                                  const std::set<groups::InstanceId>& measured) {
  if (!state.model.data_plane_connected) {  // the last reports stand: they are no absence of load
    state.sampled_requests.clear();         // nor is what came meanwhile one sample's
    return std::nullopt;
  }
  if (state.sampled_over > kLongestSample) {
    return std::nullopt;
  }
  double sum = 0;
  for (const auto& arn : group.group.target_groups) {
    if (!policy.resource_label.ends_with(dimension_of(arn.value, "targetgroup/"))) {
      continue;
    }
    for (const auto& id : measured) {
      const auto key = report_key(arn, id.value);
      const auto report = state.target_reports.find(key);
      if (report == state.target_reports.end()) {
        return std::nullopt;
      }
      auto [before, fresh] = state.sampled_requests.try_emplace(key, report->second.requests);
      const auto grown =
          report->second.requests >= before->second ? report->second.requests - before->second : 0;
      before->second = report->second.requests;
      sum += static_cast<double>(grown) * (60.0 / seconds_of(state.sampled_over));
    }
  }
  return sum;
}

std::optional<double> cpu_sum(const GroupRun& run, const std::set<groups::InstanceId>& measured) {
  double sum = 0;
  for (const auto& id : measured) {
    const auto track = run.cpu.find(id);
    if (track == run.cpu.end() || !track->second.percent) {
      return std::nullopt;  // a mean over others than the measured ones would size the wrong group
    }
    sum += *track->second.percent;
  }
  return sum;
}

void feed_windows(EngineState& state, const GroupModel& group, const GroupRun& run, Instant now) {
  for (auto& [name, policy] : state.model.policies) {
    if (policy.policy.group_name != group.group.name.value) {
      continue;
    }
    PolicyRun& policy_run = run_of(state, policy.policy);
    if (run.restarted == now) {
      policy_run.window.restart(now);
    }
    const bool by_requests =
        policy.policy.metric == scaling::PredefinedMetric::AlbRequestCountPerTarget;
    const auto sum = by_requests ? request_sum(state, group, policy.policy, run.measured)
                                 : cpu_sum(run, run.measured);
    if (sum) {
      policy_run.window.add(
          {now, *sum, static_cast<std::int32_t>(run.measured.size()), run.measured_hash});
    }
  }
}

std::uint64_t hash_of(const std::set<groups::InstanceId>& ids) {
  scaling::InstanceSetHash hash;
  for (const auto& id : ids) {
    hash.add(id.value);
  }
  return hash.value();
}

void sample_group(EngineState& state, GroupModel& group, Instant now) {
  GroupRun& run = state.groups[group.group.name];
  std::erase_if(run.cpu, [&](const auto& entry) { return !group.instances.contains(entry.first); });
  for (const auto& [id, facts] : group.facts) {
    if (facts.observation) {
      sample_cpu(run.cpu[id], *facts.observation);
    }
  }
  if (group.group.capacity_changed > run.capacity_seen) {
    run.restarted = now;
    run.capacity_seen = group.group.capacity_changed;
  }
  if (auto measured = measured_instances(state, group, now); measured != run.measured) {
    run.measured = std::move(measured);
    run.measured_hash = hash_of(run.measured);
  }
  const auto sum = cpu_sum(run, run.measured);
  if (sum && !run.measured.empty()) {
    const double mean = *sum / static_cast<double>(run.measured.size());
    run.since_publish = merged(run.since_publish, metrics::statistic_set_of(mean));
  }
  feed_windows(state, group, run, now);
}

struct Publisher {
  std::vector<MetricSample> samples;
  Instant second;

  void put(const char* metric_namespace,
           const char* name,
           std::vector<Dimension> dimensions,
           const metrics::Distribution& values,
           const char* unit) {
    if (values.values.sample_count > 0) {
      samples.push_back({metrics::make_metric_id(metric_namespace, name, std::move(dimensions)),
                         second,
                         values.values,
                         unit,
                         1,
                         values.sketch});
    }
  }
  void put(const char* metric_namespace,
           const char* name,
           std::vector<Dimension> dimensions,
           double value,
           const char* unit) {
    put(metric_namespace, name, std::move(dimensions), metrics::distribution_of(value), unit);
  }
};

/// Percentiles of CPU are over its seconds, each with its mean; AWS's are over its minutes.
metrics::Distribution by_its_mean(const metrics::StatisticSet& second) {
  metrics::Distribution spread{second, {}};
  if (second.minimum < second.maximum) {
    spread.sketch.add(second.sum / second.sample_count, second.sample_count);
  }
  return spread;
}

void publish_sizes(Publisher& out, const GroupModel& group) {
  using groups::LifecycleState;
  std::int32_t in_service = 0;
  std::int32_t pending = 0;
  std::int32_t terminating = 0;
  for (const auto& [id, instance] : group.instances) {
    in_service += instance.lifecycle_state == LifecycleState::InService ? 1 : 0;
    pending += instance.lifecycle_state == LifecycleState::Pending ? 1 : 0;
    terminating += instance.lifecycle_state == LifecycleState::Terminating ? 1 : 0;
  }
  const std::vector<Dimension> by_group{{"AutoScalingGroupName", group.group.name.value}};
  const auto put = [&](const char* name, std::int32_t value) {
    out.put("AWS/AutoScaling", name, by_group, static_cast<double>(value), "None");
  };
  put("GroupMinSize", group.group.min_size);
  put("GroupMaxSize", group.group.max_size);
  put("GroupDesiredCapacity", group.group.desired_capacity);
  put("GroupInServiceInstances", in_service);
  put("GroupPendingInstances", pending);
  put("GroupStandbyInstances", 0);
  put("GroupTerminatingInstances", terminating);
  put("GroupTotalInstances", in_service + pending + terminating);
}

void publish_group(EngineState& state, Publisher& out, GroupModel& group) {
  GroupRun& run = state.groups[group.group.name];
  group.cpu_percent = value_of(run.since_publish, metrics::Statistic::Average);
  out.put("AWS/EC2",
          "CPUUtilization",
          {{"AutoScalingGroupName", group.group.name.value}},
          by_its_mean(run.since_publish),
          "Percent");
  run.since_publish = {};
  publish_sizes(out, group);
  group.use.clear();
  for (auto& [id, track] : run.cpu) {
    InstanceUse& use = group.use[id];
    use.cpu_percent = value_of(track.since_publish, metrics::Statistic::Average);
    out.put("AWS/EC2",
            "CPUUtilization",
            {{"InstanceId", id.value}},
            by_its_mean(track.since_publish),
            "Percent");
    track.since_publish = {};
    const auto& observation = group.facts[id].observation;
    if (observation) {
      use.busiest_thread = observation->busiest_thread;
      out.put("AWS/EC2",
              "StatusCheckFailed",
              {{"InstanceId", id.value}},
              observation->status_check_failed ? 1.0 : 0.0,
              "Count");
    }
  }
}

/// What happened since the last published second; a balancer that started anew counts from zero.
struct Difference {
  balancing::TargetReport sum;
  std::int32_t healthy = 0, unhealthy = 0, registered = 0;
  std::uint64_t recent_requests = 0;  // over kTrafficWindow
};

std::uint64_t grown(std::uint64_t now, std::uint64_t before) {
  return now >= before ? now - before : now;
}

void add_difference(Difference& d,
                    const balancing::TargetReport& now,
                    const balancing::TargetReport* before) {
  static const balancing::TargetReport kNothing;
  const auto& was = before != nullptr ? *before : kNothing;
  d.sum.requests += grown(now.requests, was.requests);
  d.sum.responses_2xx += grown(now.responses_2xx, was.responses_2xx);
  d.sum.responses_3xx += grown(now.responses_3xx, was.responses_3xx);
  d.sum.responses_4xx += grown(now.responses_4xx, was.responses_4xx);
  d.sum.responses_5xx += grown(now.responses_5xx, was.responses_5xx);
  d.sum.connection_errors += grown(now.connection_errors, was.connection_errors);
  const auto count = grown(now.response_time_count, was.response_time_count);
  d.sum.response_time_count += count;
  d.sum.response_time_sum += std::max(
      0.0,
      now.response_time_sum - (count == now.response_time_count ? 0.0 : was.response_time_sum));
  d.sum.response_time_max =
      std::max(d.sum.response_time_max, count > 0 ? now.response_time_max : 0.0);
  for (const auto& [bin, answers] : now.response_times) {
    const auto old = was.response_times.find(bin);
    const auto more = grown(answers, old == was.response_times.end() ? 0 : old->second);
    if (more > 0) {
      d.sum.response_times[bin] += more;
    }
  }
  d.healthy += now.health.state == balancing::TargetHealthState::Healthy ? 1 : 0;
  d.unhealthy += now.health.state == balancing::TargetHealthState::Unhealthy ? 1 : 0;
}

std::uint64_t recent_requests(const EngineState& state, const balancing::TargetReport& report) {
  if (state.counters.empty()) {
    return report.requests;
  }
  const auto& oldest = state.counters.front().requests;
  const auto before = oldest.find(report_key(report.target_group, report.id));
  return grown(report.requests, before == oldest.end() ? 0 : before->second);
}

std::string load_balancer_dimension(const balancing::LoadBalancerArn& arn) {
  const auto at = arn.value.find("loadbalancer/");
  return at == std::string::npos ? arn.value : arn.value.substr(at + 13);
}

/// The response times of a second. Where the balancer says how many answers took how long, they are
/// what counts: its sums and counts are read a moment apart from them.
metrics::Distribution response_times(const balancing::TargetReport& sum) {
  const auto requests = static_cast<double>(sum.response_time_count);
  const double mean = sum.response_time_sum / requests;
  metrics::Distribution times;
  times.values = {requests,
                  sum.response_time_sum,
                  std::min(sum.response_time_max, mean),
                  sum.response_time_max};
  std::vector<metrics::Sketch::Bin> bins;
  for (const auto& [bin, answers] : sum.response_times) {
    bins.push_back({bin, static_cast<double>(answers)});
  }
  times.sketch = metrics::Sketch::of_bins(std::move(bins));
  if (!times.sketch.empty()) {
    times.values.sample_count = times.sketch.count();
    times.values.sum = mean * times.values.sample_count;
    times.values.minimum = std::min(mean, *times.sketch.percentile(0));
    times.values.maximum = std::max({mean, sum.response_time_max, *times.sketch.percentile(100)});
  }
  return times;
}

void put_target_metrics(Publisher& out,
                        const std::vector<Dimension>& dimensions,
                        const Difference& d) {
  const auto count = [&](const char* name, std::uint64_t value) {
    out.put("AWS/ApplicationELB", name, dimensions, static_cast<double>(value), "Count");
  };
  count("RequestCount", d.sum.requests);
  count("HTTPCode_Target_2XX_Count", d.sum.responses_2xx);
  count("HTTPCode_Target_3XX_Count", d.sum.responses_3xx);
  count("HTTPCode_Target_4XX_Count", d.sum.responses_4xx);
  count("HTTPCode_Target_5XX_Count", d.sum.responses_5xx);
  count("TargetConnectionErrorCount", d.sum.connection_errors);
  metrics::Distribution times;
  if (d.sum.response_time_count > 0) {
    times = response_times(d.sum);
  } else if (d.recent_requests == 0) {
    times = metrics::distribution_of(
        0);  // idle for long is a zero, so that alarms do not sit without data
  }
  out.put("AWS/ApplicationELB", "TargetResponseTime", dimensions, times, "Seconds");
}

void put_host_counts(Publisher& out,
                     const std::vector<Dimension>& dimensions,
                     const Difference& d) {
  out.put("AWS/ApplicationELB", "HealthyHostCount", dimensions, d.healthy, "Count");
  out.put("AWS/ApplicationELB", "UnHealthyHostCount", dimensions, d.unhealthy, "Count");
  // "…divided by the number of healthy targets in the target group. If there are no healthy targets
  // in the target group, it is divided by the total number of registered targets." (ALB guide)
  if (const std::int32_t targets = d.healthy > 0 ? d.healthy : d.registered; targets > 0) {
    const double per_target = static_cast<double>(d.sum.requests) / targets;
    out.put("AWS/ApplicationELB", "RequestCountPerTarget", dimensions, per_target, "None");
  }
}

void publish_target_groups(EngineState& state, Publisher& out) {
  std::map<std::string, Difference> by_balancer;
  for (const auto& [arn, group] : state.model.target_groups) {
    Difference d;
    const auto& targets = group.target_group.targets;
    d.registered = static_cast<std::int32_t>(std::count_if(
        targets.begin(), targets.end(), [](const auto& t) { return !t.deregistered; }));
    for (const auto& report : group.reports) {
      const auto before = state.last_second.find(report_key(arn, report.id));
      add_difference(d, report, before == state.last_second.end() ? nullptr : &before->second);
      d.recent_requests += recent_requests(state, report);
    }
    const Dimension by_group{"TargetGroup", dimension_of(arn.value, "targetgroup/")};
    put_target_metrics(out, {by_group}, d);
    put_host_counts(out, {by_group}, d);
    for (const auto& load_balancer : load_balancers_of(state.model, arn)) {
      const Dimension by_lb{"LoadBalancer", load_balancer_dimension(load_balancer)};
      put_target_metrics(out, {by_group, by_lb}, d);
      put_host_counts(out, {by_group, by_lb}, d);
      Difference& total = by_balancer[by_lb.value];
      add_difference(total, d.sum, nullptr);
      total.recent_requests += d.recent_requests;
    }
  }
  for (const auto& [load_balancer, d] : by_balancer) {
    put_target_metrics(out, {{"LoadBalancer", load_balancer}}, d);
  }
  state.last_second = state.target_reports;
}

void publish_load_balancers(EngineState& state, Publisher& out) {
  for (const auto& now : state.model.load_balancer_reports) {
    const auto& was = state.last_load_balancers[now.arn];
    const std::vector<Dimension> by_lb{{"LoadBalancer", load_balancer_dimension(now.arn)}};
    const auto count = [&](const char* name, std::uint64_t value, std::uint64_t before) {
      out.put(
          "AWS/ApplicationELB", name, by_lb, static_cast<double>(grown(value, before)), "Count");
    };
    count("NewConnectionCount", now.new_connections, was.new_connections);
    count("RejectedConnectionCount", now.rejected_connections, was.rejected_connections);
    count("ProcessedBytes", now.processed_bytes, was.processed_bytes);
    count("RuleEvaluations", now.rule_evaluations, was.rule_evaluations);
    count("HTTPCode_ELB_3XX_Count", now.elb_3xx, was.elb_3xx);
    count("HTTPCode_ELB_4XX_Count", now.elb_4xx, was.elb_4xx);
    count("HTTPCode_ELB_5XX_Count", now.elb_5xx, was.elb_5xx);
    count("HTTPCode_ELB_500_Count", now.elb_500, was.elb_500);
    count("HTTPCode_ELB_502_Count", now.elb_502, was.elb_502);
    count("HTTPCode_ELB_503_Count", now.elb_503, was.elb_503);
    count("HTTPCode_ELB_504_Count", now.elb_504, was.elb_504);
    const auto active = static_cast<double>(std::max<std::int64_t>(0, now.active_connections));
    out.put("AWS/ApplicationELB", "ActiveConnectionCount", by_lb, active, "Count");
  }
  state.last_load_balancers.clear();
  for (const auto& report : state.model.load_balancer_reports) {
    state.last_load_balancers.insert_or_assign(report.arn, report);
  }
}

/// Each target's share of its target group's requests over the last kTrafficWindow.
void share_traffic(EngineState& state, Instant now) {
  CounterPoint point{now, {}};
  for (const auto& [key, report] : state.target_reports) {
    point.requests.emplace(key, report.requests);
  }
  state.counters.push_back(std::move(point));
  while (now - state.counters.front().at > kTrafficWindow) {  // the newest is of `now`
    state.counters.pop_front();
  }
  const auto& oldest = state.counters.front().requests;
  for (auto& [arn, group] : state.model.target_groups) {
    group.traffic_share.clear();
    std::map<std::string, double> got;
    double total = 0;
    for (const auto& report : group.reports) {
      const auto before = oldest.find(report_key(arn, report.id));
      const auto requests =
          static_cast<double>(grown(report.requests, before == oldest.end() ? 0 : before->second));
      got[report.id] = requests;
      total += requests;
    }
    for (const auto& [id, requests] : got) {
      if (total > 0) {
        group.traffic_share[id] = requests / total;
      }
    }
  }
}

void share_among_instances(EngineState& state) {
  for (auto& [name, group] : state.model.groups) {
    for (const auto& arn : group.group.target_groups) {
      const auto found = state.model.target_groups.find(arn);
      if (found == state.model.target_groups.end()) {
        continue;
      }
      for (const auto& [id, share] : found->second.traffic_share) {
        const auto use = group.use.find(groups::InstanceId{id});
        if (use != group.use.end()) {
          use->second.traffic_share = share;
        }
      }
    }
  }
}

}  // namespace

void sample(EngineState& state, Instant now) {
  if (now - state.last_sample >= kSampleInterval) {
    state.sampled_over = now - state.last_sample;
    state.last_sample = now;
    for (auto& [name, group] : state.model.groups) {
      sample_group(state, group, now);
    }
  }
  if (now - state.last_publish < kPublishInterval) {
    return;
  }
  state.last_publish = now;
  Publisher out;
  out.second = std::chrono::floor<std::chrono::seconds>(now - std::chrono::microseconds{1});
  for (auto& [name, group] : state.model.groups) {
    publish_group(state, out, group);
  }
  if (state.model.data_plane_connected) {
    publish_target_groups(state, out);
    publish_load_balancers(state, out);
    share_traffic(state, now);
    share_among_instances(state);
  }
  const auto caches = cache_samples(state, out.second);
  out.samples.insert(out.samples.end(), caches.begin(), caches.end());
  state.ports.metrics.put(out.samples);
}

}  // namespace tidegate::engine
