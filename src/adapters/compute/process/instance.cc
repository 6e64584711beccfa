#include "adapters/compute/process/instance.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <pwd.h>
#include <sched.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include "adapters/compute/process/files.h"
#include "adapters/compute/process/root_files.h"
#include "adapters/compute/process/user_data.h"
#include "base/file_descriptor.h"
#include "base/json.h"
#include "base/text.h"
#include "supervise/console.h"
#include "supervise/files.h"

namespace tidegate::compute_process {
namespace {

constexpr std::size_t kConsoleTail = 2048;      // bytes that a failure carries
constexpr std::size_t kConsoleForLine = 16384;  // bytes searched for bash's own message
constexpr const char* kRootPath =
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, SETGID, SETUID, SETPCAP, NET_BIND_SERVICE, NET_RAW,
/// SYS_CHROOT, AUDIT_WRITE, SETFCAP.
constexpr std::array<int, 13> kCapabilities{0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 29, 31};

std::uint64_t capability_bits() {
  std::uint64_t bits = 0;
  for (const int capability : kCapabilities) {
    bits |= std::uint64_t{1} << capability;
  }
  return bits;
}

/// Who calls, by name where the machine knows one.
std::string user_name() {
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  const int done = ::getpwuid_r(::geteuid(), &entry, buffer.data(), buffer.size(), &found);
  return done == 0 && found != nullptr ? found->pw_name : std::to_string(::geteuid());
}

/// As a shell has it: 128 + the signal's number.
std::int32_t exit_status_of(std::int32_t wait_status) {
  if (WIFSIGNALED(wait_status)) return 128 + WTERMSIG(wait_status);
  return WEXITSTATUS(wait_status);
}

std::string console_tail(const std::string& folder, std::size_t bytes) {
  const Result<supervise::ConsoleText> read = supervise::read_console(folder, std::nullopt, bytes);
  return read ? read->text : std::string{};
}

constexpr std::string_view kFormLetters = "omu";  // own, the machine's, own as a user

/// Four letters, kept in instance.json: an instance stays as it was made.
std::string form_text(const Form& form) {
  const char files = form.files == Form::Files::Own         ? 'o'
                     : form.files == Form::Files::OwnAsUser ? 'u'
                                                            : 'm';
  return {form.network == Form::Network::Own ? 'o' : 'm',
          form.processes == Form::Processes::Own ? 'o' : 'm',
          files,
          form.proc == Form::Proc::Own ? 'o' : 'm'};
}

/// Of an older tidegate, which had one form only, there is none.
Form parse_form(const std::string& text) {
  Form form;
  if (text.size() != 4 || text.find_first_not_of(kFormLetters) != std::string::npos) return form;
  if (text[0] == 'm') form.network = Form::Network::Machines;
  if (text[1] == 'm') form.processes = Form::Processes::Machines;
  if (text[2] == 'm') form.files = Form::Files::Machines;
  if (text[2] == 'u') form.files = Form::Files::OwnAsUser;
  if (text[3] == 'm') form.proc = Form::Proc::Machines;
  return form;
}

/// What the instance calls it.
std::string run_folder(const std::string& folder, const Form& form) {
  return form.files == Form::Files::Machines ? folder + "/run" : std::string{kRunFolder};
}

std::vector<std::string> environment_of(const ShimPlan& plan, const ports::LaunchSpec& spec) {
  const Form& form = plan.record.form;
  const bool root = form.files == Form::Files::Own;
  const bool home = form.files == Form::Files::Machines;
  std::vector<std::string> all = {"HOME=" + (home ? plan.folder + "/home" : "/root"),
                                  kRootPath,
                                  "USER=" + (root ? "root" : user_name()),
                                  "LOGNAME=" + (root ? "root" : user_name()),
                                  "LANG=C.UTF-8",
                                  "INSTANCE_ID=" + spec.id.value,
                                  "PORT=" + std::to_string(plan.record.port)};
  if (form.network == Form::Network::Machines) {
    all.push_back("AWS_EC2_METADATA_SERVICE_ENDPOINT=http://" +
                  link::to_string(plan.record.metadata) + ":" +
                  std::to_string(kSharedMetadataPort));
  }
  for (const auto& [name, value] : spec.environment) {
    all.push_back(name + "=" + value);
  }
  return all;
}

/// The newest run ended with that status.
void fold_exit(const InstanceRecord& record,
               const std::string& folder,
               std::int32_t status,
               groups::InstanceObservation& seen) {
  if (seen.user_data_exit_status == status) return;  // told already
  seen.user_data_exit_status = status;
  if (status == 0) return;
  const Result<std::string> told = supervise::read_small_file(folder + "/run/failure");
  seen.failing_line = failing_line(record.user_data,
                                   told ? *told : std::string{},
                                   console_tail(folder, kConsoleForLine),
                                   status);
  seen.console_tail = console_tail(folder, kConsoleTail);
  const Duration duration = seen.user_data_duration.value_or(Duration{});
  seen.failure = "user data " + exit_sentence(status, duration, seen.failing_line);
  if (seen.oom_kills > 0) seen.failure += "; out of memory: the kernel killed a process of it";
}

}  // namespace

std::string host_name_of(const InstanceRecord& record) {
  if (record.form.network == Form::Network::Own) {
    return "ip-" + join(split(link::to_string(record.address), '.'), "-");
  }
  return "ip-127-0-0-1-" + std::to_string(record.port);
}

std::string to_text(const InstanceRecord& record) {
  Json json = Json::object();
  json.set("Id", record.id.value);
  json.set("Address", link::to_string(record.address));
  json.set("Port", std::int64_t{record.port});
  json.set("Metadata", link::to_string(record.metadata));
  json.set("Form", form_text(record.form));
  json.set("VCpus", record.size.vcpus);
  json.set("MemoryMiB", record.size.memory_mib);
  json.set("UserData", base64_encode(record.user_data));
  json.set("Cgroups", supervise::to_text(record.cgroups));
  return json.dump(1) + "\n";
}

Result<InstanceRecord> parse_record(const std::string& text) {
  TG_ASSIGN_OR_RETURN(const Json json, Json::parse(text));
  const std::optional<link::Ipv4> address = link::parse_ipv4(json["Address"].string_or(""));
  const std::optional<std::string> user_data = base64_decode(json["UserData"].string_or(""));
  const std::int64_t port = json["Port"].int_or(-1);
  if (!address || !user_data || port < 0 || port > 65535) {
    return Error{ErrorCode::Corrupt, "InternalFailure", "instance.json is damaged"};
  }
  InstanceRecord record;
  record.id = groups::InstanceId{json["Id"].string_or("")};
  record.address = *address;
  record.port = static_cast<std::uint16_t>(port);
  record.form = parse_form(json["Form"].string_or(""));
  record.metadata = link::parse_ipv4(json["Metadata"].string_or("")).value_or(kMetadataAddress);
  record.size = {json["VCpus"].number_or(1), json["MemoryMiB"].int_or(1)};
  record.user_data = *user_data;
  record.cgroups = supervise::parse_cgroup_paths(json["Cgroups"].string_or(""));
  return record;
}

Status check_id(const groups::InstanceId& id) {
  const std::string& text = id.value;
  const bool good =
      !text.empty() && text.size() <= 32 && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               c == '-';
      });
  if (good) return Ok{};
  return Error{ErrorCode::InvalidArgument,
               "InvalidInstanceID.Malformed",
               "'" + text + "' is no instance id"};
}

Json metadata_document(const InstanceRecord& record,
                       const ports::LaunchSpec& spec,
                       const std::string& mac) {
  Result<Json> parsed = Json::parse(spec.metadata_document);
  Json document = parsed && parsed->is_object() ? std::move(*parsed) : Json::object();
  utsname machine{};
  const bool known = ::uname(&machine) == 0;
  const std::string architecture = known ? machine.machine : "";
  const std::string region = document["region"].string_or("");
  document.set("instance-id", record.id.value);
  document.set("local-ipv4", link::to_string(record.address));
  document.set("local-hostname",
               host_name_of(record) + (region.empty() ? "" : "." + region + ".compute.internal"));
  document.set("architecture", architecture == "aarch64" ? "arm64" : architecture);
  if (!mac.empty()) document.set("mac", mac);
  return document;
}

Status write_instance_files(const std::string& folder,
                            const InstanceRecord& record,
                            const ports::LaunchSpec& spec) {
  if (spec.user_data.empty()) return Ok{};
  TG_RETURN_IF_ERROR(write_file(
      folder + "/run/bash-environment", bash_environment(run_folder(folder, record.form)), 0644));
  return write_file(folder + "/run/user-data", spec.user_data, 0700);
}

Result<supervise::ShimSpec> shim_spec(const ShimPlan& plan, const ports::LaunchSpec& spec) {
  TG_ASSIGN_OR_RETURN(const Interpreter interpreter, interpreter_of(spec.user_data));
  const Form& form = plan.record.form;
  const bool processes = form.processes == Form::Processes::Own;
  const std::string run = run_folder(plan.folder, form);
  supervise::ShimSpec made;
  made.id = spec.id.value;
  made.folder = plan.folder;
  if (interpreter != Interpreter::None) made.arguments = {run + std::string{kUserDataFile}};
  made.environment = environment_of(plan, spec);
  if (interpreter == Interpreter::Bash) {
    made.environment.push_back("BASH_ENV=" + run + std::string{kBashEnvironmentFile});
  }
  for (const auto& [controller, path] : plan.record.cgroups) {
    made.cgroups.push_back(path + "/cgroup.procs");
  }
  made.namespaces = namespaces_of(form);
  if (form.network == Form::Network::Own) made.network_namespace = plan.network_namespace;
  if (processes) made.host_name = host_name_of(plan.record);
  made.steps = plan.steps;
  if (form.files != Form::Files::Machines) made.root = plan.folder + "/root";
  if (form.files == Form::Files::Own) {
    made.capabilities = capability_bits();
  } else if (processes) {
    made.capabilities = 0;  // those over its own namespaces
  }
  made.new_privileges = supervise::ShimSpec::NewPrivileges::Denied;
  if (processes) made.init = supervise::ShimSpec::Init::Pid1;
  // Without a pid 1 of ours somebody has to be there for an instance that just runs.
  if (!processes && made.arguments.empty()) made.arguments = {"/bin/sleep", "infinity"};
  made.restart.when = static_cast<std::uint32_t>(shim::RestartWhen::Always);
  if (plan.range_lock >= 0) made.keep = {plan.range_lock};
  return made;
}

groups::InstanceObservation observation_of(const InstanceRecord& record) {
  groups::InstanceObservation seen;
  seen.id = record.id;
  seen.address = link::to_string(record.address);
  seen.port = record.port;
  seen.cpu_quota = record.size.vcpus;
  return seen;
}

void fold_status(const InstanceRecord& record,
                 const std::string& folder,
                 const shim::Status& status,
                 groups::InstanceObservation& seen) {
  const bool has_user_data = !record.user_data.empty();
  const auto state = static_cast<shim::State>(status.state);
  if (state == shim::State::Ended) return;  // the exit file tells the rest
  seen.phase = state == shim::State::Stopping   ? groups::InstancePhase::Stopping
               : state == shim::State::Starting ? groups::InstancePhase::Launching
                                                : groups::InstancePhase::Running;
  // What the run before failed with stays to be read until this one has lasted (clear_failure).
  if (seen.incarnation != status.run) seen.user_data_exit_status.reset();
  seen.incarnation = status.run;
  seen.restarts = static_cast<std::int32_t>(status.restarts);
  const bool failed = status.main_exited != 0 && status.main_wait_status != 0;
  seen.process_alive = status.child_pid > 0 && !failed;
  if (status.main_exited == 0 || !has_user_data || state == shim::State::Stopping) return;
  seen.user_data_duration = Duration{static_cast<std::int64_t>(status.main_duration_us)};
  fold_exit(record, folder, exit_status_of(status.main_wait_status), seen);
  if (seen.user_data_exit_status == 0 && !seen.process_alive) {
    seen.failure = "user data exited with status 0 and left no process";
    seen.console_tail = console_tail(folder, kConsoleTail);
  }
}

void fold_end(const InstanceRecord& record,
              const std::string& folder,
              const supervise::Ended& ended,
              groups::InstanceObservation& seen) {
  seen.phase = ended.how == shim::End::SetupFailed ? groups::InstancePhase::Failed
                                                   : groups::InstancePhase::Exited;
  seen.process_alive = false;
  seen.incarnation = ended.run;
  seen.restarts = static_cast<std::int32_t>(ended.restarts);
  if (ended.how == shim::End::SetupFailed) {
    seen.failure = "the instance could not be started: " + ended.text;
    seen.console_tail = console_tail(folder, kConsoleTail);
    return;
  }
  if (ended.how == shim::End::Killed || record.user_data.empty()) return;
  seen.user_data_duration = ended.duration;
  if (ended.how == shim::End::Stopped) {  // as it was asked to: no failure, whatever the status
    seen.user_data_exit_status = exit_status_of(ended.wait_status);
    return;
  }
  fold_exit(record, folder, exit_status_of(ended.wait_status), seen);
  if (ended.how != shim::End::GaveUp) return;
  seen.status_check_failed = true;
  if (seen.failure.empty()) seen.failure = "user data exited with status 0 and left no process";
  seen.failure =
      "gave up after " + std::to_string(ended.restarts) + " restarts in place: " + seen.failure;
  seen.console_tail = console_tail(folder, kConsoleTail);
}

void clear_failure(groups::InstanceObservation& seen) {
  seen.restarts = 0;
  seen.failing_line.reset();
  seen.failure.clear();
  seen.console_tail.clear();
}

void fold_other_version(const std::string& why, groups::InstanceObservation& seen) {
  seen.phase = groups::InstancePhase::Running;
  seen.process_alive = true;
  seen.status_check_failed = true;
  seen.failure = why + ": it serves until it is replaced";
}

void fold_loss(const supervise::Lost& lost, groups::InstanceObservation& seen) {
  seen.phase = groups::InstancePhase::Lost;
  seen.process_alive = false;
  seen.status_check_failed = true;
  seen.failure = "the instance is lost: " + lost.why;
}

}  // namespace tidegate::compute_process
