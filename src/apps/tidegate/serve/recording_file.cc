#include "apps/tidegate/serve/recording_file.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

#include "base/log.h"

namespace tidegate::apps {
namespace {

constexpr std::size_t kBlock = 64 * 1024;
constexpr int kMostOfOneName = 1000;

Error not_made(const std::string& file) {
  return Error{errno == ENOSPC ? ErrorCode::ResourceExhausted : ErrorCode::PermissionDenied,
               "RecordingNotMade",
               "cannot make the recording TIDEGATE_RECORD='" + file + "': " + std::strerror(errno)};
}

}  // namespace

std::string recording_version() {
  return TIDEGATE_VERSION " " + replay::shape_of_values();
}

Result<std::unique_ptr<RecordingFile>> RecordingFile::create(const std::string& file) {
  for (int number = 1; number <= kMostOfOneName; ++number) {
    std::string name = number == 1 ? file : file + "." + std::to_string(number);
    const int fd = open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0) {
      return std::make_unique<RecordingFile>(std::move(name), fd);
    }
    if (errno != EEXIST) {
      return not_made(name);
    }
  }
  return not_made(file);
}

RecordingFile::~RecordingFile() {
  if (recorder_) {
    recorder_->finish();
  }
  flush();
  if (fd_ >= 0) {
    close(fd_);
  }
}

engine::Ports RecordingFile::over(const engine::Settings& settings, engine::Ports inner) {
  recorder_ = std::make_unique<replay::Recorder>(
      [this](std::string_view bytes) { take(bytes); }, settings, recording_version());
  ports_ = std::make_unique<replay::RecordedPorts>(inner, *recorder_);
  return ports_->ports();
}

void RecordingFile::take(std::string_view bytes) {
  if (fd_ < 0) {
    return;
  }
  buffer_ += bytes;
  if (buffer_.size() >= kBlock) {
    flush();
  }
}

void RecordingFile::flush() {
  std::string_view left = buffer_;
  while (fd_ >= 0 && !left.empty()) {
    const ssize_t written = write(fd_, left.data(), left.size());
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written <= 0) {
      log_event(
          LogLevel::Warn, "recording_ended", {{"file", file_}, {"why", std::strerror(errno)}});
      close(fd_);
      fd_ = -1;
      break;
    }
    left.remove_prefix(static_cast<std::size_t>(written));
  }
  buffer_.clear();
}

}  // namespace tidegate::apps
