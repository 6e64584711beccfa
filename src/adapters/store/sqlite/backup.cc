#include "adapters/store/sqlite/backup.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace tidegate::store_sqlite {
namespace {

namespace fs = std::filesystem;

bool same_bytes(const fs::path& a, const fs::path& b) {
  std::error_code error;
  const bool has_a = fs::exists(a, error);
  if (has_a != fs::exists(b, error)) {
    return false;
  }
  if (!has_a) {
    return true;
  }
  if (fs::file_size(a, error) != fs::file_size(b, error)) {
    return false;
  }
  std::ifstream first{a, std::ios::binary};
  std::ifstream second{b, std::ios::binary};
  using Bytes = std::istreambuf_iterator<char>;
  return first && second && std::equal(Bytes{first}, Bytes{}, Bytes{second}, Bytes{});
}

Status copy(const fs::path& from, const fs::path& to) {
  std::error_code error;
  if (!fs::exists(from, error)) {
    return Ok{};
  }
  fs::copy_file(from, to, error);
  if (!error) {
    return Ok{};
  }
  const ErrorCode code = error == std::errc::no_space_on_device ? ErrorCode::ResourceExhausted
                                                                : ErrorCode::Unavailable;
  std::error_code ignored;
  fs::remove(to, ignored);
  return Error{code, "Backup", "cannot copy to " + to.string() + ": " + error.message()};
}

}  // namespace

Result<std::string> back_up(const std::string& path) {
  for (int n = 1; n <= kMaxBackups; ++n) {
    const std::string name = path + ".corrupt-" + std::to_string(n);
    std::error_code error;
    if (fs::exists(name, error)) {
      if (same_bytes(path, name) && same_bytes(path + "-wal", name + "-wal")) {
        return name;
      }
      continue;
    }
    TG_RETURN_IF_ERROR(copy(path, name));
    TG_RETURN_IF_ERROR(copy(path + "-wal", name + "-wal"));
    return name;
  }
  return Error{ErrorCode::ResourceExhausted,
               "Backup",
               "there are " + std::to_string(kMaxBackups) + " copies " + path +
                   ".corrupt-… already: remove those you do not need"};
}

}  // namespace tidegate::store_sqlite
