// One alarm at one moment: when it is looked at, at what, and what follows from its transition.
#include "engine/state_fixture.h"

namespace tidegate::engine {
namespace {

using alarms::StateValue;
using std::chrono::seconds;

/// An alarm on a metric of one value per period of ten seconds: above 5 in two periods of two.
struct Alarming : StateBench {
  const std::string on_call = "arn:aws:sns:eu-west-2:000000000000:on-call";
  alarms::Alarm& alarm = model.alarms[alarms::AlarmName{"a"}];

  Alarming() {
    alarm.name = alarms::AlarmName{"a"};
    alarm.metric = metrics::make_metric_id("App", "Latency", {});
    alarm.period = seconds{10};
    alarm.evaluation_periods = 2;
    alarm.threshold = 5;
    auto& stack = model.stacks[stacks::StackName{"web"}];
    stack.name = stacks::StackName{"web"};
    stack.metadata.receivers["on-call"].command = "/x/on-call.sh";
    pass(seconds{9});  // 1767441880: a whole period
    flush();
  }
  void put(double value, Instant at) {
    const metrics::MetricSample sample{
        alarm.metric, at, metrics::statistic_set_of(value), "None", 1};
    metrics.put({&sample, 1});
  }
  StateValue evaluated() {
    state.next_evaluation.clear();
    evaluate_alarms(state, now());
    return alarm.state;
  }
  bool shows_evaluation(StateValue to, const std::string& reason = "because") {
    return shows([&] { apply_evaluation(state, alarm, {to, reason, "{}"}, now()); });
  }
  std::vector<std::string> history() {
    std::vector<std::string> all;
    for (const auto& item : model.alarm_history) {
      all.emplace_back(to_string(item.type));
    }
    return all;
  }
};

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE_FIXTURE(Alarming, "alarming: an alarm looks at the periods that are over, newest last") {
  put(9, now() - seconds{20});
  put(1, now() - seconds{1});
  put(9, now());  // its period has only begun
  CHECK(evaluated() == StateValue::Ok);
  put(9, now() - seconds{1});  // the mean of 1 and 9 is no breach
  CHECK(evaluated() == StateValue::Ok);
  put(6, now() - seconds{10});
  CHECK(evaluated() == StateValue::Alarm);
  alarm.state = StateValue::Ok;
  alarm.comparison = alarms::ComparisonOperator::GreaterThanOrEqualToThreshold;
  alarm.threshold = 16.0 / 3;
  CHECK(evaluated() == StateValue::Alarm);
  CHECK(alarm.state_reason.find("[5.33") != std::string::npos);  // the newest first
}

TEST_CASE_FIXTURE(Alarming, "alarming: a percentile alarm looks at what the samples were") {
  alarm.extended_statistic = "p50";
  alarm.evaluation_periods = 1;
  for (int i = 0; i < 30; ++i) {
    put(i % 3 == 0 ? 100 : 1, now() - seconds{5});
  }
  CHECK(evaluated() == StateValue::Ok);
  alarm.extended_statistic = "p90";
  CHECK(evaluated() == StateValue::Alarm);
}

TEST_CASE_FIXTURE(Alarming, "alarming: it is looked at each second, in aws timing each minute") {
  evaluate_alarms(state, now());
  CHECK(state.next_evaluation.at(alarm.name) == now() + seconds{1});
  alarm.state_reason_data.clear();
  pass(seconds{1} - Duration{1});
  evaluate_alarms(state, now());
  CHECK(alarm.state_reason_data.empty());
  pass(Duration{1});
  evaluate_alarms(state, now());
  CHECK_FALSE(alarm.state_reason_data.empty());
  auto& stack = model.stacks.begin()->second;
  stack.metadata.timing = scaling::TimingProfile::Aws;
  stack.resources.emplace_back().type = "AWS::CloudWatch::Alarm";
  stack.resources.back().physical_id = "another";
  pass(seconds{1});
  evaluate_alarms(state, now());
  CHECK(state.next_evaluation.at(alarm.name) == now() + seconds{1});
  stack.resources.back().physical_id = "a";
  pass(seconds{1});
  evaluate_alarms(state, now());
  CHECK(state.next_evaluation.at(alarm.name) == now() + seconds{60});
}

TEST_CASE_FIXTURE(Alarming, "alarming: in aws timing it looks at whole minutes") {
  auto& stack = model.stacks.begin()->second;
  stack.metadata.timing = scaling::TimingProfile::Aws;
  stack.resources.emplace_back().type = "AWS::CloudWatch::Alarm";
  stack.resources.back().physical_id = "a";
  alarm.evaluation_periods = 1;
  pass(seconds{30});  // 1767441910: ten seconds into its minute
  put(9, now() - seconds{5});
  put(1, now() - seconds{15});
  CHECK(evaluated() == StateValue::Ok);
}

TEST_CASE_FIXTURE(Alarming, "alarming: a policy's own alarms are left to its policy") {
  alarm.policy_arn = "arn:p";
  alarm.evaluation_periods = 1;
  put(9, now() - seconds{5});
  CHECK(evaluated() == StateValue::InsufficientData);
  alarm.policy_arn.clear();
  CHECK(evaluated() == StateValue::Alarm);
}

TEST_CASE_FIXTURE(Alarming, "alarming: an estimate does not look at users' alarms") {
  state.settings.purpose = Purpose::Estimate;
  alarm.evaluation_periods = 1;
  put(9, now() - seconds{5});
  CHECK(evaluated() == StateValue::InsufficientData);
}

TEST_CASE_FIXTURE(Alarming, "alarming: a transition is stored, shown, remembered and told") {
  alarm.alarm_actions = {on_call};
  CHECK(shows_evaluation(StateValue::Alarm));
  CHECK(alarm.state == StateValue::Alarm);
  CHECK(alarm.state_reason == "because");
  CHECK(alarm.state_reason_data == "{}");
  CHECK(alarm.state_updated == now());
  CHECK(alarm.state_transitioned == now());
  CHECK(history() == Words{"StateUpdate", "Action"});
  CHECK(model.alarm_history[0].sequence == 1);
  CHECK(model.alarm_history[1].sequence == 2);
  REQUIRE(state.notifications.size() == 1);
  const auto& told = state.notifications.begin()->second;
  CHECK(told.subject == "ALARM: \"a\" in eu-west-2");
  CHECK(told.receiver.name == "on-call");
  CHECK(told.receiver.command == "/x/on-call.sh");
  REQUIRE(state.journal.flush(model, state.notifications).has_value());
  CHECK(is_stored("alarm/a"));
  CHECK(is_stored("alarm_history/1"));
  CHECK(is_stored("alarm_history/2"));
  CHECK(is_stored("notification/" + told.id));
}

TEST_CASE_FIXTURE(Alarming,
                  "alarming: a state that stays is no news, but its first reason is shown") {
  CHECK(shows_evaluation(StateValue::InsufficientData, "no data"));
  CHECK(alarm.state_reason == "no data");
  CHECK(alarm.state_reason_data == "{}");
  CHECK_FALSE(shows_evaluation(StateValue::InsufficientData, "still none"));
  CHECK(alarm.state_reason == "no data");
  CHECK(model.alarm_history.empty());
  CHECK(state.journal.clean());
}

TEST_CASE_FIXTURE(Alarming, "alarming: an estimate's transition is in no history") {
  state.settings.purpose = Purpose::Estimate;
  CHECK(shows_evaluation(StateValue::Alarm));
  CHECK(model.alarm_history.empty());
}

TEST_CASE_FIXTURE(Alarming,
                  "alarming: each state has its own actions, and none when switched off") {
  auto& receivers = model.stacks.begin()->second.metadata.receivers;
  receivers["fine"].command = "/y";
  receivers["none"].command = "/z";
  alarm.alarm_actions = {on_call};
  alarm.ok_actions = {"arn:aws:sns:eu-west-2:000000000000:fine"};
  alarm.insufficient_data_actions = {"arn:aws:sns:eu-west-2:000000000000:none"};
  const auto told = [this](StateValue to) {
    state.notifications.clear();
    static_cast<void>(shows_evaluation(to));
    return state.notifications.empty() ? "" : state.notifications.begin()->second.receiver.name;
  };
  CHECK(told(StateValue::Alarm) == "on-call");
  CHECK(told(StateValue::Ok) == "fine");
  CHECK(told(StateValue::InsufficientData) == "none");
  alarm.actions_enabled = false;
  CHECK(told(StateValue::Alarm).empty());
}

TEST_CASE_FIXTURE(Alarming,
                  "alarming: an action that nobody receives keeps no other from being told") {
  alarm.alarm_actions = {"arn:aws:sns:eu-west-2:000000000000:nobody", on_call};
  static_cast<void>(shows_evaluation(StateValue::Alarm));
  CHECK(state.notifications.size() == 1);
  CHECK(find_receiver(model, on_call)->command == "/x/on-call.sh");
  CHECK_FALSE(find_receiver(model, "arn:aws:autoscaling:eu-west-2:0:on-call").has_value());
  CHECK_FALSE(find_receiver(model, "arn:aws:sns:eu-west-2:0:nobody").has_value());
}

TEST_CASE_FIXTURE(Alarming, "alarming: history that is too old leaves the model and the store") {
  alarms::HistoryItem item;
  item.alarm = alarm.name;
  item.at = now();
  remember(state, item);
  flush();
  CHECK(is_stored("alarm_history/1"));
  item.at = now() + alarms::kHistoryKept + seconds{1};
  remember(state, item);
  flush();
  CHECK(model.alarm_history.size() == 1);
  CHECK(model.alarm_history.front().at == item.at);
  CHECK(store.contents().size() == 1);
}

}  // namespace tidegate::engine
