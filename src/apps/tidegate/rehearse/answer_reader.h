// Reads HTTP/1.1 answers off a keep-alive connection, as much as a load generator needs: the status
// and where the answer ends. Strict enough to notice a broken answer. Pure; one per connection.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tidegate::apps {

class AnswerReader {
 public:
  enum class State { Reading, Complete, Broken };

  /// Takes bytes as they come. Complete: status() holds; bytes after the answer's end make it
  /// Broken, because nothing was asked for yet.
  State take(std::string_view bytes);
  /// The connection ended. Complete only where that is how the answer ends.
  State take_end();
  /// Ready for the next answer on the same connection.
  void reset();

  int status() const { return status_; }
  /// The server will close after this answer.
  bool closes() const { return closes_; }
  bool started() const { return !buffer_.empty() || in_body_; }

 private:
  State read_head();
  State read_body();
  State read_chunks();

  enum class Body { Length, Chunked, UntilEnd };
  std::string buffer_;
  bool in_body_ = false;
  Body body_ = Body::Length;
  std::uint64_t left_ = 0;  // bytes of the body, or of the chunk and its line end
  bool last_chunk_ = false;
  int status_ = 0;
  bool closes_ = false;
};

inline constexpr std::size_t kMaxAnswerHead = 64 * 1024;

}  // namespace tidegate::apps
