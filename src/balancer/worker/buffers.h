// Buffers that connections borrow only while bytes must wait. Returned ones keep their memory, so
// that steady traffic allocates nothing. One worker's own.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidegate::balancer {

class BufferPool {
 public:
  std::unique_ptr<std::string> take() {
    if (free_.empty()) return std::make_unique<std::string>();
    std::unique_ptr<std::string> buffer = std::move(free_.back());
    free_.pop_back();
    return buffer;
  }
  void give_back(std::unique_ptr<std::string> buffer) {
    if (!buffer || free_.size() >= kFreeMax || buffer->capacity() > kCapacityMax) return;
    buffer->clear();
    free_.push_back(std::move(buffer));
  }

 private:
  static constexpr std::size_t kFreeMax = 16;
  static constexpr std::size_t kCapacityMax = 160 * 1024;  // larger ones go back to the heap
  std::vector<std::unique_ptr<std::string>> free_;
};

/// Bytes that wait, in a borrowed buffer; without any it owns nothing.
class Waiting {
 public:
  bool empty() const { return !buffer_; }
  std::string_view view() const {
    return buffer_ ? std::string_view{*buffer_}.substr(read_) : std::string_view{};
  }
  /// In place, for parsers that unfold lines.
  std::string& text() { return *buffer_; }
  void append(BufferPool& pool, std::string_view bytes) {
    if (bytes.empty()) return;
    if (!buffer_) buffer_ = pool.take();
    buffer_->append(bytes);
  }
  void consume(BufferPool& pool, std::size_t size) {
    read_ += size;
    if (buffer_ && read_ == buffer_->size()) clear(pool);
  }
  void clear(BufferPool& pool) {
    pool.give_back(std::exchange(buffer_, nullptr));
    read_ = 0;
  }

 private:
  std::unique_ptr<std::string> buffer_;
  std::size_t read_ = 0;
};

}  // namespace tidegate::balancer
