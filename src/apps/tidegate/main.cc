// tidegate: the one binary. The command line says which part of it runs.
#include <csignal>
#include <cstdio>

#include <unistd.h>

#include "apps/tidegate/balancer_verb.h"
#include "apps/tidegate/command_line.h"
#include "apps/tidegate/environment.h"
#include "apps/tidegate/metadata_verb.h"
#include "apps/tidegate/rehearse/rehearse.h"
#include "apps/tidegate/serve/serve.h"
#include "apps/tidegate/simulate/simulate.h"
#include "apps/tidegate/verbs/connection.h"
#include "apps/tidegate/verbs/doctor.h"
#include "apps/tidegate/verbs/verbs.h"

namespace {

using namespace tidegate::apps;

/// One overload per command; those without an environment do not need one.
struct Run {
  const Environment& environment;

  Exit operator()(const Say&) const { return Exit::Done; }
  Exit operator()(const Serve& serve) const { return run_serve(serve, environment); }
  Exit operator()(const Stop& stop) const { return run_stop(stop, environment); }
  Exit operator()(const Balancer& balancer) const { return run_balancer(balancer, environment); }
  Exit operator()(const Metadata& metadata) const { return run_metadata(metadata); }
  Exit operator()(const Up& up) const { return run_up(up, environment); }
  Exit operator()(const Down& down) const { return run_down(down, environment); }
  Exit operator()(const ShowStatus& status) const { return run_status(status, environment); }
  Exit operator()(const Explain& explain) const { return run_explain(explain, environment); }
  Exit operator()(const Logs& logs) const { return run_logs(logs, environment); }
  Exit operator()(const Rehearse& rehearse) const { return run_rehearse(rehearse, environment); }
  Exit operator()(const ShowCost& cost) const { return run_cost(cost, environment); }
  Exit operator()(const Simulate& simulate) const { return run_simulate(simulate, environment); }
  Exit operator()(const ShowEnv& env) const { return run_env(env, environment); }
  Exit operator()(const Doctor& doctor) const { return run_doctor(doctor, environment); }
  Exit operator()(const Version& version) const { return run_version(version); }
  Exit operator()(const Completion& completion) const { return run_completion(completion); }
};

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is an error of a write, no end of the process
  const Command command = parse_command_line(std::vector<std::string>(argv + 1, argv + argc));
  if (const Say* say = std::get_if<Say>(&command)) {
    std::fputs(say->text.c_str(), say->exit == Exit::Done ? stdout : stderr);
    return static_cast<int>(say->exit);
  }
  const auto environment =
      read_environment(geteuid() == 0 ? Caller::Root : Caller::User, process_environment);
  if (!environment) {
    progress("tidegate: " + environment.error().message);
    return static_cast<int>(Exit::Usage);
  }
  return static_cast<int>(std::visit(Run{*environment}, command));
}
