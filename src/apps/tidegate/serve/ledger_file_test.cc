#include "apps/tidegate/serve/ledger_file.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <doctest/doctest.h>

namespace tidegate::apps {
namespace {

std::string text_of(const std::string& file) {
  std::ostringstream text;
  text << std::ifstream{file}.rdbuf();
  return text.str();
}

TEST_CASE("ledger file: appends across restarts and rotates by size, keeping the newest files") {
  std::string folder = (std::filesystem::temp_directory_path() / "tg-ledger-XXXXXX").string();
  REQUIRE(mkdtemp(folder.data()) != nullptr);
  const std::string file = folder + "/ledger.jsonl";
  REQUIRE(LedgerFile{file, 10}.append({"one", "two"}).has_value());
  REQUIRE(LedgerFile{file, 10}.append({"x"}).has_value());
  CHECK(text_of(file) == "one\ntwo\nx\n");  // 10 bytes: just full
  LedgerFile ledger{file, 10};
  for (const char* line : {"3", "a line longer than a file may be", "5", "6"}) {
    REQUIRE(ledger.append({line}).has_value());
  }
  CHECK(text_of(file) == "5\n6\n");
  CHECK(text_of(file + ".1") == "a line longer than a file may be\n");
  CHECK(text_of(file + ".2") == "3\n");
  CHECK(text_of(file + ".3") == "one\ntwo\nx\n");
  CHECK(newest_ledger_lines(file, 9) ==
        std::vector<std::string>{
            "one", "two", "x", "3", "a line longer than a file may be", "5", "6"});
  CHECK(newest_ledger_lines(file, 3) ==
        std::vector<std::string>{"a line longer than a file may be", "5", "6"});
  CHECK(newest_ledger_lines(file, 1) == std::vector<std::string>{"6"});
  CHECK(newest_ledger_lines(file, 0).empty());
  std::ofstream{file, std::ios::app} << "cut";
  CHECK(newest_ledger_lines(file, 2) == std::vector<std::string>{"5", "6"});
  CHECK(newest_ledger_lines(folder + "/none", 2).empty());
  REQUIRE(ledger.append({"123456789"}).has_value());
  CHECK(text_of(file + ".3") == "3\n");
  CHECK_FALSE(std::filesystem::exists(file + ".4"));
  std::filesystem::remove_all(folder);
}

TEST_CASE("ledger file: a place that cannot be written is an error") {
  LedgerFile ledger{"/proc/no-such-folder/ledger.jsonl"};
  CHECK(ledger.append({"x"}).error().code == ErrorCode::ResourceExhausted);
}

}  // namespace
}  // namespace tidegate::apps
