// The driver's launches: a place, files, limits, metadata and a shim for a new instance.
#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>

#include "adapters/compute/process/driver.h"
#include "adapters/compute/process/files.h"
#include "adapters/compute/process/root_files.h"
#include "adapters/compute/process/user_data.h"
#include "adapters/compute/process/user_files.h"
#include "base/log.h"

namespace tidegate::compute_process {
namespace {

Status write_record(const std::string& folder, const InstanceRecord& record) {
  const std::string fresh = folder + kRecordFile + std::string{".new"};
  TG_RETURN_IF_ERROR(write_file(fresh, to_text(record), 0600));
  if (::rename(fresh.c_str(), (folder + kRecordFile).c_str()) != 0) return failed(fresh);
  return Ok{};
}

}  // namespace

Status Driver::check_capacity(const ports::LaunchSpec& spec) const {
  double vcpus = 0;
  std::int64_t memory = 0;
  for (const auto& [id, entry] : entries_) {
    if (entry.shim == nullptr || entry.kill_asked) continue;
    vcpus += entry.record.size.vcpus;
    memory += entry.record.size.memory_mib;
  }
  const ports::HostCapacity& host = settings_.capacity;
  const auto refuse = [&](const std::string& sentence) {
    return Error{ErrorCode::ResourceExhausted,
                 "InsufficientInstanceCapacity",
                 "InsufficientInstanceCapacity: " + sentence};
  };
  constexpr double kRounding = 1e-6;
  if (spec.size.vcpus > host.vcpus + kRounding || spec.size.memory_mib > host.memory_mib) {
    return refuse("an instance of type " + spec.instance_type + " is larger than this host");
  }
  // One more than fits is let in: a replacement is launched before the old one goes.
  if (vcpus > host.vcpus + kRounding || memory > host.memory_mib) {
    return refuse("this host is full: " + std::to_string(entries_.size()) + " instances");
  }
  return Ok{};
}

std::vector<Place> Driver::places() const {
  std::vector<Place> all;
  for (const auto& [id, entry] : entries_) {
    all.push_back({entry.record.address, entry.record.port, entry.record.metadata});
  }
  return all;
}

void Driver::launch(const ports::LaunchSpec& spec) {
  if (entries_.contains(spec.id)) return;
  const Result<Place> place = places_.next(spec.port, places());
  const Status fits = check_capacity(spec);
  Entry& entry = entries_[spec.id];
  entry.record.id = spec.id;
  entry.record.form = settings_.form;
  entry.record.port = spec.port;
  entry.record.size = spec.size;
  entry.record.user_data = spec.user_data;
  if (place) {
    entry.record.address = place->address;
    entry.record.port = place->port;
    if (settings_.form.network == Form::Network::Machines) entry.record.metadata = place->metadata;
  }
  entry.folder = folder_of(spec.id);
  entry.posted.seen = observation_of(entry.record);
  Status started = check_id(spec.id);
  if (started) started = fits;
  if (started && !place) started = place.error();
  if (started) started = start(spec, entry);
  if (!started) {
    fail(entry, started.error());
    return;
  }
  watch(entry);
  entry.meter.emplace(entry.record.cgroups);
  measure(entry, true);
  refresh(entry);
}

Status Driver::start(const ports::LaunchSpec& spec, Entry& entry) {
  const Result<Interpreter> interpreter = interpreter_of(spec.user_data);
  if (!interpreter) return interpreter.error();
  TG_RETURN_IF_ERROR(check_layers(spec.image));
  TG_RETURN_IF_ERROR(check_form(entry.record.form, spec.image));
  TG_RETURN_IF_ERROR(remove_tree(entry.folder));
  if (::mkdir(entry.folder.c_str(), 0700) != 0) return failed(entry.folder);
  TG_ASSIGN_OR_RETURN(const FileDescriptor network, make_network(entry));
  const supervise::CgroupLimits limits{spec.size.vcpus, spec.size.memory_mib << 20, 4096};
  if (const Result<supervise::CgroupPaths> made = cgroups_.create(spec.id.value, limits)) {
    entry.record.cgroups = *made;
  } else {  // degraded: no limits, CPU from /proc; doctor says so as well
    log_event(
        LogLevel::Warn, "no_cgroup", {{"instance", spec.id.value}, {"why", made.error().message}});
  }
  TG_RETURN_IF_ERROR(write_record(entry.folder, entry.record));
  ShimPlan plan{entry.folder, entry.record, network.get(), settings_.range_lock, {}};
  TG_ASSIGN_OR_RETURN(plan.steps, lay_out(spec, entry));
  TG_ASSIGN_OR_RETURN(const supervise::ShimSpec shim, shim_spec(plan, spec));
  TG_RETURN_IF_ERROR(write_instance_files(entry.folder, entry.record, spec));
  start_metadata(spec, entry, listen(entry, network));
  TG_ASSIGN_OR_RETURN(entry.shim,
                      supervise::Shim::start({settings_.shim_path, settings_.home}, shim));
  return Ok{};
}

Result<FileDescriptor> Driver::make_network(const Entry& entry) {
  if (!network_) return FileDescriptor{};
  TG_RETURN_IF_ERROR(network_->set_up());
  TG_ASSIGN_OR_RETURN(InstanceNetwork made, network_->add_instance(entry.record.address));
  return std::move(made.network_namespace);
}

Result<std::vector<supervise::SetupStep>> Driver::lay_out(const ports::LaunchSpec& spec,
                                                          const Entry& entry) {
  const Form& form = entry.record.form;
  const bool own_network = form.network == Form::Network::Own;
  const NameFiles names{host_name_of(entry.record),
                        link::to_string(entry.record.address),
                        spec.host_names,
                        own_network ? machine_resolv_conf().text : machines_own_resolv_conf()};
  switch (form.files) {
    case Form::Files::Own: {
      const RootFiles files{entry.folder, settings_.home + "/mask", spec.image};
      TG_RETURN_IF_ERROR(make_mask(files.mask, settings_.home));
      TG_RETURN_IF_ERROR(make_root_files(files, names));
      return mount_steps(files);
    }
    case Form::Files::OwnAsUser: {
      const RootFiles files{entry.folder, settings_.home + "/skeleton", spec.image};
      TG_RETURN_IF_ERROR(make_skeleton(files.mask));
      return lay_out_as_user({files, settings_.home, form.proc}, names);
    }
    case Form::Files::Machines:
      for (const char* name : {"/run", "/home"}) {
        if (::mkdir((entry.folder + name).c_str(), 0755) != 0) return failed(entry.folder);
      }
      return std::vector<supervise::SetupStep>{};
  }
  return std::vector<supervise::SetupStep>{};
}

Result<FileDescriptor> Driver::listen(const Entry& entry, const FileDescriptor& network) const {
  return network ? listen_for_metadata(network.get())
                 : listen_for_metadata_at(entry.record.metadata);
}

/// Before its user data runs: what it asks waits in the socket's queue. Degraded without: said.
void Driver::start_metadata(const ports::LaunchSpec& spec,
                            const Entry& entry,
                            Result<FileDescriptor> listener) {
  Status done = listener ? Status{Ok{}} : Status{listener.error()};
  if (done) {
    done = metadata_.describe(
        spec.id,
        metadata_document(entry.record, spec, mac_of(*listener, network_ ? "eth0" : "lo")));
  }
  if (done) {
    metadata_.add(spec.id, std::move(*listener));
    return;
  }
  log_event(
      LogLevel::Warn, "no_metadata", {{"instance", spec.id.value}, {"why", done.error().message}});
}

/// In the network of its shim, which lives in it.
Result<FileDescriptor> Driver::listen_again(const groups::InstanceId& id) {
  const Entry* entry = find(id);
  const Error gone{ErrorCode::NotFound, "InternalFailure", "instance " + id.value + " has ended"};
  if (entry == nullptr || entry->shim == nullptr) return gone;
  if (entry->record.form.network == Form::Network::Machines) return listen(*entry, {});
  const std::string path = "/proc/" + std::to_string(entry->shim->pid()) + "/ns/net";
  const FileDescriptor network{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (entry->shim->has_ended()) return gone;  // the number may be another's now
  if (!network) return failed(path);
  return listen(*entry, network);
}

void Driver::set_target_lifecycle_state(const groups::InstanceId& id, const std::string& state) {
  constexpr const char* kMember = "target-lifecycle-state";
  if (find(id) == nullptr) return;
  Result<Json> document = metadata_.document_of(id);
  if (!document || (*document)[kMember].string_or("") == state) return;
  document->set(kMember, state);
  const Status described = metadata_.describe(id, *document);
  if (!described) {
    log_event(LogLevel::Warn,
              "metadata_not_written",
              {{"instance", id.value}, {"why", described.error().message}});
  }
}

}  // namespace tidegate::compute_process
