#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "apps/shim/shim.h"

namespace tidegate::shim {
namespace {

constexpr int kLastCapability = 63;

void join_cgroups(const Spec& spec, int report_fd) {
  for (unsigned i = 0; i < spec.cgroup_count; ++i) {
    const int fd = open(spec.cgroups[i], O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, "0", 1) != 1) fail_setup(report_fd, "join cgroup", spec.cgroups[i]);
    close(fd);
  }
}

const char* after(const char* text) {
  return text + strlen(text) + 1;
}

void do_mount(const char* payload, int report_fd) {
  const uint64_t flags = number_at(payload);
  const char* type = payload + sizeof(MountRecord);
  const char* source = after(type);
  const char* target = after(source);
  const char* options = after(target);
  const unsigned long plain = static_cast<unsigned long>(flags);
  if (mount(source, target, type, plain, options[0] == 0 ? nullptr : options) != 0) {
    fail_setup(report_fd, "mount", target);
  }
  const bool bound_read_only = (flags & MS_BIND) != 0 && (flags & MS_RDONLY) != 0;
  if (bound_read_only && mount(nullptr, target, nullptr, plain | MS_REMOUNT, nullptr) != 0) {
    fail_setup(report_fd, "make read-only", target);
  }
}

void make_directory(const char* payload, int report_fd) {
  const char* path = payload + sizeof(Number);
  if (mkdir(path, static_cast<mode_t>(number_at(payload))) != 0 && errno != EEXIST) {
    fail_setup(report_fd, "make folder", path);
  }
}

void make_link(const char* payload, int report_fd) {
  const char* target = payload + sizeof(Number);
  const char* path = after(target);
  if (symlink(target, path) != 0 && errno != EEXIST) fail_setup(report_fd, "make link", path);
}

void make_device(const char* payload, int report_fd) {
  const uint64_t number = number_at(payload + sizeof(Number));
  const char* path = payload + sizeof(Numbers);
  const mode_t mode = static_cast<mode_t>(number_at(payload));
  const dev_t device =
      makedev(static_cast<unsigned>(number >> 8), static_cast<unsigned>(number & 255));
  if (mknod(path, S_IFCHR | mode, device) != 0 || chmod(path, mode) != 0) {
    fail_setup(report_fd, "make device", path);
  }
}

void go_through_steps(const Spec& spec, int report_fd) {
  Record record;
  const char* payload = nullptr;
  for (const char* at = spec.first_step;
       const char* next = next_record(at, spec.end, record, payload);
       at = next) {
    const Tag tag = static_cast<Tag>(record.tag);
    if (tag == Tag::Mount) do_mount(payload, report_fd);
    if (tag == Tag::MakeDirectory) make_directory(payload, report_fd);
    if (tag == Tag::MakeLink) make_link(payload, report_fd);
    if (tag == Tag::MakeDevice) make_device(payload, report_fd);
  }
}

void enter_root(const char* root, int report_fd) {
  // pivot_root(".", ".") stacks the old root on the new one, where it can be taken off.
  if (chdir(root) != 0 || syscall(SYS_pivot_root, ".", ".") != 0 || umount2(".", MNT_DETACH) != 0 ||
      chdir("/") != 0) {
    fail_setup(report_fd, "enter root", root);
  }
}

struct CapabilityHeader {
  uint32_t version;
  int pid;
};
struct CapabilityData {
  uint32_t effective, permitted, inheritable;
};

/// Before the user changes: with the uid goes CAP_SETPCAP, which this needs.
void bound_capabilities(uint64_t keep, int report_fd) {
  for (int capability = 0; capability <= kLastCapability; ++capability) {
    if ((keep >> capability & 1) != 0) continue;
    if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0 && errno != EINVAL) {
      fail_setup(report_fd, "drop", "capabilities");
    }
  }
}

void keep_capabilities(uint64_t keep, int report_fd) {
  CapabilityHeader header = {0x20080522, 0};
  CapabilityData data[2] = {};
  if (syscall(SYS_capget, &header, data) != 0) fail_setup(report_fd, "read", "capabilities");
  for (int half = 0; half < 2; ++half) {
    const uint32_t mask = static_cast<uint32_t>(keep >> (32 * half));
    data[half].permitted &= mask;
    data[half].effective = data[half].permitted;
    data[half].inheritable = 0;
  }
  if (syscall(SYS_capset, &header, data) != 0) fail_setup(report_fd, "set", "capabilities");
}

}  // namespace

namespace {

void write_own(const char* file, const char* text, int report_fd) {
  const int fd = open(file, O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write(fd, text, strlen(text)) != static_cast<ssize_t>(strlen(text))) {
    fail_setup(report_fd, "map the user in", file);
  }
  close(fd);
}

}  // namespace

void map_user(const Shim& shim, int report_fd) {
  if ((shim.spec.namespaces & CLONE_NEWUSER) == 0) return;
  char line[64];
  write_own("/proc/self/setgroups", "deny", report_fd);  // before a group may be mapped without it
  snprintf(line, sizeof line, "%u %u 1", shim.uid, shim.uid);
  write_own("/proc/self/uid_map", line, report_fd);
  snprintf(line, sizeof line, "%u %u 1", shim.gid, shim.gid);
  write_own("/proc/self/gid_map", line, report_fd);
}

void set_up_child(const Shim& shim, int report_fd) {
  const Spec& spec = shim.spec;
  join_cgroups(spec, report_fd);
  if (spec.host_name != nullptr && sethostname(spec.host_name, strlen(spec.host_name)) != 0) {
    fail_setup(report_fd, "set host name", spec.host_name);
  }
  if ((spec.namespaces & CLONE_NEWNS) != 0 &&
      mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    fail_setup(report_fd, "make private", "/");
  }
  const mode_t before = umask(0);
  go_through_steps(spec, report_fd);
  umask(before);
  if (spec.root != nullptr) enter_root(spec.root, report_fd);
}

void drop_privileges(const Shim& shim, int report_fd) {
  const Spec& spec = shim.spec;
  if (spec.limits_capabilities) bound_capabilities(spec.capabilities, report_fd);
  if (spec.uid != 0 &&
      (setgroups(0, nullptr) != 0 || setresgid(spec.gid, spec.gid, spec.gid) != 0 ||
       setresuid(spec.uid, spec.uid, spec.uid) != 0)) {
    fail_setup(report_fd, "become", "the user");
  }
  if (spec.limits_capabilities) keep_capabilities(spec.capabilities, report_fd);
  if (spec.no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    fail_setup(report_fd, "set", "no_new_privs");
  }
}

}  // namespace tidegate::shim
