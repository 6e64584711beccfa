#include "supervise/console.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>

#include "base/file_descriptor.h"
#include "base/shim_wire.h"
#include "base/text.h"

namespace tidegate::supervise {
namespace {

constexpr int kTries = 5;  // a rotation between two of our looks; they are rare

struct Part {
  FileDescriptor file;
  std::uint64_t base = 0, size = 0;
  ino_t inode = 0;
};

std::optional<Part> open_part(const std::string& path, std::uint64_t base) {
  Part part;
  part.file = FileDescriptor{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
  struct stat about{};
  if (!part.file || ::fstat(part.file.get(), &about) != 0) return std::nullopt;
  part.base = base;
  part.size = static_cast<std::uint64_t>(about.st_size);
  part.inode = about.st_ino;
  return part;
}

/// Base of the rotated file; absent when there is none.
std::optional<std::uint64_t> rotated_base(const std::string& folder) {
  std::optional<std::uint64_t> newest;
  const std::string prefix = std::string{shim::kConsoleFile} + ".";
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename();
    if (!name.starts_with(prefix)) continue;
    const std::optional<std::int64_t> base = parse_int(name.substr(prefix.size()));
    if (!base || *base < 0) continue;
    newest = std::max(newest.value_or(0), static_cast<std::uint64_t>(*base));
  }
  return newest;
}

/// The rotated file and the current one, oldest first; empty when a rotation came between.
std::vector<Part> open_parts(const std::string& folder) {
  std::vector<Part> parts;
  const std::string path = folder + "/" + shim::kConsoleFile;
  const std::optional<std::uint64_t> base = rotated_base(folder);
  std::uint64_t end = 0;
  if (base) {
    std::optional<Part> older = open_part(path + "." + std::to_string(*base), *base);
    if (!older) return {};
    end = *base + older->size;
    parts.push_back(std::move(*older));
  }
  std::optional<Part> current = open_part(path, end);
  if (!current || rotated_base(folder) != base) return {};
  parts.push_back(std::move(*current));
  return parts;
}

void append(const Part& part, std::uint64_t from, std::size_t room, std::string& text) {
  if (from >= part.base + part.size || room == 0) return;
  const std::uint64_t skip = from > part.base ? from - part.base : 0;
  std::string bytes(std::min<std::uint64_t>(room, part.size - skip), '\0');
  const ssize_t got =
      ::pread(part.file.get(), bytes.data(), bytes.size(), static_cast<off_t>(skip));
  bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  text += bytes;
}

}  // namespace

Result<ConsoleText> read_console(const std::string& folder,
                                 std::optional<std::uint64_t> offset,
                                 std::size_t max_bytes) {
  std::vector<Part> parts;
  for (int i = 0; i < kTries && parts.empty(); ++i) {
    parts = open_parts(folder);
  }
  if (parts.empty()) {
    return Error{ErrorCode::NotFound, "InternalFailure", "no console in " + folder};
  }
  const std::uint64_t end = parts.back().base + parts.back().size;
  const std::uint64_t tail = end > max_bytes ? end - max_bytes : 0;
  const std::uint64_t from = std::clamp(offset.value_or(tail), parts.front().base, end);
  ConsoleText read;
  for (const Part& part : parts) {
    const std::uint64_t at = std::max(from + read.text.size(), part.base);
    append(part, at, max_bytes - read.text.size(), read.text);
  }
  read.next_offset = from + read.text.size();
  return read;
}

}  // namespace tidegate::supervise
