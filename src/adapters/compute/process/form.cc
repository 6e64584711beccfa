#include "adapters/compute/process/form.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <thread>

#include <poll.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/compute/process/root_files.h"
#include "adapters/compute/process/user_files.h"
#include "supervise/shim.h"

namespace tidegate::compute_process {
namespace {

constexpr std::chrono::seconds kTrialTime{10};

/// Fullest first.
constexpr std::array<Form, 3> kUserForms{
    Form{Form::Network::Machines, Form::Processes::Own, Form::Files::OwnAsUser, Form::Proc::Own},
    Form{Form::Network::Machines,
         Form::Processes::Own,
         Form::Files::OwnAsUser,
         Form::Proc::Machines},
    Form{Form::Network::Machines,
         Form::Processes::Own,
         Form::Files::Machines,
         Form::Proc::Machines}};
constexpr Form kLeast{Form::Network::Machines,
                      Form::Processes::Machines,
                      Form::Files::Machines,
                      Form::Proc::Machines};

Error refused(const std::string& why) {
  return Error{ErrorCode::Unsupported, "InternalFailure", why};
}

Result<supervise::ShimSpec> trial_spec(const Form& form, const FormTrial& trial) {
  supervise::ShimSpec spec;
  spec.id = "probe";
  spec.folder = trial.scratch + "/probe";
  spec.arguments = {"/bin/true"};
  spec.environment = {"PATH=/usr/bin:/bin"};
  spec.namespaces = namespaces_of(form);
  spec.init = supervise::ShimSpec::Init::Pid1;
  spec.capabilities = 0;
  spec.restart.when = static_cast<std::uint32_t>(shim::RestartWhen::Never);
  if (form.files != Form::Files::OwnAsUser) return spec;
  const std::string skeleton = trial.scratch + "/skeleton";
  TG_RETURN_IF_ERROR(make_skeleton(skeleton));
  const UserFiles files{
      {spec.folder, skeleton, {{std::string{kHostLayer}}}}, trial.scratch, form.proc};
  TG_ASSIGN_OR_RETURN(spec.steps, lay_out_as_user(files, {"probe", "127.0.0.1", {}, ""}));
  spec.root = spec.folder + "/root";
  return spec;
}

/// Runs /bin/true so.
Status try_form(const Form& form, const FormTrial& trial) {
  ::mkdir(trial.scratch.c_str(), 0700);
  if (::mkdir((trial.scratch + "/probe").c_str(), 0700) != 0) {
    return refused(trial.scratch + ": " + ::strerrordesc_np(errno));
  }
  TG_ASSIGN_OR_RETURN(const supervise::ShimSpec spec, trial_spec(form, trial));
  const auto started = supervise::Shim::start({trial.shim_path, trial.scratch}, spec);
  if (started) {
    pollfd ended{(*started)->process_fd(), POLLIN, 0};
    const auto patience = std::chrono::milliseconds{kTrialTime}.count();
    if (::poll(&ended, 1, static_cast<int>(patience)) != 1) {
      const Status killed = (*started)->kill_and_wait();
      return refused(killed ? "/bin/true does not end" : killed.error().message);
    }
  }
  const auto over = supervise::read_ended(spec.folder);
  if (!over) return started ? refused(over.error().message) : Status{started.error()};
  if (over->how == shim::End::Exited && over->wait_status == 0) return Ok{};
  return refused(over->text.empty() ? "/bin/true fails in it" : over->text);
}

std::string name_of(const Form& form) {
  if (form.files == Form::Files::Machines) return "user and process namespaces alone";
  return form.proc == Form::Proc::Own ? "a user namespace with files and /proc of its own"
                                      : "a user namespace with files of its own";
}

FoundForm find_user_form(const FormTrial& trial) {
  FoundForm found{kLeast, {}};
  for (const Form& form : kUserForms) {
    const Status tried = try_form(form, trial);
    const Status removed = remove_tree(trial.scratch);
    if (tried) {
      found.form = form;
      return found;
    }
    found.refused.push_back(name_of(form) + ": " +
                            (removed ? tried.error().message : removed.error().message));
  }
  return found;
}

}  // namespace

Status try_network_namespace() {
  Status outcome = Ok{};
  std::thread trial{[&outcome] {  // the thread's alone, and gone with it
    if (::unshare(CLONE_NEWNET) != 0) outcome = refused(::strerrordesc_np(errno));
  }};
  trial.join();
  return outcome;
}

FoundForm find_form(const FormTrial& trial) {
  if (::geteuid() != 0) return find_user_form(trial);
  const Status network = try_network_namespace();
  if (network) return {};
  FoundForm found;
  found.form.network = Form::Network::Machines;
  found.refused.push_back("a network namespace: " + network.error().message);
  return found;
}

std::uint64_t namespaces_of(const Form& form) {
  if (form.processes == Form::Processes::Machines) return 0;
  const std::uint64_t own = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS;
  return form.files == Form::Files::Own ? own : own | CLONE_NEWUSER;
}

Status check_form(const Form& form, const ports::ProcessImage& image) {
  if (form.files != Form::Files::Machines) return Ok{};
  const bool only_host = std::all_of(image.layers.begin(),
                                     image.layers.end(),
                                     [](const std::string& layer) { return layer == kHostLayer; });
  if (only_host) return Ok{};
  return Error{ErrorCode::Unsupported,
               "InvalidAMIID.Unavailable",
               "this user gets no user namespace with an overlay from this kernel (tidegate doctor "
               "says why), so an image can only be [host]: run as root, or allow user namespaces"};
}

std::vector<ports::Capability> capabilities_of(const FoundForm& found) {
  const Form& form = found.form;
  const bool network = form.network == Form::Network::Own;
  const bool processes = form.processes == Form::Processes::Own;
  const bool files = form.files != Form::Files::Machines;
  const bool proc = form.proc == Form::Proc::Own;
  std::string why;
  for (const std::string& one : found.refused) {
    why += (why.empty() ? "" : "; ") + one;
  }
  const std::string because = why.empty() ? "" : " (" + why + ")";
  const bool root = form.files == Form::Files::Own;
  return {
      {"network namespace",
       network,
       network ? "each instance has an address of its own"
               : "instances share the machine's network: each has a PORT of its own on 127.0.0.1, "
                 "load balancers are at 127.64.0.0/10, the metadata service at the address in "
                 "AWS_EC2_METADATA_SERVICE_ENDPOINT"},
      {"process namespace",
       processes,
       processes ? "an instance sees and ends with its own processes"
                 : "instances see the machine's processes" + because},
      {"files of its own",
       files,
       files
           ? (root ? "overlay"
                   : "overlay in a user namespace, as the caller: the machine's own "
                     "files stay as they are for it")
           : "images beyond host are refused: user data runs on the machine's own files" + because},
      {"/proc of its own", proc, proc ? "works" : "instances see the machine's /proc" + because},
  };
}

}  // namespace tidegate::compute_process
