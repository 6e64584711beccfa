#include "supervise/spec.h"

#include <cstring>
#include <map>

#include <doctest/doctest.h>

namespace tidegate::supervise {
namespace {

struct Found {
  shim::Tag tag;
  std::string payload;
};

std::vector<Found> records_of(const std::string& bytes) {
  std::vector<Found> found;
  std::size_t at = sizeof(shim::SpecHeader);
  while (at < bytes.size()) {
    shim::Record record;
    std::memcpy(&record, bytes.data() + at, sizeof record);
    at += sizeof record;
    found.push_back({static_cast<shim::Tag>(record.tag), bytes.substr(at, record.length)});
    at += (record.length + 7) / 8 * 8;
  }
  CHECK(at == bytes.size());
  return found;
}

std::uint64_t number(const std::string& payload) {
  std::uint64_t value = 0;
  std::memcpy(&value, payload.data(), sizeof value);
  return value;
}

TEST_CASE("spec: the header says the size, every record begins at a multiple of 8") {
  ShimSpec spec;
  spec.folder = "/x";
  spec.arguments = {"/bin/a", "bb", "ccccccc"};
  const std::string bytes = encode(spec, 5, 4);
  shim::SpecHeader header;
  std::memcpy(&header, bytes.data(), sizeof header);
  CHECK(header.magic == shim::kMagic);
  CHECK(header.version == shim::kVersion);
  CHECK(header.size == bytes.size());
  CHECK(bytes.size() % 8 == 0);
  std::vector<std::string> arguments;
  for (const Found& found : records_of(bytes)) {
    if (found.tag == shim::Tag::Argument) arguments.push_back(found.payload);
  }
  using namespace std::string_literals;
  CHECK(arguments == std::vector<std::string>{"/bin/a\0"s, "bb\0"s, "ccccccc\0"s});
}

TEST_CASE("spec: descriptors are numbered in the order in which they are passed") {
  ShimSpec spec;
  spec.folder = "/x";
  spec.network_namespace = 70;
  spec.held = {{"http", 71}, {"snapshot", 72}};
  spec.keep = {73};
  CHECK(descriptors_of(spec) == std::vector<int>{70, 71, 72, 73});
  std::multimap<shim::Tag, std::uint64_t> numbers;
  for (const Found& found : records_of(encode(spec, 5, 4))) {
    if (found.payload.size() >= 8) numbers.emplace(found.tag, number(found.payload));
  }
  CHECK(numbers.find(shim::Tag::NetworkNamespace)->second == 5);
  CHECK(numbers.count(shim::Tag::Held) == 2);
  CHECK(numbers.find(shim::Tag::Held)->second == 6);
  CHECK(numbers.find(shim::Tag::Keep)->second == 8);
  CHECK(numbers.find(shim::Tag::Report)->second == 4);
}

TEST_CASE("spec: steps keep their order") {
  ShimSpec spec;
  spec.folder = "/x";
  spec.steps = {
      MakeDirectory{"/r", 0755}, Mount{"tmpfs", "t", "/r", "size=1m", 2}, MakeLink{"a", "b"}};
  std::vector<shim::Tag> order;
  for (const Found& found : records_of(encode(spec, 5, 4))) {
    const bool is_step = found.tag == shim::Tag::Mount || found.tag == shim::Tag::MakeDirectory ||
                         found.tag == shim::Tag::MakeLink;
    if (is_step) order.push_back(found.tag);
  }
  CHECK(order ==
        std::vector<shim::Tag>{shim::Tag::MakeDirectory, shim::Tag::Mount, shim::Tag::MakeLink});
}

}  // namespace
}  // namespace tidegate::supervise
