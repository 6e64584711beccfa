// A recording on its way to disk (TIDEGATE_RECORD): what the engine sees, appended in blocks, for
// `tidegate simulate --replay`. It holds templates and user data, so only the owner may read it.
// Nothing depends on it: when the disk is full it ends, said in the log, and the control plane goes
// on. Engine thread only, but for construction and destruction.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "engine/engine.h"
#include "replay/recorded_ports.h"

namespace tidegate::apps {

/// What tells builds apart whose recordings do not fit each other.
std::string recording_version();

class RecordingFile {
 public:
  /// Makes `file`, or `file.2`, `file.3`, … where that exists: each start has a recording of its
  /// own. Error: PermissionDenied, ResourceExhausted, naming the file.
  static Result<std::unique_ptr<RecordingFile>> create(const std::string& file);
  /// Of an open file; it is closed with this.
  RecordingFile(std::string file, int fd) : file_(std::move(file)), fd_(fd) {}
  ~RecordingFile();
  RecordingFile(const RecordingFile&) = delete;
  RecordingFile& operator=(const RecordingFile&) = delete;

  /// Ports to make the engine with; call once, before anything is recorded.
  engine::Ports over(const engine::Settings& settings, engine::Ports inner);
  replay::Recorder& recorder() { return *recorder_; }
  const std::string& file() const { return file_; }
  /// Writes what is buffered.
  void flush();

 private:
  void take(std::string_view bytes);

  std::string file_;
  int fd_;
  std::string buffer_;
  std::unique_ptr<replay::Recorder> recorder_;
  std::unique_ptr<replay::RecordedPorts> ports_;
};

}  // namespace tidegate::apps
