#include "adapters/compute/process/root_files.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <thread>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "adapters/compute/process/files.h"
#include "base/file_descriptor.h"
#include "base/text.h"

namespace tidegate::compute_process {
namespace {

using supervise::MakeDevice;
using supervise::MakeDirectory;
using supervise::MakeLink;
using supervise::Mount;

struct OwnFolder {
  const char* path;
  mode_t mode;
};
/// The instance's own, whatever the machine has there.
constexpr std::array<OwnFolder, 14> kOwnFolders{{{"root", 0700},
                                                 {"home", 0755},
                                                 {"tmp", 01777},
                                                 {"var/tmp", 01777},
                                                 {"run", 0755},
                                                 {"proc", 0555},
                                                 {"sys", 0555},
                                                 {"dev", 0755},
                                                 {"mnt", 0755},
                                                 {"media", 0755},
                                                 {"lost+found", 0700},
                                                 {"etc/ssl/private", 0700},
                                                 {"var/lib/tidegate", 0700},
                                                 {"var/spool/cron", 0700}}};
constexpr std::array<const char*, 9> kHiddenFiles{"etc/shadow",
                                                  "etc/shadow-",
                                                  "etc/gshadow",
                                                  "etc/gshadow-",
                                                  "etc/ssh/ssh_host_rsa_key",
                                                  "etc/ssh/ssh_host_ecdsa_key",
                                                  "etc/ssh/ssh_host_ed25519_key",
                                                  "etc/sudoers",
                                                  "etc/krb5.keytab"};
constexpr std::array<const char*, 5> kReadOnlyOfProc{
    "/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus", "/proc/fs"};
constexpr std::array<const char*, 4> kHiddenOfProc{
    "/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/sched_debug"};

/// Folders on the way to `path` below `top` look like the machine's: the topmost layer that has a
/// folder gives its owner and mode.
Status make_parents(const std::string& top, const std::string& path) {
  for (std::size_t slash = path.find('/'); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    const std::string part = path.substr(0, slash);
    const std::string made = top + "/" + part;
    struct stat like{};
    if (::stat(("/" + part).c_str(), &like) != 0) like.st_mode = 0755;
    if (::mkdir(made.c_str(), 0755) != 0) {
      if (errno == EEXIST) continue;
      return failed(made);
    }
    if (::chmod(made.c_str(), like.st_mode & 07777) != 0 ||
        ::chown(made.c_str(), like.st_uid, like.st_gid) != 0) {
      return failed(made);
    }
  }
  return Ok{};
}

/// A folder through which nothing of the layers below shows.
Status make_opaque(const std::string& top, const std::string& path, mode_t mode) {
  TG_RETURN_IF_ERROR(make_parents(top, path));
  const std::string made = top + "/" + path;
  if (::mkdir(made.c_str(), 0755) != 0 && errno != EEXIST) return failed(made);
  if (::chmod(made.c_str(), mode) != 0 ||
      ::setxattr(made.c_str(), "trusted.overlay.opaque", "y", 1, 0) != 0) {
    return failed("covering /" + path);
  }
  return Ok{};
}

/// A device 0,0 is overlay's word for "it is not there".
Status hide_file(const std::string& top, const std::string& path) {
  TG_RETURN_IF_ERROR(make_parents(top, path));
  if (::mknod((top + "/" + path).c_str(), S_IFCHR, 0) == 0 || errno == EEXIST) return Ok{};
  return failed("covering /" + path);
}

bool has_host(const ports::ProcessImage& image) {
  return std::find(image.layers.begin(), image.layers.end(), kHostLayer) != image.layers.end();
}

/// Overlay splits its options at ',' and lower folders at ':'.
std::string escaped(const std::string& path) {
  std::string text;
  for (const char c : path) {
    if (c == ',' || c == ':' || c == '\\') text += '\\';
    text += c;
  }
  return text;
}

/// Topmost first, as overlay has it. The machine's root comes through an overlay of its own:
/// folders below / cannot lie beside / in one overlay.
std::string lower_folders(const RootFiles& files) {
  std::vector<std::string> parts;
  for (auto layer = files.image.layers.rbegin(); layer != files.image.layers.rend(); ++layer) {
    if (*layer == kHostLayer) {
      parts.push_back(escaped(files.mask));
      parts.push_back(escaped(files.folder + "/stage/host"));
    } else {
      parts.push_back(escaped(*layer));
    }
  }
  return join(parts, ":");
}

void add_devices(const std::string& root, std::vector<supervise::SetupStep>& steps) {
  const std::string dev = root + "/dev";
  steps.emplace_back(
      Mount{"tmpfs", "tidegate-dev", dev, "mode=755,size=64k", MS_NOSUID | MS_NOEXEC});
  struct Device {
    const char* name;
    std::uint32_t major, minor;
  };
  for (const Device& device : {Device{"null", 1, 3},
                               Device{"zero", 1, 5},
                               Device{"full", 1, 7},
                               Device{"random", 1, 8},
                               Device{"urandom", 1, 9},
                               Device{"tty", 5, 0}}) {
    steps.emplace_back(MakeDevice{dev + "/" + device.name, 0666, device.major, device.minor});
  }
  steps.emplace_back(MakeLink{"/proc/self/fd", dev + "/fd"});
  steps.emplace_back(MakeLink{"/proc/self/fd/0", dev + "/stdin"});
  steps.emplace_back(MakeLink{"/proc/self/fd/1", dev + "/stdout"});
  steps.emplace_back(MakeLink{"/proc/self/fd/2", dev + "/stderr"});
  steps.emplace_back(MakeLink{"pts/ptmx", dev + "/ptmx"});
  steps.emplace_back(MakeDirectory{dev + "/pts", 0755});
  steps.emplace_back(Mount{"devpts",
                           "devpts",
                           dev + "/pts",
                           "newinstance,ptmxmode=0666,mode=0620",
                           MS_NOSUID | MS_NOEXEC});
  steps.emplace_back(MakeDirectory{dev + "/shm", 01777});
  steps.emplace_back(
      Mount{"tmpfs", "tidegate-shm", dev + "/shm", "mode=1777", MS_NOSUID | MS_NODEV});
}

void add_proc(const std::string& root, std::vector<supervise::SetupStep>& steps) {
  constexpr std::uint64_t kInert = MS_NOSUID | MS_NODEV | MS_NOEXEC;
  steps.emplace_back(Mount{"proc", "proc", root + "/proc", "", kInert});
  for (const char* path : kReadOnlyOfProc) {
    if (!std::filesystem::exists(path)) continue;
    const std::string target = root + path;
    steps.emplace_back(Mount{"", target, target, "", MS_BIND | MS_RDONLY | kInert});
  }
  for (const char* path : kHiddenOfProc) {
    if (!std::filesystem::exists(path)) continue;
    steps.emplace_back(Mount{"", root + "/dev/null", root + path, "", MS_BIND});
  }
  steps.emplace_back(Mount{"sysfs", "sysfs", root + "/sys", "", kInert | MS_RDONLY});
}

Status mount_trial(const std::string& scratch) {
  const auto refused = [](const char* what) {
    return Error{ErrorCode::Unsupported,
                 "InternalFailure",
                 std::string{what} + ": " + ::strerrordesc_np(errno)};
  };
  if (::unshare(CLONE_NEWNS) != 0) return refused("a mount namespace");
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    return refused("a private mount");
  }
  if (::mount("tmpfs", scratch.c_str(), "tmpfs", 0, nullptr) != 0) return refused("tmpfs");
  const std::string empty = scratch + "/empty";
  const std::string host = scratch + "/host";
  const std::string lower = "lowerdir=" + escaped(empty) + ":/";
  ::mkdir(empty.c_str(), 0755);
  ::mkdir(host.c_str(), 0755);
  if (::mount("overlay", host.c_str(), "overlay", MS_RDONLY, lower.c_str()) != 0) {
    return refused("overlay over /");
  }
  return Ok{};
}

}  // namespace

Status check_layers(const ports::ProcessImage& image) {
  const auto missing = [](const std::string& sentence) {
    return Error{ErrorCode::InvalidArgument, "InvalidAMIID.NotFound", sentence};
  };
  if (image.layers.empty()) return missing("the image has no Layers: name host, or folders");
  for (const std::string& layer : image.layers) {
    if (layer == kHostLayer) continue;
    if (!layer.starts_with('/') || !std::filesystem::is_directory(layer)) {
      return missing("the image's layer '" + layer + "' is no folder: make it, or name 'host'");
    }
  }
  return Ok{};
}

Status make_mask(const std::string& folder, const std::string& home) {
  if (::mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST) return failed(folder);
  ::chmod(folder.c_str(), 0755);  // it is the instances' / as well
  for (const OwnFolder& own : kOwnFolders) {
    TG_RETURN_IF_ERROR(make_opaque(folder, own.path, own.mode));
  }
  for (const char* path : kHiddenFiles) {
    TG_RETURN_IF_ERROR(hide_file(folder, path));
  }
  std::error_code error;
  const std::string real = std::filesystem::canonical(home, error).string();
  if (error || real.size() < 2) return failed(home);
  const bool covered =
      std::any_of(kOwnFolders.begin(), kOwnFolders.end(), [&](const OwnFolder& own) {
        return real.starts_with("/" + std::string{own.path} + "/");
      });
  return covered ? Status{Ok{}} : make_opaque(folder, real.substr(1), 0700);
}

Status make_root_files(const RootFiles& files, const NameFiles& names) {
  const std::string upper = files.folder + "/upper";
  for (const char* name : {"upper", "work", "root", "stage", "run"}) {
    const std::string made = files.folder + "/" + name;
    if (::mkdir(made.c_str(), 0755) != 0 && errno != EEXIST) return failed(made);
  }
  TG_RETURN_IF_ERROR(make_parents(upper, "etc/hosts"));
  if (!has_host(files.image)) {
    for (const char* name : {"proc", "sys", "dev", "run", "tmp"}) {
      if (::mkdir((upper + "/" + name).c_str(), 0755) != 0 && errno != EEXIST) return failed(upper);
    }
    ::chmod((upper + "/tmp").c_str(), 01777);
  }
  std::string hosts = "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n" +
                      names.address + " " + names.host_name + "\n";
  for (const auto& [name, address] : names.hosts) {
    hosts += address + " " + name + "\n";
  }
  TG_RETURN_IF_ERROR(write_file(upper + "/etc/hosts", hosts));
  TG_RETURN_IF_ERROR(write_file(upper + "/etc/hostname", names.host_name + "\n"));
  return write_file(upper + "/etc/resolv.conf", names.resolv_conf);
}

std::vector<supervise::SetupStep> mount_steps(const RootFiles& files) {
  const std::string stage = files.folder + "/stage";
  const std::string root = files.folder + "/root";
  std::vector<supervise::SetupStep> steps;
  if (has_host(files.image)) {
    steps.emplace_back(Mount{"tmpfs", "tidegate-stage", stage, "mode=755", 0});
    steps.emplace_back(MakeDirectory{stage + "/empty", 0755});
    steps.emplace_back(MakeDirectory{stage + "/host", 0755});
    steps.emplace_back(Mount{"overlay",
                             "host",
                             stage + "/host",
                             "lowerdir=" + escaped(stage + "/empty") + ":/",
                             MS_RDONLY});
  }
  steps.emplace_back(Mount{"overlay",
                           "tidegate",
                           root,
                           "lowerdir=" + lower_folders(files) +
                               ",upperdir=" + escaped(files.folder + "/upper") +
                               ",workdir=" + escaped(files.folder + "/work"),
                           MS_NODEV});
  add_devices(root, steps);
  add_proc(root, steps);
  steps.emplace_back(
      Mount{"tmpfs", "tidegate-run", root + "/run", "mode=755", MS_NOSUID | MS_NODEV});
  steps.emplace_back(MakeDirectory{root + "/run/lock", 01777});
  steps.emplace_back(MakeDirectory{root + "/run/tidegate", 0755});
  steps.emplace_back(Mount{"", files.folder + "/run", root + "/run/tidegate", "", MS_BIND});
  return steps;
}

Status try_overlay(const std::string& scratch) {
  Status outcome = Ok{};
  // A thread may have a mount namespace of its own; it takes it along when it ends.
  std::thread trial{[&scratch, &outcome] { outcome = mount_trial(scratch); }};
  trial.join();
  return outcome;
}

}  // namespace tidegate::compute_process
