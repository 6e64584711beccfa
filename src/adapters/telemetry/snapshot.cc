#include "adapters/telemetry/snapshot.h"

#include <bit>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <fcntl.h>
#include <unistd.h>

#include "base/file_descriptor.h"

namespace tidegate::telemetry {
namespace {

using metrics::MetricId;
using metrics::StatisticSet;

constexpr std::string_view kMagic = "TGMETRC1";  // the last letter is the version
constexpr std::size_t kChecksumBytes = 8;

std::uint64_t hash_on(std::uint64_t hash, std::string_view bytes) {
  for (const char c : bytes) {  // FNV-1a
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  }
  return hash;
}
constexpr std::uint64_t kHashStart = 14695981039346656037U;

void put_number(std::string& out, std::uint64_t number) {
  for (int shift = 0; shift < 64; shift += 8) {
    out += static_cast<char>(number >> shift & 0xff);
  }
}
void put_double(std::string& out, double value) {
  put_number(out, std::bit_cast<std::uint64_t>(value));
}
void put_text(std::string& out, std::string_view text) {
  put_number(out, text.size());
  out += text;
}
void put_set(std::string& out, const StatisticSet& set) {
  for (const double value : {set.sample_count, set.sum, set.minimum, set.maximum}) {
    put_double(out, value);
  }
}

void put_chunk(std::string& out, const Chunk& chunk) {
  put_number(out, static_cast<std::uint64_t>(chunk.index()));
  put_number(out, chunk.present());
  put_number(out, chunk.points().index());
  if (const auto* values = std::get_if<Chunk::Values>(&chunk.points())) {
    for (const double value : *values) {
      put_double(out, value);
    }
  } else if (const auto* sets = std::get_if<Chunk::Sets>(&chunk.points())) {
    for (const StatisticSet& set : *sets) {
      put_set(out, set);
    }
  } else {
    put_set(out, *std::get_if<StatisticSet>(&chunk.points()));
  }
}

void put_ladder(std::string& out, const Ladder& ladder) {
  put_number(out, ladder.chunks().size());
  for (const Chunk& chunk : ladder.chunks()) {
    put_chunk(out, chunk);
  }
}

/// Reads what put_… wrote. Once something does not fit, everything after is zero and ok() is false.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  bool at_end() const { return bytes_.empty(); }
  void fail() { ok_ = false; }

  std::uint64_t number() {
    std::uint64_t number = 0;
    const std::string_view raw = take(8);
    for (std::size_t i = 0; i < raw.size(); ++i) {
      number |= std::uint64_t{static_cast<unsigned char>(raw[i])} << (8 * i);
    }
    return number;
  }
  /// A count of things that take at least `bytes_each`: no allocation beyond what the file can
  /// hold.
  std::size_t count(std::size_t bytes_each) {
    const std::uint64_t count = number();
    ok_ = ok_ && count <= bytes_.size() / bytes_each;
    return ok_ ? static_cast<std::size_t>(count) : 0;
  }
  double real() { return std::bit_cast<double>(number()); }
  std::string text() { return std::string{take(count(1))}; }
  StatisticSet set() {
    StatisticSet set;
    for (double* value : {&set.sample_count, &set.sum, &set.minimum, &set.maximum}) {
      *value = real();
    }
    return set;
  }

 private:
  std::string_view take(std::size_t size) {
    ok_ = ok_ && size <= bytes_.size();
    if (!ok_) {
      return {};
    }
    const std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }

  std::string_view bytes_;
  bool ok_ = true;
};

Chunk read_chunk(Reader& in) {
  const auto index = static_cast<std::int64_t>(in.number());
  const std::uint64_t present = in.number();
  Chunk::Points points;
  switch (in.number()) {
    case 0:
      points = in.set();
      break;
    case 1: {
      Chunk::Values values(kChunkSlots);
      for (double& value : values) {
        value = in.real();
      }
      points = std::move(values);
      break;
    }
    case 2: {
      Chunk::Sets sets(kChunkSlots);
      for (StatisticSet& set : sets) {
        set = in.set();
      }
      points = std::move(sets);
      break;
    }
    default:  // a number from a file, no enumerator
      in.fail();
  }
  return Chunk{index, present, std::move(points)};
}

void read_ladder(Reader& in, Ladder& ladder) {
  constexpr std::size_t kLeastChunkBytes = 3 * 8 + 4 * 8;
  for (std::size_t left = in.count(kLeastChunkBytes); left > 0 && in.ok(); --left) {
    if (!ladder.restore(read_chunk(in))) {
      in.fail();
    }
  }
}

SnapshotRecord read_record(Reader& in) {
  SnapshotRecord record;
  record.metric.metric_namespace = in.text();
  record.metric.name = in.text();
  for (std::size_t left = in.count(16); left > 0 && in.ok(); --left) {
    metrics::Dimension& dimension = record.metric.dimensions.emplace_back();
    dimension.name = in.text();
    dimension.value = in.text();
  }
  record.series.unit = in.text();
  record.series.newest = Instant{Duration{static_cast<std::int64_t>(in.number())}};
  read_ladder(in, record.series.seconds);
  read_ladder(in, record.series.minutes);
  return record;
}

Error failure(const std::string& what) {
  const bool full = errno == ENOSPC || errno == EDQUOT;
  return Error{full ? ErrorCode::ResourceExhausted : ErrorCode::Unavailable,
               "MetricSnapshot",
               what + ": " + std::strerror(errno)};
}

Error damaged(const std::string& path, const std::string& what) {
  return Error{ErrorCode::Corrupt, "MetricSnapshot", path + ": " + what};
}

}  // namespace

std::string encode(const MetricId& metric, const Series& series) {
  std::string out;
  put_text(out, metric.metric_namespace);
  put_text(out, metric.name);
  put_number(out, metric.dimensions.size());
  for (const metrics::Dimension& dimension : metric.dimensions) {
    put_text(out, dimension.name);
    put_text(out, dimension.value);
  }
  put_text(out, series.unit);
  put_number(out, static_cast<std::uint64_t>(series.newest.time_since_epoch().count()));
  put_ladder(out, series.seconds);
  put_ladder(out, series.minutes);
  return out;
}

struct SnapshotWriter::File {
  std::string path;
  FileDescriptor descriptor;
  std::uint64_t hash = kHashStart;

  std::string draft() const { return path + ".new"; }

  Status write_all(std::string_view bytes) {
    hash = hash_on(hash, bytes);
    while (!bytes.empty()) {
      const ssize_t count = ::write(descriptor.get(), bytes.data(), bytes.size());
      if (count < 0 && errno != EINTR) {
        return failure("cannot write " + draft());
      }
      bytes.remove_prefix(count < 0 ? 0 : static_cast<std::size_t>(count));
    }
    return Ok{};
  }

  Status put_in_place() {
    if (fsync(descriptor.get()) != 0) {
      return failure("cannot sync " + draft());
    }
    descriptor.reset();
    if (rename(draft().c_str(), path.c_str()) != 0) {
      return failure("cannot rename " + draft());
    }
    const std::string folder = std::filesystem::path{path}.parent_path().string();
    const FileDescriptor parent{
        open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!parent || fsync(parent.get()) != 0) {
      return failure("cannot sync the folder of " + path);
    }
    return Ok{};
  }
};

SnapshotWriter::SnapshotWriter(std::unique_ptr<File> file) : file_(std::move(file)) {}
SnapshotWriter::SnapshotWriter(SnapshotWriter&&) noexcept = default;

SnapshotWriter::~SnapshotWriter() {
  if (file_ && file_->descriptor) {
    unlink(file_->draft().c_str());
  }
}

Result<SnapshotWriter> SnapshotWriter::create(const std::string& path) {
  auto file = std::make_unique<File>();
  file->path = path;
  file->descriptor = FileDescriptor{
      open(file->draft().c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (!file->descriptor) {
    return failure("cannot open " + file->draft());
  }
  TG_RETURN_IF_ERROR(file->write_all(kMagic));
  return SnapshotWriter{std::move(file)};
}

Status SnapshotWriter::append(std::string_view record) {
  return file_->write_all(record);
}

Status SnapshotWriter::finish() {
  std::string trailer;
  put_number(trailer, file_->hash);
  TG_RETURN_IF_ERROR(file_->write_all(trailer));
  return file_->put_in_place();
}

Result<std::vector<SnapshotRecord>> read_snapshot(const std::string& path) {
  std::vector<SnapshotRecord> records;
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    return records;
  }
  std::ifstream file{path, std::ios::binary};
  const std::string bytes{std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}};
  if (!file) {
    return failure("cannot read " + path);
  }
  if (bytes.size() < kMagic.size() + kChecksumBytes || !bytes.starts_with(kMagic)) {
    return damaged(path, "it is no metric snapshot of this version");
  }
  const std::string_view hashed{bytes.data(), bytes.size() - kChecksumBytes};
  Reader trailer{std::string_view{bytes}.substr(hashed.size())};
  if (trailer.number() != hash_on(kHashStart, hashed)) {
    return damaged(path, "its checksum is wrong");
  }
  Reader in{hashed.substr(kMagic.size())};
  while (!in.at_end() && in.ok()) {
    records.push_back(read_record(in));
  }
  if (!in.ok()) {
    return damaged(path, "a record does not fit");
  }
  return records;
}

std::string set_aside(const std::string& path) {
  const std::string aside = path + ".bad";
  if (rename(path.c_str(), aside.c_str()) != 0) {
    return failure("cannot rename it").message;
  }
  return aside;
}

}  // namespace tidegate::telemetry
