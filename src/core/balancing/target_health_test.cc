#include "core/balancing/target_health.h"

#include <doctest/doctest.h>

namespace tidegate::balancing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Kind = ProbeOutcome::Kind;
using State = TargetHealthState;

MonotonicInstant at(Duration since_start) {
  return MonotonicInstant{since_start};
}

TargetGroupConfig group() {
  TargetGroupConfig out;
  out.health_check.healthy_threshold = 3;
  out.health_check.unhealthy_threshold = 2;
  out.health_check.interval = seconds{10};
  out.health_check.timeout = seconds{4};
  return out;
}

TargetConfig target() {
  TargetConfig out;
  out.id = "i-1";
  return out;
}

TargetStatus registered() {
  return configured(std::nullopt, group(), target(), at(seconds{0}));
}

constexpr ProbeOutcome kGood{.kind = Kind::Answered, .status = 200, .took = milliseconds{3}};
constexpr ProbeOutcome kBad{.kind = Kind::Answered, .status = 500, .took = milliseconds{3}};

TargetStatus probed(TargetStatus status,
                    std::initializer_list<ProbeOutcome> outcomes,
                    Duration when = seconds{1}) {
  for (const ProbeOutcome& outcome : outcomes) {
    status = after_probe(std::move(status), group().health_check, outcome, at(when));
    CHECK(check_invariants(status) == "");
  }
  return status;
}

TargetStatus with_intent(const TargetStatus& before, TargetIntent intent) {
  TargetConfig changed = target();
  changed.intent = intent;
  const TargetStatus after = configured(before, group(), changed, at(seconds{100}));
  CHECK(check_invariants(after) == "");
  return after;
}

}  // namespace

TEST_CASE("check_invariants: each one is named when it does not hold") {
  const TargetStatus healthy = probed(registered(), {kGood});
  REQUIRE(healthy.health.state == TargetHealthState::Healthy);
  const auto broken = [&](auto change) {
    TargetStatus status = healthy;
    change(status);
    return check_invariants(status);
  };
  CHECK(broken([](auto&) {}).empty());
  CHECK(broken([](auto& s) { s.successes = -1; }) == "a negative count");
  CHECK(broken([](auto& s) { s.failures = -1; }) == "a negative count");
  CHECK(broken([](auto& s) { s.successes = s.failures = 1; }) ==
        "successes and failures in a row at once");
  CHECK(broken([](auto& s) { s.ever_healthy = false; }) == "healthy, and never was");
  CHECK(broken([](auto& s) { s.health.reason = "why"; }) ==
        "a reason stands exactly when not healthy");
  CHECK(broken([](auto& s) { s.health.state = TargetHealthState::Unhealthy; }) ==
        "a reason stands exactly when not healthy");
  CHECK(broken([](auto& s) { s.before_draining = s.health; }) ==
        "remembers what was before draining");
}

TEST_CASE("target health: a new target registers, is checked, and serves after one success") {
  TargetStatus status = registered();
  CHECK(status.health == TargetHealth{State::Initial,
                                      "Elb.RegistrationInProgress",
                                      "Target registration is in progress"});
  status = probe_started(status);
  CHECK(status.health == TargetHealth{State::Initial,
                                      "Elb.InitialHealthChecking",
                                      "Initial health checks in progress"});
  CHECK(!status.ever_healthy);
  status = probed(status, {kGood});
  CHECK(status.health == TargetHealth{State::Healthy, "", ""});
  CHECK(status.ever_healthy);
  CHECK(status.last_probe == "200 in 3 ms");
  CHECK(probe_started(status).health.state == State::Healthy);
}

TEST_CASE("target health: initial lasts until UnhealthyThreshold x interval without a success") {
  TargetStatus status = probed(registered(), {kBad, kBad, kBad}, seconds{20} - milliseconds{1});
  CHECK(status.health.state == State::Initial);
  CHECK(status.failures == 3);
  status = probed(status, {kBad}, seconds{20});
  CHECK(status.health.state == State::Unhealthy);
  CHECK(!status.ever_healthy);
}

TEST_CASE("target health: a never healthy target comes up by HealthyThreshold in a row") {
  TargetStatus status = probed(registered(), {kBad}, seconds{20});
  REQUIRE(status.health.state == State::Unhealthy);
  status = probed(status, {kGood, kGood});
  CHECK(status.health.state == State::Unhealthy);
  status = probed(status, {kBad, kGood, kGood});
  CHECK(status.health.state == State::Unhealthy);
  CHECK(probed(status, {kGood}).health.state == State::Healthy);
}

TEST_CASE("target health: UnhealthyThreshold failures in a row, and no fewer, make it unhealthy") {
  const TargetStatus healthy = probed(registered(), {kGood});
  CHECK(probed(healthy, {kBad}).health.state == State::Healthy);
  CHECK(probed(healthy, {kBad, kGood, kBad}).health.state == State::Healthy);
  CHECK(probed(healthy, {kBad, kBad}).health.state == State::Unhealthy);
}

TEST_CASE("target health: coming back takes HealthyThreshold successes in a row, and no fewer") {
  const TargetStatus unhealthy = probed(registered(), {kGood, kBad, kBad});
  CHECK(probed(unhealthy, {kGood, kGood}).health.state == State::Unhealthy);
  CHECK(probed(unhealthy, {kGood, kGood, kGood}).health.state == State::Healthy);
  CHECK(probed(unhealthy, {kGood, kGood, kBad, kGood}).health.state == State::Unhealthy);
}

TEST_CASE("target health: each kind of failure has AWS's reason and description") {
  struct Case {
    ProbeOutcome outcome;
    const char* reason;
    const char* description;
    const char* probe;
  };
  const Case cases[] = {
      {kBad,
       "Target.ResponseCodeMismatch",
       "Health checks failed with these codes: [500]",
       "HTTP 500"},
      {{.kind = Kind::TimedOut, .took = seconds{2}},
       "Target.Timeout",
       "Request timed out",
       "timed out after 2 s"},
      {{.kind = Kind::ConnectionRefused},
       "Target.FailedHealthChecks",
       "Health checks failed",
       "connection refused"},
      {{.kind = Kind::Failed},
       "Target.FailedHealthChecks",
       "Health checks failed",
       "connection failed"},
      {{.kind = Kind::InternalError},
       "Elb.InternalError",
       "Health checks failed due to an internal error",
       "not probed: internal error"},
  };
  const TargetStatus healthy = probed(registered(), {kGood});
  for (const Case& c : cases) {
    const TargetStatus status = probed(healthy, {c.outcome, c.outcome});
    CHECK(status.health == TargetHealth{State::Unhealthy, c.reason, c.description});
    CHECK(status.last_probe == c.probe);
  }
  // The newest failure gives the reason.
  const TargetStatus mixed = probed(healthy, {kBad, kBad, {.kind = Kind::TimedOut}});
  CHECK(mixed.health.reason == "Target.Timeout");
}

TEST_CASE("target health: an unused target names why, is not probed, and begins anew when used") {
  TargetGroupConfig unused = group();
  unused.in_use = false;
  TargetConfig outside = target();
  outside.zone_enabled = false;
  const TargetStatus healthy = probed(registered(), {kGood, kBad});
  const TargetStatus by_group = configured(healthy, unused, target(), at(seconds{5}));
  CHECK(by_group.health ==
        TargetHealth{State::Unused,
                     "Target.NotInUse",
                     "Target group is not configured to receive traffic from the load balancer"});
  const TargetStatus by_zone = configured(healthy, group(), outside, at(seconds{5}));
  CHECK(
      by_zone.health ==
      TargetHealth{State::Unused,
                   "Target.NotInUse",
                   "Target is in an Availability Zone that is not enabled for the load balancer"});
  CHECK(configured(std::nullopt, unused, outside, at(seconds{5})).health == by_group.health);
  CHECK(!probe_plan(by_group, unused, target()));
  CHECK(probed(by_group, {kGood}) == by_group);
  const TargetStatus again = configured(by_group, group(), target(), at(seconds{9}));
  CHECK(again.health.reason == "Elb.RegistrationInProgress");
  CHECK(again.initial_since == at(seconds{9}));
  CHECK(!again.ever_healthy);
}

TEST_CASE("target health: disabled checks are unavailable, take traffic, and are not probed") {
  TargetGroupConfig disabled = group();
  disabled.health_check.enabled = false;
  const TargetStatus status = configured(std::nullopt, disabled, target(), at(seconds{0}));
  CHECK(status.health == TargetHealth{State::Unavailable,
                                      "Target.HealthCheckDisabled",
                                      "Health checks are disabled"});
  CHECK(eligibility(status, target()) == Eligibility::Preferred);
  CHECK(!probe_plan(status, disabled, target()));
  CHECK(probed(status, {kBad, kBad}) == status);
}

TEST_CASE("target health: draining stays draining, and un-drain gives back what was") {
  const TargetStatus healthy = probed(registered(), {kGood});
  const TargetStatus draining = with_intent(healthy, TargetIntent::Draining);
  CHECK(draining.health == TargetHealth{State::Draining,
                                        "Target.DeregistrationInProgress",
                                        "Target deregistration is in progress"});
  CHECK(probed(draining, {kBad, kBad}) == draining);
  const TargetStatus closing = with_intent(draining, TargetIntent::Closing);
  CHECK(closing.health.state == State::Draining);
  CHECK(with_intent(closing, TargetIntent::Dead).health.state == State::Draining);
  CHECK(with_intent(draining, TargetIntent::Serving).health.state == State::Healthy);
  CHECK(!with_intent(draining, TargetIntent::Serving).before_draining);
  CHECK(with_intent(with_intent(registered(), TargetIntent::Draining), TargetIntent::Serving)
            .health.state == State::Initial);
}

TEST_CASE("target health: a dead target is unused, and begins anew when it serves again") {
  const TargetStatus healthy = probed(registered(), {kGood});
  const TargetStatus dead = with_intent(healthy, TargetIntent::Dead);
  CHECK(dead.health ==
        TargetHealth{State::Unused, "Target.InvalidState", "Target is in the stopped state"});
  const TargetStatus back = with_intent(dead, TargetIntent::Serving);
  CHECK(back.health.state == State::Initial);
  CHECK(back.initial_since == at(seconds{100}));
}

TEST_CASE("target health: a restart in place is initial again, whatever it was") {
  TargetConfig restarted = target();
  restarted.incarnation = 1;
  const TargetStatus unhealthy = probed(registered(), {kGood, kBad, kBad});
  const TargetStatus fresh = configured(unhealthy, group(), restarted, at(seconds{7}));
  CHECK(fresh.health.state == State::Initial);
  CHECK(fresh.incarnation == 1);
  CHECK(!fresh.ever_healthy);
  CHECK(fresh.failures == 0);
  CHECK(fresh.last_probe.empty());
  restarted.intent = TargetIntent::Draining;
  const TargetStatus draining = with_intent(unhealthy, TargetIntent::Draining);
  const TargetStatus both = configured(draining, group(), restarted, at(seconds{7}));
  CHECK(both.health.state == State::Draining);
  CHECK(both.before_draining->state == State::Initial);
}

TEST_CASE("target health: an unchanged configuration changes nothing") {
  for (const TargetStatus& status : {registered(),
                                     probed(registered(), {kGood, kBad}),
                                     probed(registered(), {kGood, kBad, kBad})}) {
    CHECK(configured(status, group(), target(), at(seconds{50})) == status);
  }
}

TEST_CASE("target health: probes are dense until the first success, then as the group says") {
  const ProbePlan dense{milliseconds{100}, seconds{2}};
  const ProbePlan regular{seconds{10}, seconds{4}};
  CHECK(probe_plan(registered(), group(), target()) == dense);
  CHECK(probe_plan(probed(registered(), {kBad}, seconds{20}), group(), target()) == dense);
  const TargetStatus healthy = probed(registered(), {kGood});
  CHECK(probe_plan(healthy, group(), target()) == regular);
  CHECK(probe_plan(probed(healthy, {kBad, kBad}), group(), target()) == regular);
  TargetConfig draining = target();
  draining.intent = TargetIntent::Draining;
  CHECK(!probe_plan(healthy, group(), draining));
}

TEST_CASE("target health: who gets requests") {
  const TargetStatus healthy = probed(registered(), {kGood});
  const TargetStatus unhealthy = probed(healthy, {kBad, kBad});
  CHECK(eligibility(healthy, target()) == Eligibility::Preferred);
  CHECK(eligibility(unhealthy, target()) == Eligibility::FailOpen);
  CHECK(eligibility(registered(), target()) == Eligibility::Never);
  CHECK(eligibility(probed(registered(), {kBad}, seconds{20}), target()) == Eligibility::Never);
  for (const TargetIntent intent :
       {TargetIntent::Draining, TargetIntent::Closing, TargetIntent::Dead}) {
    TargetConfig leaving = target();
    leaving.intent = intent;
    CHECK(eligibility(unhealthy, leaving) == Eligibility::Never);
    CHECK(eligibility(with_intent(healthy, intent), leaving) == Eligibility::Never);
  }
}

TEST_CASE("target health: a drain is over when the delay has passed, not before") {
  Target leaving;
  CHECK(!drain_over(leaving, seconds{0}, Instant{seconds{10}}));
  leaving.deregistered = Instant{seconds{10}};
  CHECK(!drain_over(leaving, seconds{5}, Instant{seconds{15} - Duration{1}}));
  CHECK(drain_over(leaving, seconds{5}, Instant{seconds{15}}));
  CHECK(not_registered().reason == "Target.NotRegistered");
}

TEST_CASE("matcher: codes, lists and ranges") {
  struct Case {
    const char* matcher;
    int status;
    bool accepts;
  };
  const Case cases[] = {
      {"200", 200, true},
      {"200", 201, false},
      {"200", 199, false},
      {"200,204", 204, true},
      {"200,204", 202, false},
      {"200-299", 200, true},
      {"200-299", 299, true},
      {"200-299", 300, false},
      {"200-201,301-302", 302, true},
      {"200-299", 199, false},
      {"200-200", 200, true},
      {"100", 100, true},
      {"099", 99, false},
      {"", 200, false},
      {"2xx", 200, false},
      {"200,x", 200, false},
  };
  for (const Case& c : cases) {
    CAPTURE(c.matcher);
    CAPTURE(c.status);
    CHECK(matcher_accepts(c.matcher, c.status) == c.accepts);
  }
  for (const char* good : {"200", "499", "200-499", "200,301-302"}) {
    CHECK(matcher_error(good) == "");
  }
  for (const char* bad : {"",
                          "199",
                          "500",
                          "200-500",
                          "199-200",
                          "299-200",
                          "200,",
                          "+20",
                          " 200",
                          "200-",
                          "-200",
                          "0200",
                          "2000"}) {
    CAPTURE(bad);
    CHECK(matcher_error(bad) != "");
  }
}

TEST_CASE("states and intents have AWS's words, both ways") {
  for (const State state : {State::Initial,
                            State::Healthy,
                            State::Unhealthy,
                            State::Unused,
                            State::Draining,
                            State::Unavailable}) {
    CHECK(parse_target_health_state(to_string(state)) == state);
  }
  CHECK(to_string(State::Unhealthy) == "unhealthy");
  CHECK(!parse_target_health_state("Healthy"));
  for (const TargetIntent intent :
       {TargetIntent::Serving, TargetIntent::Draining, TargetIntent::Closing, TargetIntent::Dead}) {
    CHECK(parse_target_intent(to_string(intent)) == intent);
  }
  CHECK(!parse_target_intent("serving"));
}

}  // namespace tidegate::balancing
