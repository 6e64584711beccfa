// Accounts and the ledger, step by step: when a rate is kept, and what a line of the ledger holds.
#include "engine/state_fixture.h"

namespace tidegate::engine {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

/// A stack with a load balancer for 16 and a group of instances for 68 each.
struct Books : StateBench {
  stacks::Stack& stack = model.stacks[stacks::StackName{"web"}];
  GroupModel& fleet = group();

  Books() {
    stack.name.value = "web";
    stack.id = "arn:1";
    stack.status = stacks::Status::CreateComplete;
    stack.metadata.instance_types["t3.large"].monthly_price = 68;
    stack.metadata.prices = {{"LoadBalancer", 16}};
    auto& resource = stack.resources.emplace_back();
    resource.type = "AWS::ElasticLoadBalancingV2::LoadBalancer";
    resource.physical_id = "lb";
    resource.status = stacks::Status::CreateComplete;
    fleet.stack = stack.name;
    instance(fleet, "i-1").instance_type = "t3.large";
    fleet.group.launch_template.id.value = "lt";
    auto& launch_template = model.launch_templates[groups::LaunchTemplateId{"lt"}];
    launch_template.versions.emplace_back().instance_type = "t3.large";
  }
  /// As after a change of anything: an account is looked at only then.
  void keep() {
    state.journal.touch(EntityKind::Stack, "web");
    keep_accounts(state, now());
  }
  const cost::Account& account() { return model.costs.at(stack.name); }
};

}  // namespace

TEST_CASE_FIXTURE(Books, "costing: an account opens with its stack, and is stored and shown") {
  keep_accounts(state, now());
  CHECK(model.costs.empty());  // nothing changed
  CHECK(shows([this] { keep(); }));
  CHECK(account().stack_id == "arn:1");
  CHECK(account().opened == now());
  CHECK(account().rate == cost::Rate{68, 16});
  flush();
  CHECK(is_stored("cost/web"));
  const cost::Account before = account();
  pass(seconds{5});
  CHECK_FALSE(shows([this] { keep(); }));
  CHECK(account() == before);
}

TEST_CASE_FIXTURE(Books, "costing: an account without any price is one, too") {
  stack.metadata = {};
  keep();
  CHECK(account().rate == cost::Rate{});
  flush();
  CHECK(is_stored("cost/web"));
}

TEST_CASE_FIXTURE(Books, "costing: another rate is kept from its moment on") {
  keep();
  flush();
  pass(hours{73});
  instance(fleet, "i-2").instance_type = "t3.large";
  instance(fleet, "i-3").instance_type = "unheard.of";  // without a price
  CHECK(shows([this] { keep(); }));
  CHECK(account().rate == cost::Rate{136, 16});
  CHECK(account().since == now());
  CHECK(account().spent.instances == doctest::Approx(6.8));
  const std::string stored = store.contents().at("cost/web");
  flush();
  CHECK(store.contents().at("cost/web") != stored);
}

TEST_CASE_FIXTURE(Books, "costing: what other stacks have is not in an account") {
  auto& other = group("other");
  other.stack.value = "else";
  instance(other, "i-9").instance_type = "t3.large";
  keep();
  CHECK(account().rate.instances == 68);
  CHECK(monthly_price_of(state, other) == 0);  // its stack is gone, and the prices with it
}

TEST_CASE_FIXTURE(Books, "costing: a new stack of the same name opens a new account") {
  keep();
  pass(hours{1});
  stack.id = "arn:2";
  keep();
  CHECK(account().stack_id == "arn:2");
  CHECK(account().opened == now());
  CHECK(account().spent == cost::Spent{});
}

TEST_CASE_FIXTURE(Books, "costing: an account ends with its stack, and leaves the store") {
  keep();
  flush();
  stack.status = stacks::Status::DeleteComplete;
  keep();
  CHECK(model.costs.empty());
  flush();
  CHECK_FALSE(is_stored("cost/web"));
  stack.status = stacks::Status::CreateComplete;
  keep();
  model.stacks.clear();
  keep();
  CHECK(model.costs.empty());
}

TEST_CASE_FIXTURE(Books,
                  "costing: a decision's cost is the group's before and after, if it has any") {
  CHECK(monthly_price_of(state, fleet) == 68);
  CHECK(price_of_next(state, fleet) == 68);
  CHECK(decision_cost(0, 0).is_null());
  CHECK(decision_cost(0, 1)["MonthlyAfter"].number_or(0) == 1);
  CHECK(decision_cost(1, 0)["MonthlyBefore"].number_or(0) == 1);
  fleet.group.desired_capacity = 1;
  LedgerEntry entry;
  entry.at = now();
  CHECK(shows([&] { change_desired(state, fleet, 3, "cause", entry); }));
  CHECK(model.ledger.back().cost == decision_cost(68, 204));
  CHECK(model.ledger.back().what == "desired 1 -> 3");
  CHECK(model.ledger.back().decided);
  CHECK(fleet.group.desired_capacity == 3);
  CHECK(fleet.group.capacity_cause == "cause");
  CHECK(fleet.group.capacity_changed == now());
  flush();
  CHECK(is_stored("group/g"));
  model.launch_templates.clear();
  CHECK(price_of_next(state, fleet) == 0);
}

TEST_CASE("ledger: a line holds all of an entry, and is read back as it was") {
  LedgerEntry entry;
  entry.sequence = 7;
  entry.at = Instant{std::chrono::milliseconds{1767441871123}};
  entry.group = "g";
  entry.instance = "i-1";
  entry.activity = "a-1";
  entry.decided = true;
  entry.what = "launch i-1";
  entry.why = "because";
  entry.would_change = "nothing";
  entry.inputs = Json::object({{"min", 1}});
  entry.votes = Json::array();
  entry.cost = Json::object({{"MonthlyBefore", 1.5}});
  const std::string line = to_json_line(entry);
  CHECK(line ==
        R"({"Sequence":7,"At":"2026-01-03T12:04:31.123Z","Group":"g","Instance":"i-1",)"
        R"("Activity":"a-1","Decided":true,"What":"launch i-1","Why":"because",)"
        R"("WouldChange":"nothing","Inputs":{"min":1},"Votes":[],"Cost":{"MonthlyBefore":1.5}})");
  const auto read = ledger_entry(line);
  REQUIRE(read.has_value());
  CHECK(read->sequence == 7);
  CHECK(read->at == entry.at);
  CHECK(read->decided);
  CHECK(to_json_line(*read) == line);
}

TEST_CASE("ledger: what is no line of it is refused") {
  CHECK_FALSE(ledger_entry("{").has_value());
  CHECK_FALSE(ledger_entry(R"({"Sequence":1,"At":"soon"})").has_value());
  const std::string at = R"("At":"2026-01-03T12:04:31Z"})";
  CHECK(ledger_entry(R"({"Sequence":1,)" + at).has_value());
  for (const char* sequence : {R"({"Sequence":0,)", R"({"Sequence":-1,)", "{"}) {
    const auto read = ledger_entry(sequence + at);
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().code == ErrorCode::Corrupt);
  }
}

TEST_CASE_FIXTURE(StateBench, "ledger: a home's file is remembered, the newest, in its order") {
  const auto line = [](std::uint64_t sequence) {
    LedgerEntry entry;
    entry.sequence = sequence;
    return to_json_line(entry);
  };
  state.settings.ledger = {line(3), "cut off {", line(3), line(2), line(5)};
  remember_ledger(state);
  REQUIRE(model.ledger.size() == 2);
  CHECK(model.ledger[0].sequence == 3);
  CHECK(model.ledger[1].sequence == 5);
  CHECK(shows([this] { record(state, {}); }));
  CHECK(model.ledger.back().sequence == 6);
  CHECK(state.new_ledger.size() == 1);
  state.settings.ledger.clear();
  for (std::uint64_t i = 7; i < 7 + kMaxLedgerKept; ++i) {
    state.settings.ledger.push_back(line(i));
  }
  remember_ledger(state);
  CHECK(model.ledger.size() == kMaxLedgerKept);
  CHECK(model.ledger.front().sequence == 7);
}

}  // namespace tidegate::engine
