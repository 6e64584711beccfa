#include "apps/tidegate/serve/ledger_file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tidegate::apps {

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
