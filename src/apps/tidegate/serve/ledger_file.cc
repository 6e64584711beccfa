#include "apps/tidegate/serve/ledger_file.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tidegate::apps {

namespace {

/// The last lines of one file, oldest first; reads no more of it than they can be.
std::vector<std::string> last_lines(const std::string& file, std::size_t max) {
  constexpr std::streamoff kMostOfALine = 4096;
  std::ifstream in{file, std::ios::ate};
  std::vector<std::string> lines;
  if (!in || max == 0) {
    return lines;
  }
  const std::streamoff size = in.tellg();
  const std::streamoff begin =
      std::max<std::streamoff>(0, size - kMostOfALine * static_cast<std::streamoff>(max));
  in.seekg(begin);
  std::string line;
  if (begin > 0) {
    std::getline(in, line);  // the rest of a line
  }
  while (std::getline(in, line)) {
    if (!in.eof()) {  // without a line end it was cut when the disk was full
      lines.push_back(line);
    }
  }
  const std::size_t extra = lines.size() - std::min(lines.size(), max);
  lines.erase(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(extra));
  return lines;
}

}  // namespace

std::vector<std::string> newest_ledger_lines(const std::string& file, std::size_t max) {
  std::vector<std::string> lines = last_lines(file, max);
  for (int i = 1; i < kLedgerFilesKept && lines.size() < max; ++i) {
    const std::vector<std::string> older =
        last_lines(file + "." + std::to_string(i), max - lines.size());
    lines.insert(lines.begin(), older.begin(), older.end());
  }
  return lines;
}

LedgerFile::LedgerFile(std::string file, std::uint64_t max_bytes)
    : file_(std::move(file)), max_bytes_(max_bytes) {}

LedgerFile::~LedgerFile() {
  if (fd_ >= 0) {
    close(fd_);
  }
}

Status LedgerFile::open_file() {
  fd_ = open(file_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  struct stat status{};
  if (fd_ < 0 || fstat(fd_, &status) != 0) {
    return Error{ErrorCode::ResourceExhausted,
                 "LedgerNotWritten",
                 "cannot open " + file_ + ": " + std::strerror(errno)};
  }
  bytes_ = static_cast<std::uint64_t>(status.st_size);
  return Ok{};
}

void LedgerFile::rotate() {
  close(fd_);
  fd_ = -1;
  for (int i = kLedgerFilesKept - 2; i >= 0; --i) {
    const std::string from = i == 0 ? file_ : file_ + "." + std::to_string(i);
    std::rename(from.c_str(), (file_ + "." + std::to_string(i + 1)).c_str());
  }
}

Status LedgerFile::append(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) {
    text += line;
    text += '\n';
  }
  if (fd_ < 0) {
    TG_RETURN_IF_ERROR(open_file());
  }
  if (bytes_ > 0 && bytes_ + text.size() > max_bytes_) {
    rotate();
    TG_RETURN_IF_ERROR(open_file());
  }
  const ssize_t written = write(fd_, text.data(), text.size());
  if (written > 0) {
    bytes_ += static_cast<std::uint64_t>(written);
  }
  if (written != static_cast<ssize_t>(text.size())) {
    return Error{
        ErrorCode::ResourceExhausted,
        "LedgerNotWritten",
        "cannot write " + file_ + ": " + (written < 0 ? std::strerror(errno) : "the disk is full")};
  }
  return Ok{};
}

}  // namespace tidegate::apps
