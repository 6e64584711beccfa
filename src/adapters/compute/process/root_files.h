// An instance's file system: the layers of its image under a folder of its own, laid together with
// overlay in the instance's mount namespace by its shim; the machine's own root among them with
// what is not the instance's business covered by a mask layer. Any one thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "ports/compute.h"
#include "supervise/spec.h"

namespace tidegate::compute_process {

inline constexpr std::string_view kHostLayer = "host";  // the machine's own root, read-only

/// Every layer is there. Error: InvalidArgument (InvalidAMIID.NotFound) naming the one that is not.
Status check_layers(const ports::ProcessImage& image);

/// Makes or completes `folder`, the layer that lies right above the machine's root: empty /root,
/// /home, /tmp, …, no password files and keys, and nothing where `home` (TIDEGATE_HOME) is.
Status make_mask(const std::string& folder, const std::string& home);

struct RootFiles {
  std::string folder;  // the instance's own; upper, work, root, stage, run are made in it
  std::string mask;
  ports::ProcessImage image;
};

/// Names and addresses that the instance is to know.
struct NameFiles {
  std::string host_name, address;
  std::map<std::string, std::string> hosts;  // name → address
  std::string resolv_conf;
};

/// Makes the folders, and /etc/{hosts,hostname,resolv.conf} of the instance.
Status make_root_files(const RootFiles& files, const NameFiles& names);

/// What the shim does to have it under `folder`/root: overlays, /proc, /sys, /dev, /run.
std::vector<supervise::SetupStep> mount_steps(const RootFiles& files);

/// Whether this kernel lets us mount an overlay over the machine's root, tried in `scratch`. Error:
/// Unsupported with what it said.
Status try_overlay(const std::string& scratch);

}  // namespace tidegate::compute_process
