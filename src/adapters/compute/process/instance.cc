#include "adapters/compute/process/instance.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>

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

Status write_file(const std::string& path, const std::string& text, mode_t mode) {
  const FileDescriptor file{
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode)};
  if (file && ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size())) {
    return Ok{};
  }
  const ErrorCode code = errno == ENOSPC ? ErrorCode::ResourceExhausted : ErrorCode::Internal;
  return Error{code, "InternalFailure", path + ": " + ::strerrordesc_np(errno)};
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

std::string to_text(const InstanceRecord& record) {
  Json json = Json::object();
  json.set("Id", record.id.value);
  json.set("Address", link::to_string(record.address));
  json.set("Port", std::int64_t{record.port});
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

Status write_instance_files(const std::string& folder, const ports::LaunchSpec& spec) {
  TG_RETURN_IF_ERROR(write_file(folder + "/metadata.json", spec.metadata_document, 0600));
  if (spec.user_data.empty()) return Ok{};
  TG_RETURN_IF_ERROR(write_file(folder + "/run/bash-environment", bash_environment(), 0644));
  return write_file(folder + "/run/user-data", spec.user_data, 0700);
}

Result<supervise::ShimSpec> shim_spec(const ShimPlan& plan, const ports::LaunchSpec& spec) {
  TG_ASSIGN_OR_RETURN(const Interpreter interpreter, interpreter_of(spec.user_data));
  supervise::ShimSpec made;
  made.id = spec.id.value;
  made.folder = plan.folder;
  if (interpreter != Interpreter::None) made.arguments = {std::string{kUserDataPath}};
  made.environment = {"HOME=/root",
                      kRootPath,
                      "USER=root",
                      "LOGNAME=root",
                      "LANG=C.UTF-8",
                      "INSTANCE_ID=" + spec.id.value,
                      "PORT=" + std::to_string(spec.port)};
  if (interpreter == Interpreter::Bash) {
    made.environment.push_back("BASH_ENV=" + std::string{kBashEnvironmentPath});
  }
  for (const auto& [name, value] : spec.environment) {
    made.environment.push_back(name + "=" + value);
  }
  for (const auto& [controller, path] : plan.record.cgroups) {
    made.cgroups.push_back(path + "/cgroup.procs");
  }
  made.namespaces = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS;
  made.network_namespace = plan.network_namespace;
  made.host_name = "ip-" + join(split(link::to_string(plan.record.address), '.'), "-");
  made.steps = mount_steps({plan.folder, plan.mask, spec.image});
  made.root = plan.folder + "/root";
  made.capabilities = capability_bits();
  made.new_privileges = supervise::ShimSpec::NewPrivileges::Denied;
  made.init = supervise::ShimSpec::Init::Pid1;
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
