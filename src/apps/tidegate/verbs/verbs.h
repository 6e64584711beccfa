// The verbs that talk to a control plane, each from its values to an exit status. Results go to
// stdout, progress and errors to stderr.
#pragma once

#include "apps/tidegate/command_line.h"
#include "apps/tidegate/environment.h"

namespace tidegate::apps {

Exit run_up(const Up& up, const Environment& environment);
Exit run_down(const Down& down, const Environment& environment);
Exit run_status(const ShowStatus& status, const Environment& environment);
Exit run_explain(const Explain& explain, const Environment& environment);
Exit run_logs(const Logs& logs, const Environment& environment);
Exit run_cost(const ShowCost& cost, const Environment& environment);
Exit run_env(const ShowEnv& env, const Environment& environment);
Exit run_version(const Version& version);
Exit run_completion(const Completion& completion);

}  // namespace tidegate::apps
