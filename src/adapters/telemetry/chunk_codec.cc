#include "adapters/telemetry/chunk_codec.h"

#include <array>
#include <bit>
#include <cmath>

namespace tidegate::telemetry {
namespace {

using metrics::Sketch;
using metrics::StatisticSet;

constexpr char kVersion = 1;
constexpr std::size_t kChecksumBytes = 4;
constexpr unsigned char kSame = 0x88;  // no byte differs; else zero bytes in front × 16 + behind

std::uint32_t checksum_of(std::string_view bytes) {
  std::uint64_t hash = 14695981039346656037U;  // FNV-1a
  for (const char c : bytes) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  }
  return static_cast<std::uint32_t>(hash ^ hash >> 32);
}

class Writer {
 public:
  void byte(std::uint64_t value) { out_ += static_cast<char>(value); }
  void number(std::uint64_t value) {  // seven bits a byte, the lowest first
    for (; value >= 0x80; value >>= 7) {
      byte((value & 0x7f) | 0x80);
    }
    byte(value);
  }
  void text(std::string_view value) {
    number(value.size());
    out_ += value;
  }
  /// `before`: the number before it in its column.
  void real(double value, double& before) {
    const std::uint64_t differs =
        std::bit_cast<std::uint64_t>(value) ^ std::bit_cast<std::uint64_t>(before);
    before = value;
    if (differs == 0) {
      return byte(kSame);
    }
    const int front = std::countl_zero(differs) / 8;
    const int behind = std::countr_zero(differs) / 8;
    byte(static_cast<std::uint64_t>(front * 16 + behind));
    for (int at = 7 - front; at >= behind; --at) {
      byte(differs >> (8 * at) & 0xff);
    }
  }
  std::string finish() {
    const std::uint32_t sum = checksum_of(out_);
    for (unsigned shift = 0; shift < 8 * kChecksumBytes; shift += 8) {
      byte(sum >> shift & 0xffU);
    }
    return std::move(out_);
  }

 private:
  std::string out_{kVersion};
};

/// Reads what Writer wrote. Once something does not fit, everything after is zero and ok() is
/// false.
class Reader {
 public:
  explicit Reader(std::string_view bytes) {
    if (bytes.size() <= kChecksumBytes || bytes.front() != kVersion) {
      ok_ = false;
      return;
    }
    const std::string_view body = bytes.substr(0, bytes.size() - kChecksumBytes);
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < kChecksumBytes; ++i) {
      sum |= std::uint32_t{static_cast<unsigned char>(bytes[body.size() + i])} << (8 * i);
    }
    ok_ = sum == checksum_of(body);
    rest_ = body.substr(1);
  }

  bool is_whole() const { return ok_ && rest_.empty(); }
  bool ok() const { return ok_; }
  void fail() { ok_ = false; }

  std::uint64_t byte() {
    if (!ok_ || rest_.empty()) {
      ok_ = false;
      return 0;
    }
    const auto value = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }
  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint64_t next = byte();
      value |= (next & 0x7f) << shift;
      if (next < 0x80) {
        return value;
      }
    }
    ok_ = false;
    return 0;
  }
  /// A count of things of at least a byte each: no allocation beyond what the bytes can hold.
  std::size_t count() {
    const std::uint64_t count = number();
    ok_ = ok_ && count <= rest_.size();
    return ok_ ? static_cast<std::size_t>(count) : 0;
  }
  std::string text() {
    const std::size_t size = count();
    const std::string text{rest_.substr(0, size)};
    rest_.remove_prefix(size);
    return text;
  }
  double real(double& before) {
    const std::uint64_t head = byte();
    const auto front = static_cast<int>(head / 16);
    const auto behind = static_cast<int>(head % 16);
    if (head != kSame) {
      ok_ = ok_ && front + behind < 8;
      std::uint64_t differs = 0;
      for (int at = 7 - front; ok_ && at >= behind; --at) {
        differs |= byte() << (8 * at);
      }
      before = std::bit_cast<double>(std::bit_cast<std::uint64_t>(before) ^ differs);
    }
    return before;
  }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

/// The four numbers of a set, each in a column of its own.
using Columns = std::array<double, 4>;

void write_set(Writer& out, const StatisticSet& set, Columns& before) {
  out.real(set.sample_count, before[0]);
  out.real(set.sum, before[1]);
  out.real(set.minimum, before[2]);
  out.real(set.maximum, before[3]);
}

StatisticSet read_set(Reader& in, Columns& before) {
  StatisticSet set;
  set.sample_count = in.real(before[0]);
  set.sum = in.real(before[1]);
  set.minimum = in.real(before[2]);
  set.maximum = in.real(before[3]);
  return set;
}

bool has(std::uint64_t present, std::size_t slot) {
  return (present >> slot & 1U) != 0;
}

void write_points(Writer& out, const Chunk& chunk) {
  Columns before{};
  if (const auto* values = std::get_if<Chunk::Values>(&chunk.points())) {
    for (std::size_t slot = 0; slot < values->size(); ++slot) {
      if (has(chunk.present(), slot)) {
        out.real((*values)[slot], before[0]);
      }
    }
  } else if (const auto* sets = std::get_if<Chunk::Sets>(&chunk.points())) {
    for (std::size_t slot = 0; slot < sets->size(); ++slot) {
      if (has(chunk.present(), slot)) {
        write_set(out, (*sets)[slot], before);
      }
    }
  } else {
    write_set(out, *std::get_if<StatisticSet>(&chunk.points()), before);
  }
}

Chunk::Points read_points(Reader& in, std::uint64_t form, std::uint64_t present) {
  Columns before{};
  if (form == 0) {
    return read_set(in, before);
  }
  if (form == 1) {
    Chunk::Values values(kChunkSlots);
    for (std::size_t slot = 0; slot < values.size(); ++slot) {
      values[slot] = has(present, slot) ? in.real(before[0]) : 0;
    }
    return values;
  }
  Chunk::Sets sets(kChunkSlots);
  for (std::size_t slot = 0; slot < sets.size(); ++slot) {
    if (has(present, slot)) {
      sets[slot] = read_set(in, before);
    }
  }
  return sets;
}

void write_sketches(Writer& out, const Chunk::Sketches& sketches) {
  out.number(sketches.size());
  for (const Chunk::SlotSketch& item : sketches) {
    out.byte(static_cast<std::uint64_t>(item.slot));
    out.number(item.sketch.bins().size());
    std::int64_t before = Sketch::kZeroBin;
    double count = 1;
    for (const Sketch::Bin& bin : item.sketch.bins()) {
      out.number(static_cast<std::uint64_t>(bin.index - before));
      out.real(bin.count, count);
      before = bin.index;
    }
  }
}

Sketch read_sketch(Reader& in) {
  std::vector<Sketch::Bin> bins(in.count());
  std::int64_t before = Sketch::kZeroBin;
  double count = 1;
  for (Sketch::Bin& bin : bins) {
    before += static_cast<std::int64_t>(in.number() & 0xff'ffff);
    bin = {static_cast<std::int32_t>(before), in.real(count)};
  }
  return Sketch::of_bins(std::move(bins));
}

Chunk::Sketches read_sketches(Reader& in) {
  Chunk::Sketches sketches;
  for (std::size_t left = in.count(); left > 0 && in.ok(); --left) {
    const auto slot = static_cast<std::int64_t>(in.byte());
    const bool ascends = sketches.empty() || sketches.back().slot < slot;
    if (slot >= kChunkSlots || !ascends) {
      in.fail();
      break;
    }
    sketches.push_back({slot, read_sketch(in)});
  }
  return sketches;
}

Error damaged(const char* what) {
  return Error{ErrorCode::Corrupt, "MetricChunk", std::string{what} + " is damaged"};
}

}  // namespace

std::string encode(const Chunk& chunk) {
  Writer out;
  out.number(chunk.present());
  out.byte(chunk.points().index());
  write_points(out, chunk);
  write_sketches(out, chunk.sketches());
  return out.finish();
}

Result<Chunk> decode_chunk(std::int64_t index, std::string_view bytes) {
  Reader in{bytes};
  const std::uint64_t present = in.number();
  const std::uint64_t form = in.byte();
  if (!in.ok() || form > 2 || present >> kChunkSlots != 0) {
    return damaged("a chunk");
  }
  Chunk::Points points = read_points(in, form, present);
  Chunk::Sketches sketches = read_sketches(in);
  if (!in.is_whole()) {
    return damaged("a chunk");
  }
  return Chunk{index, present, std::move(points), std::move(sketches)};
}

std::string encode(const metrics::MetricId& metric) {
  Writer out;
  out.text(metric.metric_namespace);
  out.text(metric.name);
  out.number(metric.dimensions.size());
  for (const metrics::Dimension& dimension : metric.dimensions) {
    out.text(dimension.name);
    out.text(dimension.value);
  }
  return out.finish();
}

Result<metrics::MetricId> decode_metric(std::string_view bytes) {
  Reader in{bytes};
  metrics::MetricId metric;
  metric.metric_namespace = in.text();
  metric.name = in.text();
  for (std::size_t left = in.count(); left > 0 && in.ok(); --left) {
    metrics::Dimension& dimension = metric.dimensions.emplace_back();
    dimension.name = in.text();
    dimension.value = in.text();
  }
  return in.is_whole() ? Result<metrics::MetricId>{std::move(metric)} : damaged("a metric's name");
}

}  // namespace tidegate::telemetry
