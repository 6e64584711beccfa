#include "apps/tidegate/serve/home.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

namespace tidegate::apps {
namespace {

constexpr std::string_view kKeyLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";  // 32
constexpr std::string_view kSecretLetters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";  // 64
constexpr std::size_t kKeyRandom = 16, kSecretLength = 40, kIdBytes = 3;

/// n letters from the kernel's random source; letters.size() divides 256.
std::string random_text(std::size_t n, std::string_view letters) {
  std::string text(n, '\0');
  TG_CHECK(getrandom(text.data(), n, 0) == static_cast<ssize_t>(n));
  for (char& c : text) {
    c = letters[static_cast<unsigned char>(c) % letters.size()];
  }
  return text;
}

Error file_error(const std::string& what, const std::string& file) {
  const int reason = errno;
  const bool denied = reason == EACCES || reason == EPERM || reason == EROFS;
  return Error{denied ? ErrorCode::PermissionDenied : ErrorCode::ResourceExhausted,
               "HomeNotUsable",
               "cannot " + what + " " + file + ": " + std::strerror(reason)};
}

Error corrupt(const std::string& file) {
  return Error{ErrorCode::Corrupt,
               "CorruptHome",
               "the file " + file +
                   " is not what Tidegate wrote there; restore it from a backup, "
                   "or remove the home to start anew"};
}

Result<std::string> read_text(const std::string& file) {
  std::ifstream in{file};
  if (!in) {
    return file_error("read", file);
  }
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

Status make_folder(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path{path}.parent_path(), error);
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return file_error("make the home", path);
  }
  struct stat status{};
  if (stat(path.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) {
    return Error{ErrorCode::InvalidArgument, "HomeNotUsable", path + " is not a folder"};
  }
  if (status.st_uid != geteuid()) {
    return Error{ErrorCode::PermissionDenied,
                 "HomeNotUsable",
                 "the home " + path + " belongs to another user (uid " +
                     std::to_string(status.st_uid) + "); set TIDEGATE_HOME to one of your own"};
  }
  if ((status.st_mode & 0777) != 0700 && chmod(path.c_str(), 0700) != 0) {
    return file_error("make private", path);
  }
  return Ok{};
}

std::string id_file(const std::string& home) {
  return home + "/home-id";
}

Result<std::string> open_id(const std::string& home) {
  if (!std::filesystem::exists(id_file(home))) {
    const std::string id = random_text(kIdBytes * 2, "0123456789abcdef");
    TG_RETURN_IF_ERROR(write_file_atomically(id_file(home), id + "\n"));
    return id;
  }
  return read_home_id(home);
}

Result<RootKey> open_root_key(const std::string& home) {
  if (!std::filesystem::exists(root_key_file(home))) {
    const RootKey key{"AKIA" + random_text(kKeyRandom, kKeyLetters),
                      random_text(kSecretLength, kSecretLetters)};
    TG_RETURN_IF_ERROR(write_file_atomically(
        root_key_file(home), key.access_key_id + "\n" + key.secret_access_key + "\n"));
    return key;
  }
  return read_root_key(home);
}

}  // namespace

std::string root_key_file(const std::string& home) {
  return home + "/root-key";
}
std::string pid_file(const std::string& home) {
  return home + "/serve.pid";
}
std::string supervisor_pid_file(const std::string& home) {
  return home + "/supervisor.pid";
}
std::string serve_log_file(const std::string& home) {
  return home + "/serve.log";
}
std::string clock_mark_file(const std::string& home) {
  return home + "/clock";
}
std::string ledger_file(const std::string& home) {
  return home + "/ledger.jsonl";
}
std::string state_file(const std::string& home) {
  return home + "/state.db";
}

Status write_file_atomically(const std::string& file, const std::string& text) {
  const std::string fresh = file + ".new";
  const int fd = open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) {
    return file_error("write", fresh);
  }
  const bool written =
      write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && fsync(fd) == 0;
  close(fd);
  if (!written || rename(fresh.c_str(), file.c_str()) != 0) {
    const Error error = file_error("write", file);
    unlink(fresh.c_str());
    return error;
  }
  return Ok{};
}

Result<RootKey> read_root_key(const std::string& home) {
  const std::string file = root_key_file(home);
  if (access(file.c_str(), F_OK) != 0) {
    return Error{ErrorCode::NotFound,
                 "NoHome",
                 "there is no control plane in " + home + "; tidegate serve --detach starts one"};
  }
  TG_ASSIGN_OR_RETURN(const std::string text, read_text(file));
  const auto lines = split(text, '\n');
  if (lines.size() < 2 || lines[0].size() != 4 + kKeyRandom || lines[1].size() != kSecretLength) {
    return corrupt(file);
  }
  return RootKey{lines[0], lines[1]};
}

Result<std::string> read_home_id(const std::string& home) {
  const std::string file = id_file(home);
  if (access(file.c_str(), F_OK) != 0) {
    return Error{ErrorCode::NotFound, "NoHome", "there is no control plane in " + home};
  }
  TG_ASSIGN_OR_RETURN(const std::string text, read_text(file));
  const std::string id{trim(text)};
  if (id.size() != kIdBytes * 2 || id.find_first_not_of("0123456789abcdef") != std::string::npos) {
    return corrupt(file);
  }
  return id;
}

Result<Home> open_home(const std::string& path) {
  TG_RETURN_IF_ERROR(make_folder(path));
  Home home;
  home.path = path;
  TG_ASSIGN_OR_RETURN(home.id, open_id(path));
  TG_ASSIGN_OR_RETURN(home.root_key, open_root_key(path));
  return home;
}

}  // namespace tidegate::apps
