// One instance on disk and in words: what is remembered of it beside its shim, the spec its shim
// gets, and what an observer is told of it. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "adapters/compute/process/form.h"
#include "adapters/compute/process/metadata_process.h"
#include "base/json.h"
#include "base/result.h"
#include "net/link/ipv4.h"
#include "ports/compute.h"
#include "supervise/cgroups.h"
#include "supervise/shim.h"

namespace tidegate::compute_process {

/// Kept in the instance's folder (instance.json), so that it is found again.
struct InstanceRecord {
  groups::InstanceId id;
  Form form;
  link::Ipv4 address;
  link::Ipv4 metadata = kMetadataAddress;  // where its metadata service listens
  std::uint16_t port = 0;
  ports::InstanceSize size;
  std::string user_data;
  supervise::CgroupPaths cgroups;
  bool operator==(const InstanceRecord&) const = default;
};

inline constexpr const char* kRecordFile = "/instance.json";
std::string to_text(const InstanceRecord& record);
/// Error: Corrupt.
Result<InstanceRecord> parse_record(const std::string& text);

/// 1..32 of [A-Za-z0-9-]: it becomes a folder's name. Error: InvalidArgument.
Status check_id(const groups::InstanceId& id);

/// What its metadata service answers from: what the launch says, and what only the driver knows.
Json metadata_document(const InstanceRecord& record,
                       const ports::LaunchSpec& spec,
                       const std::string& mac);

/// What is written below folder/run (the instance's /run/tidegate) and beside it.
Status write_instance_files(const std::string& folder,
                            const InstanceRecord& record,
                            const ports::LaunchSpec& spec);

struct ShimPlan {
  std::string folder;
  const InstanceRecord& record;
  int network_namespace = -1;
  int range_lock = -1;
  std::vector<supervise::SetupStep> steps;  // that lay out its files
};
/// "ip-10-64-0-2", as EC2 has it.
std::string host_name_of(const InstanceRecord& record);
/// Namespaces, overlay, capabilities, environment, restarts. Error: of its user data.
Result<supervise::ShimSpec> shim_spec(const ShimPlan& plan, const ports::LaunchSpec& spec);

groups::InstanceObservation observation_of(const InstanceRecord& record);
/// Folds the shim's newest word in; reads failing line and console tail once a run has failed.
void fold_status(const InstanceRecord& record,
                 const std::string& folder,
                 const shim::Status& status,
                 groups::InstanceObservation& seen);
void fold_end(const InstanceRecord& record,
              const std::string& folder,
              const supervise::Ended& ended,
              groups::InstanceObservation& seen);
/// A run has lasted longer than the restart window: all is well again.
void clear_failure(groups::InstanceObservation& seen);
/// It answers still, and cannot be supervised any more: a failed status check replaces it.
void fold_other_version(const std::string& why, groups::InstanceObservation& seen);
void fold_loss(const supervise::Lost& lost, groups::InstanceObservation& seen);

}  // namespace tidegate::compute_process
