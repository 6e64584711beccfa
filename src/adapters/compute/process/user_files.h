// An instance's file system without root: in a user namespace the kernel lays no overlay over the
// whole of the machine's root, so each of its top folders gets one, below a small root of the
// instance's own. Nothing is hidden by a mask that the caller could not read anyway, but the home.
// Any one thread.
#pragma once

#include <string>
#include <vector>

#include "adapters/compute/process/form.h"
#include "adapters/compute/process/root_files.h"
#include "base/result.h"
#include "supervise/spec.h"

namespace tidegate::compute_process {

/// Makes or completes `folder`: the instances' root where no layer says otherwise, with empty
/// /root, /home and /tmp, and a place for each top folder of the machine.
Status make_skeleton(const std::string& folder);

struct UserFiles {
  RootFiles files;   // mask: the skeleton
  std::string home;  // TIDEGATE_HOME, which the instance does not see
  Form::Proc proc = Form::Proc::Own;
};

/// Makes the instance's folders and its /etc/{hosts,hostname,resolv.conf}, and says what the shim
/// does to lay it out. Error: Unsupported where an image's layer lies over a folder of the machine
/// that has mounts of its own; of the file system.
Result<std::vector<supervise::SetupStep>> lay_out_as_user(const UserFiles& user,
                                                          const NameFiles& names);

/// Removes everything below and with `folder`, also what its owner made unreadable. Error: what is
/// left.
Status remove_tree(const std::string& folder);

}  // namespace tidegate::compute_process
