// The home folder of a control plane: made 0700 at the first start, with the root key (0600) and an
// id that marks everything outside of the folder that is this home's (veths, cgroups, nft tables).
#pragma once

#include <string>

#include "base/result.h"

namespace tidegate::apps {

struct RootKey {
  std::string access_key_id;      // "AKIA" and 16 of A-Z2-7
  std::string secret_access_key;  // 40 characters
  bool operator==(const RootKey&) const = default;
};

struct Home {
  std::string path;
  std::string id;  // 6 hex digits
  RootKey root_key;
};

/// Where things are below a home.
std::string root_key_file(const std::string& home);
std::string pid_file(const std::string& home);
std::string supervisor_pid_file(const std::string& home);
std::string serve_log_file(const std::string& home);
std::string clock_mark_file(const std::string& home);
std::string ledger_file(const std::string& home);
std::string state_file(const std::string& home);

/// Makes what is missing and reads the rest. Errors: PermissionDenied (not ours to write, or others
/// may read it), Corrupt (naming the file).
Result<Home> open_home(const std::string& path);

/// The key alone, for clients; nothing is made. Errors: NotFound (no control plane was ever started
/// with this home), PermissionDenied, Corrupt.
Result<RootKey> read_root_key(const std::string& home);
/// The home's id alone, for what looks at a home that no control plane runs in. Error: NotFound.
Result<std::string> read_home_id(const std::string& home);

/// Writes `text` so that the file is either as before or complete. Error: ResourceExhausted,
/// PermissionDenied.
Status write_file_atomically(const std::string& file, const std::string& text);

}  // namespace tidegate::apps
