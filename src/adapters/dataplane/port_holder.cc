// Who listens on a port: the socket's inode from /proc/net, the process that has it open from
// /proc/PID/fd.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "adapters/dataplane/listeners.h"
#include "base/text.h"

namespace tidegate::dataplane {
namespace {

constexpr const char* kListenState = "0A";  // TCP_LISTEN as /proc/net/tcp prints it

/// Inode of a listening socket on that port, or empty.
std::string listening_inode(const char* table, std::uint16_t port) {
  char wanted[8];
  std::snprintf(wanted, sizeof wanted, ":%04X", port);
  std::ifstream file(table);
  std::string line;
  std::getline(file, line);  // the heading
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    std::string slot;
    std::string local;
    std::string remote;
    std::string state;
    std::string skip;
    std::string inode;
    fields >> slot >> local >> remote >> state;
    for (int i = 0; i < 5; ++i) {  // queues, timer, retransmits, uid, timeout
      fields >> skip;
    }
    fields >> inode;
    if (state == kListenState && local.ends_with(wanted)) {
      return inode;
    }
  }
  return {};
}

bool has_socket(const std::filesystem::path& process, const std::string& inode) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(process / "fd", error)) {
    const auto target = std::filesystem::read_symlink(entry.path(), error);
    if (!error && target == "socket:[" + inode + "]") {
      return true;
    }
  }
  return false;
}

}  // namespace

std::string port_holder(std::uint16_t port) {
  std::string inode = listening_inode("/proc/net/tcp", port);
  if (inode.empty()) {
    inode = listening_inode("/proc/net/tcp6", port);
  }
  if (inode.empty()) {
    return {};
  }
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    const std::string pid = entry.path().filename().string();
    if (!parse_int(pid) || !has_socket(entry.path(), inode)) {
      continue;
    }
    std::string name;
    std::ifstream{entry.path() / "comm"} >> name;
    return name + " (pid " + pid + ")";
  }
  return {};
}

}  // namespace tidegate::dataplane
