#include "adapters/compute/process/user_files.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "adapters/compute/process/files.h"
#include "base/file_descriptor.h"
#include "base/text.h"
#include "supervise/files.h"

namespace tidegate::compute_process {
namespace {

namespace fs = std::filesystem;
using supervise::MakeDirectory;
using supervise::Mount;
using supervise::SetupStep;

/// The instance's own, or made by mounts: never the machine's.
constexpr std::array<std::string_view, 11> kOwnTops{
    "dev", "home", "lost+found", "media", "mnt", "proc", "root", "run", "sys", "tmp", "boot"};

Status make_folder(const std::string& path, mode_t mode) {
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) return failed(path);
  return ::chmod(path.c_str(), mode) == 0 ? Status{Ok{}} : Status{failed(path)};
}

/// Folders of the machine's root that an instance sees, and links there (bin → usr/bin).
std::vector<fs::directory_entry> machine_tops() {
  std::vector<fs::directory_entry> tops;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator("/", error)) {
    const std::string name = entry.path().filename();
    const bool own = std::find(kOwnTops.begin(), kOwnTops.end(), name) != kOwnTops.end();
    if (!own && (entry.is_symlink(error) || entry.is_directory(error))) tops.push_back(entry);
  }
  std::sort(tops.begin(), tops.end());
  return tops;
}

/// The kernel lets a user lay nothing over a folder with mounts below it: they would be uncovered.
bool has_mounts_below(const std::string& folder) {
  const Result<std::string> mounts = supervise::read_small_file("/proc/self/mountinfo");
  if (!mounts) return true;
  for (const std::string& line : split(*mounts, '\n')) {
    const std::vector<std::string> words = split(line, ' ');
    if (words.size() > 4 && words[4].starts_with(folder + "/")) return true;
  }
  return false;
}

bool is_host(const std::string& layer) {
  return layer == kHostLayer;
}

bool has_host(const ports::ProcessImage& image) {
  return std::any_of(image.layers.begin(), image.layers.end(), is_host);
}

std::string escaped(const std::string& path) {
  std::string text;
  for (const char c : path) {
    if (c == ',' || c == ':' || c == '\\') text += '\\';
    text += c;
  }
  return text;
}

Mount overlay(const std::vector<std::string>& lower,
              const std::string& own,
              const std::string& at) {
  std::vector<std::string> parts;
  for (const std::string& one : lower) {
    parts.push_back(escaped(one));
  }
  return Mount{"overlay",
               "tidegate",
               at,
               "userxattr,lowerdir=" + join(parts, ":") + ",upperdir=" + escaped(own + "/upper") +
                   ",workdir=" + escaped(own + "/work"),
               MS_NODEV | MS_NOSUID};
}

/// `folder`/NAME with the two that an overlay needs.
Result<std::string> own_folder(const std::string& folder, const std::string& name) {
  const std::string made = folder + "/" + name;
  TG_RETURN_IF_ERROR(make_folder(made, 0755));
  TG_RETURN_IF_ERROR(make_folder(made + "/upper", 0755));
  TG_RETURN_IF_ERROR(make_folder(made + "/work", 0755));
  return made;
}

class LayOut {
 public:
  explicit LayOut(const UserFiles& user)
      : user_(user),
        root_(user.files.folder + "/root"),
        layers_(user.files.image.layers.rbegin(), user.files.image.layers.rend()) {}

  Status add_root() {
    std::vector<std::string> lower;
    for (const std::string& layer : layers_) {
      lower.push_back(is_host(layer) ? user_.files.mask : layer);
    }
    if (!has_host(user_.files.image)) lower.push_back(user_.files.mask);  // where to mount on
    TG_ASSIGN_OR_RETURN(const std::string own, own_folder(user_.files.folder, "overlay"));
    steps_.emplace_back(overlay(lower, own, root_));
    return Ok{};
  }

  Status add_top(const std::string& top) {
    std::vector<std::string> lower;
    for (const std::string& layer : layers_) {
      const std::string part = (is_host(layer) ? "" : layer) + top;
      if (is_host(layer) || fs::is_directory(part)) lower.push_back(part);
    }
    std::error_code ignored;
    const bool holds_home =
        fs::canonical(user_.files.folder, ignored).string().starts_with(top + "/");
    if (holds_home || has_mounts_below(top)) {
      if (lower.size() > 1) {
        return Error{ErrorCode::Unsupported,
                     "InvalidAMIID.Unavailable",
                     "the image has a layer over " + top + ", which has " +
                         (holds_home ? "TIDEGATE_HOME in it" : "mounts of its own") +
                         ": without root nothing can be laid over it"};
      }
      steps_.emplace_back(Mount{"", top, root_ + top, "", MS_BIND | MS_REC});
      return Ok{};
    }
    TG_ASSIGN_OR_RETURN(const std::string own,
                        own_folder(user_.files.folder + "/tops", top.substr(1)));
    steps_.emplace_back(overlay(lower, own, root_ + top));
    return Ok{};
  }

  void add_machine() {
    steps_.emplace_back(Mount{"", "/dev", root_ + "/dev", "", MS_BIND | MS_REC});
    if (fs::exists("/dev/shm")) {
      steps_.emplace_back(
          Mount{"tmpfs", "tidegate-shm", root_ + "/dev/shm", "mode=1777", MS_NOSUID | MS_NODEV});
    }
    if (user_.proc == Form::Proc::Own) {
      steps_.emplace_back(
          Mount{"proc", "proc", root_ + "/proc", "", MS_NOSUID | MS_NODEV | MS_NOEXEC});
    } else {
      steps_.emplace_back(Mount{"", "/proc", root_ + "/proc", "", MS_BIND | MS_REC});
    }
    steps_.emplace_back(Mount{"", "/sys", root_ + "/sys", "", MS_BIND | MS_REC});
    steps_.emplace_back(
        Mount{"tmpfs", "tidegate-run", root_ + "/run", "mode=755", MS_NOSUID | MS_NODEV});
    steps_.emplace_back(MakeDirectory{root_ + "/run/lock", 01777});
    steps_.emplace_back(MakeDirectory{root_ + "/run/tidegate", 0755});
    steps_.emplace_back(
        Mount{"", user_.files.folder + "/run", root_ + "/run/tidegate", "", MS_BIND});
  }

  /// Where the home is below a folder of the machine that the instance sees.
  void hide_home() {
    std::error_code error;
    const std::string home = fs::canonical(user_.home, error).string();
    const std::string top = home.substr(1, home.find('/', 1) - 1);
    const bool own = std::find(kOwnTops.begin(), kOwnTops.end(), top) != kOwnTops.end();
    if (error || own || !has_host(user_.files.image)) return;
    steps_.emplace_back(
        Mount{"tmpfs", "tidegate-hidden", root_ + home, "mode=500,size=4k", MS_NOSUID | MS_NODEV});
  }

  std::vector<SetupStep> finish() && { return std::move(steps_); }

 private:
  const UserFiles& user_;
  std::string root_;
  std::vector<std::string> layers_;  // topmost first
  std::vector<SetupStep> steps_;
};

Status write_names(const std::string& etc, const NameFiles& names) {
  const Result<std::string> machines = supervise::read_small_file("/etc/hosts");
  std::string hosts = machines ? *machines : "127.0.0.1 localhost\n";
  if (!hosts.ends_with('\n')) hosts += '\n';
  hosts += names.address + " " + names.host_name + "\n";
  for (const auto& [name, address] : names.hosts) {
    hosts += address + " " + name + "\n";
  }
  TG_RETURN_IF_ERROR(write_file(etc + "/hosts", hosts));
  TG_RETURN_IF_ERROR(write_file(etc + "/hostname", names.host_name + "\n"));
  return write_file(etc + "/resolv.conf", names.resolv_conf);
}

}  // namespace

Status make_skeleton(const std::string& folder) {
  TG_RETURN_IF_ERROR(make_folder(folder, 0755));
  for (const std::string_view name : kOwnTops) {
    const mode_t mode = name == "tmp" ? 01777 : name == "root" ? 0700 : 0755;
    TG_RETURN_IF_ERROR(make_folder(folder + "/" + std::string{name}, mode));
  }
  for (const fs::directory_entry& top : machine_tops()) {
    const std::string made = folder + "/" + top.path().filename().string();
    std::error_code error;
    if (!top.is_symlink(error)) {
      TG_RETURN_IF_ERROR(make_folder(made, 0755));
    } else if (!fs::exists(fs::symlink_status(made, error))) {
      fs::copy_symlink(top.path(), made, error);
      if (error)
        return Error{ErrorCode::Internal, "InternalFailure", made + ": " + error.message()};
    }
  }
  return Ok{};
}

Result<std::vector<SetupStep>> lay_out_as_user(const UserFiles& user, const NameFiles& names) {
  for (const char* name : {"root", "run", "tops"}) {
    TG_RETURN_IF_ERROR(make_folder(user.files.folder + "/" + name, 0755));
  }
  LayOut out{user};
  TG_RETURN_IF_ERROR(out.add_root());
  std::string etc = user.files.folder + "/overlay/upper/etc";
  if (has_host(user.files.image)) {
    for (const fs::directory_entry& top : machine_tops()) {
      std::error_code error;
      if (!top.is_symlink(error)) TG_RETURN_IF_ERROR(out.add_top(top.path().string()));
    }
    etc = user.files.folder + "/tops/etc/upper";
  }
  if (fs::exists(etc) || !has_host(user.files.image)) {
    TG_RETURN_IF_ERROR(make_folder(etc, 0755));
    TG_RETURN_IF_ERROR(write_names(etc, names));
  }
  out.add_machine();
  out.hide_home();
  return std::move(out).finish();
}

Status remove_tree(const std::string& folder) {
  std::error_code error;
  fs::remove_all(folder, error);
  if (!error) return Ok{};
  // Overlay leaves folders without any right, and so may the application.
  ::chmod(folder.c_str(), 0700);
  for (auto at = fs::recursive_directory_iterator(
           folder, fs::directory_options::skip_permission_denied, error);
       !error && at != fs::recursive_directory_iterator{};
       at.increment(error)) {
    std::error_code ignored;
    if (at->is_directory(ignored) && !at->is_symlink(ignored)) {
      ::chmod(at->path().c_str(), 0700);
    }
  }
  fs::remove_all(folder, error);
  if (!error) return Ok{};
  return Error{ErrorCode::Internal, "InternalFailure", folder + ": " + error.message()};
}

}  // namespace tidegate::compute_process
