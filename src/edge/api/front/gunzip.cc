#include "edge/api/front/gunzip.h"

#include <array>

#define ZLIB_CONST  // next_in points to bytes that stay
#include <zlib.h>

namespace tidegate::api {
namespace {

constexpr int kGzipWindow = 15 + 16;  // the largest window, and a gzip header is demanded

class Inflater {
 public:
  explicit Inflater(std::string_view packed) {
    stream_.next_in = reinterpret_cast<const Bytef*>(packed.data());
    stream_.avail_in = static_cast<uInt>(packed.size());
    ready_ = inflateInit2(&stream_, kGzipWindow) == Z_OK;
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() {
    if (ready_) {
      inflateEnd(&stream_);
    }
  }

  /// Z_OK: more is to come; Z_STREAM_END: that was all; else it is broken.
  int next(std::string& out) {
    std::array<char, 16384> chunk;
    stream_.next_out = reinterpret_cast<Bytef*>(chunk.data());
    stream_.avail_out = static_cast<uInt>(chunk.size());
    const int outcome = ready_ ? inflate(&stream_, Z_NO_FLUSH) : Z_MEM_ERROR;
    out.append(chunk.data(), chunk.size() - stream_.avail_out);
    return outcome;
  }

 private:
  z_stream stream_ = {};
  bool ready_ = false;
};

}  // namespace

Result<std::string> gunzip(std::string_view packed, std::size_t max_bytes) {
  Inflater inflater{packed};
  std::string out;
  int outcome = Z_OK;
  while (outcome == Z_OK) {
    outcome = inflater.next(out);
    if (out.size() > max_bytes) {
      return Error{ErrorCode::ResourceExhausted,
                   "RequestEntityTooLarge",
                   "the body unpacks to more than " + std::to_string(max_bytes) + " bytes"};
    }
  }
  if (outcome != Z_STREAM_END) {
    return Error{ErrorCode::InvalidArgument,
                 "SerializationException",
                 "the body is not a whole gzip stream"};
  }
  return out;
}

}  // namespace tidegate::api
