#include "adapters/compute/process/files.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

#include "base/file_descriptor.h"

namespace tidegate::compute_process {

Error failed(const std::string& what) {
  const ErrorCode code = errno == ENOSPC ? ErrorCode::ResourceExhausted : ErrorCode::Internal;
  return Error{code, "InternalFailure", what + ": " + ::strerrordesc_np(errno)};
}

Status write_file(const std::string& path, const std::string& text, mode_t mode) {
  const FileDescriptor file{
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode)};
  if (file && ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size())) {
    return Ok{};
  }
  return failed(path);
}

}  // namespace tidegate::compute_process
