#include "edge/api/protocol/cbor.h"

#include <cmath>
#include <limits>

#include <doctest/doctest.h>

namespace tidegate::api {
namespace {

using namespace std::string_view_literals;

/// "83 01 02 03" as bytes.
std::string bytes_of(std::string_view hex) {
  std::string bytes;
  std::string digits;
  for (const char c : hex) {
    if (c != ' ') {
      digits += c;
    }
  }
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

std::string parsed(std::string_view hex) {
  const auto json = parse_cbor(bytes_of(hex));
  return json.has_value() ? json->dump() : json.error().message;
}

std::string wrong(const std::string& bytes) {
  const auto json = parse_cbor(bytes);
  REQUIRE_FALSE(json.has_value());
  CHECK(json.error().name == "SerializationException");
  CHECK(json.error().code == ErrorCode::InvalidArgument);
  return json.error().message;
}

bool is_wrong(std::string_view hex, std::string_view part) {
  CAPTURE(hex);
  const std::string message = wrong(bytes_of(hex));
  CAPTURE(message);
  return message.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("parse_cbor: the examples of RFC 8949 that a request can have") {
  CHECK(parsed("00") == "0");
  CHECK(parsed("17") == "23");
  CHECK(parsed("18 18") == "24");
  CHECK(parsed("19 03e8") == "1000");
  CHECK(parsed("1a 000f4240") == "1000000");
  CHECK(parsed("1b 000000e8d4a51000") == "1000000000000");
  CHECK(parsed("1b 7fffffffffffffff") == "9223372036854775807");
  CHECK(parsed("20") == "-1");
  CHECK(parsed("38 63") == "-100");
  CHECK(parsed("39 03e7") == "-1000");
  CHECK(parsed("3b 7fffffffffffffff") == "-9223372036854775808");
  CHECK(parsed("f9 3c00") == "1");
  CHECK(parsed("f9 c400") == "-4");
  CHECK(parsed("fa 47c35000") == "1e+05");
  CHECK(parsed("fb 3ff199999999999a") == "1.1");
  CHECK(parsed("f4") == "false");
  CHECK(parsed("f5") == "true");
  CHECK(parsed("f6") == "null");
  CHECK(parsed("f7") == "null");
  CHECK(parsed("c1 1a 514b67b0") == "1363896240");
  CHECK(parsed("c1 fb 41d452d9ec200000") == "1363896240.5");
  CHECK(parsed("60") == R"("")");
  CHECK(parsed("64 49455446") == R"("IETF")");
  CHECK(parsed("62 c3bc") == "\"\xc3\xbc\"");
  CHECK(parsed("80") == "[]");
  CHECK(parsed("83 01 82 0203 82 0405") == "[1,[2,3],[4,5]]");
  CHECK(parsed("a0") == "{}");
  CHECK(parsed("a2 6161 01 6162 82 0203") == R"({"a":1,"b":[2,3]})");
  CHECK(parsed("7f 65 7374726561 64 6d696e67 ff") == R"("streaming")");
  CHECK(parsed("9f ff") == "[]");
  CHECK(parsed("9f 01 82 0203 9f 0405 ff ff") == "[1,[2,3],[4,5]]");
  CHECK(parsed("83 01 82 0203 9f 0405 ff") == "[1,[2,3],[4,5]]");
  CHECK(parsed("bf 6161 01 6162 9f 0203 ff ff") == R"({"a":1,"b":[2,3]})");
  CHECK(parsed("bf 7f 6161 ff a0 ff") == R"({"a":{}})");
}

TEST_CASE("parse_cbor: numbers that are no number stay so") {
  CHECK(std::isnan(parse_cbor(bytes_of("f9 7e00"))->number_or(0)));
  CHECK(parse_cbor(bytes_of("fa 7f800000"))->number_or(0) ==
        std::numeric_limits<double>::infinity());
}

TEST_CASE("parse_cbor: whatever is cut short is refused") {
  const std::string whole =
      bytes_of("bf 6161 c1 fb 41d452d9ec200000 6162 9f 7f 6161 ff 19 03e8 ff ff");
  REQUIRE(parse_cbor(whole).has_value());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    CHECK(wrong(whole.substr(0, size)).find("cut short") != std::string::npos);
  }
  CHECK(wrong(whole + "\x01").find("more behind its end") != std::string::npos);
}

TEST_CASE("parse_cbor: what a request cannot have is refused, and said where") {
  CHECK(is_wrong("1b 8000000000000000", "does not fit"));
  CHECK(is_wrong("3b 8000000000000000", "does not fit"));
  CHECK(is_wrong("41 00", "byte string"));
  CHECK(is_wrong("5f ff", "byte string"));
  CHECK(is_wrong("c2 41 01", "tag"));
  CHECK(is_wrong("c1 c1 01", "tag"));
  CHECK(is_wrong("c1 6161", "no number"));
  CHECK(is_wrong("c1 80", "no number"));
  CHECK(is_wrong("c1 f6", "no number"));
  CHECK(is_wrong("a1 01 02", "key is no text"));
  CHECK(is_wrong("a1 80 02", "key is no text"));
  CHECK(is_wrong("a1 a0 02", "key is no text"));
  CHECK(is_wrong("a2 6161 01 6161 02", "twice"));
  CHECK(is_wrong("61 ff", "UTF-8"));
  CHECK(is_wrong("62 c080", "UTF-8"));
  CHECK(is_wrong("63 eda080", "UTF-8"));
  CHECK(is_wrong("64 f4908080", "UTF-8"));
  CHECK(is_wrong("62 c3 28", "UTF-8"));
  CHECK(is_wrong("61 c3", "UTF-8"));
  CHECK(is_wrong("7f 01 ff", "piece is no text"));
  CHECK(is_wrong("7f 7f 6161 ff ff", "piece is no text"));
  CHECK(is_wrong("7f 80 ff", "piece is no text"));
  CHECK(is_wrong("7f c1 01 ff", "tag"));
  CHECK(is_wrong("ff", "break"));
  CHECK(is_wrong("81 ff", "break"));
  CHECK(is_wrong("bf 6161 ff", "break"));
  CHECK(is_wrong("9f c1 ff", "break"));
  CHECK(is_wrong("1c", "no item of such a type"));
  CHECK(is_wrong("a1 6161 41 00", "(at byte 3)"));
}

TEST_CASE("parse_cbor: depth, members and lengths are bounded, whatever is claimed") {
  const std::string deepest(kMaxCborDepth - 1, '\x81');
  CHECK(parse_cbor(deepest + "\x81\x01").has_value());
  CHECK(wrong(deepest + "\x81\x81\x01").find("too deep") != std::string::npos);
  CHECK(wrong(std::string(1'000'000, '\x9f')).find("too deep") != std::string::npos);
  CHECK(wrong(bytes_of("9b ffffffffffffffff 01")).find("cut short") != std::string::npos);
  CHECK(wrong(bytes_of("7b ffffffffffffffff 61")).find("cut short") != std::string::npos);
  CHECK(wrong(bytes_of("bb ffffffffffffffff 6161 01")).find("cut short") != std::string::npos);
  CborWriter many;
  many.map(kMaxCborMembers + 1);
  for (std::size_t i = 0; i <= kMaxCborMembers; ++i) {
    many.text(std::to_string(i));
    many.integer(1);
  }
  CHECK(wrong(many.bytes()).find("too many members") != std::string::npos);
}

TEST_CASE("CborWriter: what it writes reads back, to the byte where it is known") {
  CborWriter out;
  out.map(6);
  out.text("integers");
  out.array(3);
  out.integer(0);
  out.integer(-1000);
  out.integer(std::numeric_limits<std::int64_t>::min());
  out.text("number");
  out.number(1);
  out.text("yes");
  out.boolean(true);
  out.text("no");
  out.boolean(false);
  out.text("when");
  out.timestamp(parse_iso8601("2013-03-21T20:04:00.5Z").value());
  out.text("\xc3\xbc");
  out.text("");
  const auto json = parse_cbor(out.bytes());
  REQUIRE(json.has_value());
  CHECK(json->dump() ==
        "{\"integers\":[0,-1000,-9223372036854775808],\"number\":1,\"yes\":true,\"no\":false,"
        "\"when\":1363896240.5,\"\xc3\xbc\":\"\"}");
  CborWriter time;
  time.timestamp(parse_iso8601("2013-03-21T20:04:00.5Z").value());
  CHECK(time.bytes() == bytes_of("c1 fb 41d452d9ec200000"));
  CborWriter blob;
  blob.blob("\x01\x02");
  CHECK(blob.bytes() == bytes_of("42 0102"));
}

}  // namespace tidegate::api
