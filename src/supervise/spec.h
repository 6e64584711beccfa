// What a shim is to run, and how: values, and their encoding for the wire of base/shim_wire.h.
// Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/shim_wire.h"

namespace tidegate::supervise {

struct Mount {
  std::string type, source, target, options;
  std::uint64_t flags = 0;  // MS_*
  bool operator==(const Mount&) const = default;
};
struct MakeDirectory {
  std::string path;
  std::uint32_t mode = 0755;
  bool operator==(const MakeDirectory&) const = default;
};
struct MakeLink {
  std::string target, path;
  bool operator==(const MakeLink&) const = default;
};
struct MakeDevice {
  std::string path;
  std::uint32_t mode = 0666;
  std::uint32_t major = 0, minor = 0;
  bool operator==(const MakeDevice&) const = default;
};
/// Done by the child in its new mount namespace, in order, before it enters `root`.
using SetupStep = std::variant<Mount, MakeDirectory, MakeLink, MakeDevice>;

struct User {
  std::uint32_t uid = 0, gid = 0;
  bool operator==(const User&) const = default;
};

/// A descriptor that stays the caller's; the shim gets a copy.
struct HeldDescriptor {
  std::string name;  // 1..31 bytes without ':', ',', '='
  int fd = -1;
};

struct ShimSpec {
  std::string id;                      // the shim's only argument
  std::string folder;                  // absolute, exists; the shim's files live there
  std::vector<std::string> arguments;  // of the program; the first is its path. With `init`, none:
                                       // an instance that just runs
  std::vector<std::string> environment;  // NAME=value, complete
  std::string working_directory = "/";
  std::optional<User> user;
  std::optional<std::uint64_t> open_files;
  std::vector<std::string> cgroups;      // cgroup.procs files to join
  std::uint64_t namespaces = 0;          // CLONE_NEW* of the child
  std::optional<int> network_namespace;  // entered by the shim itself, and so kept alive
  std::optional<std::string> host_name;
  std::vector<SetupStep> steps;
  std::optional<std::string> root;
  std::optional<std::uint64_t> capabilities;  // bits that stay
  enum class NewPrivileges { Allowed, Denied } new_privileges = NewPrivileges::Allowed;
  enum class Init { None, Pid1 } init = Init::None;
  shim::RestartPolicy restart;
  std::uint64_t console_bytes = 1 << 20;  // at which console.log is rotated; one older file stays
  int stop_signal = 15;
  std::vector<HeldDescriptor> held;  // for the child, at each of its starts (TIDEGATE_FDS)
  std::vector<int> keep;             // for the shim alone: locks
};

/// The wire form. `first_fd` is the number at which the shim finds the first descriptor it is
/// passed; they follow in the order of descriptors_of().
std::string encode(const ShimSpec& spec, int first_fd, int report_fd);
/// network namespace, held, keep.
std::vector<int> descriptors_of(const ShimSpec& spec);

}  // namespace tidegate::supervise
