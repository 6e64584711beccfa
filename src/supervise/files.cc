#include "supervise/files.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include <fcntl.h>

#include "base/file_descriptor.h"
#include "base/text.h"
#include "supervise/shim.h"

namespace tidegate::supervise {
namespace {

constexpr std::size_t kSmallFile = 64 << 10;

Error corrupt(const std::string& what) {
  return Error{ErrorCode::Corrupt, "InternalFailure", what};
}

std::vector<std::string> words_of(const std::string& text) {
  return split(trim(text), ' ');
}

}  // namespace

Result<std::string> read_small_file(const std::string& path) {
  const FileDescriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
  if (!file) {
    return Error{ErrorCode::NotFound, "InternalFailure", path + ": " + ::strerrordesc_np(errno)};
  }
  std::string text(kSmallFile, '\0');
  const ssize_t got = ::read(file.get(), text.data(), text.size());
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return text;
}

Result<ShimState> parse_state(const std::string& text, const std::string& folder) {
  const std::vector<std::string> words = words_of(text);
  const std::optional<std::int64_t> version = parse_int(words.front());
  if (!version) return corrupt("the state file of " + folder + " is no shim's");
  if (words.size() < 4) return corrupt("the state file of " + folder + " is cut off");
  const std::optional<std::int64_t> pid = parse_int(words[2]);
  const std::optional<std::int64_t> start = parse_int(words[3]);
  if (!pid || *pid <= 1 || !start || *start < 0) {
    return corrupt("the state file of " + folder + " holds no process");
  }
  return ShimState{
      *version, words[1], static_cast<std::int32_t>(*pid), static_cast<std::uint64_t>(*start)};
}

Result<ProcessStat> parse_process_stat(const std::string& text) {
  const std::size_t bracket = text.rfind(')');
  if (bracket == std::string::npos || bracket + 2 >= text.size()) return corrupt("no stat line");
  const std::vector<std::string> words = words_of(text.substr(bracket + 2));
  constexpr std::size_t kStartTimeWord = 19;  // field 22; the first word here is field 3
  if (words.size() <= kStartTimeWord || words[0].size() != 1) return corrupt("a short stat line");
  const std::optional<std::int64_t> start = parse_int(words[kStartTimeWord]);
  if (!start || *start < 0) return corrupt("a stat line without a start time");
  return ProcessStat{words[0][0], static_cast<std::uint64_t>(*start)};
}

Result<Ended> read_ended(const std::string& folder) {
  TG_ASSIGN_OR_RETURN(const std::string text, read_small_file(folder + "/" + shim::kExitFile));
  const std::vector<std::string> words = words_of(text);
  if (words.size() < 6) return corrupt("the exit file of " + folder + " is cut off");
  std::array<std::int64_t, 6> numbers{};
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const std::optional<std::int64_t> number = parse_int(words[i]);
    if (!number) return corrupt("the exit file of " + folder + " holds no numbers");
    numbers[i] = *number;
  }
  Ended ended;
  ended.how = static_cast<shim::End>(numbers[1]);
  ended.run = static_cast<std::uint32_t>(numbers[2]);
  ended.wait_status = static_cast<std::int32_t>(numbers[3]);
  ended.duration = Duration{numbers[4]};
  ended.restarts = static_cast<std::uint32_t>(numbers[5]);
  ended.text = join(std::span{words}.subspan(numbers.size()), " ");
  return ended;
}

std::string boot_id() {
  const Result<std::string> text = read_small_file("/proc/sys/kernel/random/boot_id");
  return text ? std::string{trim(*text)} : std::string{};
}

}  // namespace tidegate::supervise
