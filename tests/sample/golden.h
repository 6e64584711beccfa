// Golden files: what a wire format was when it was last looked at. TG_UPDATE_GOLDEN=1 rewrites
// them; the diff is reviewed.
#pragma once

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include <doctest/doctest.h>

namespace tidegate::sample {

/// Compares with the file of that path (from the root of the repository), or writes it.
inline void check_golden(const std::string& path, const std::string& text) {
  if (const char* update = std::getenv("TG_UPDATE_GOLDEN"); update != nullptr && *update == '1') {
    std::ofstream{path, std::ios::binary} << text;
    return;
  }
  std::ifstream file(path, std::ios::binary);
  REQUIRE_MESSAGE(file.is_open(), "no golden file " << path << ": TG_UPDATE_GOLDEN=1 writes it");
  std::stringstream held;
  held << file.rdbuf();
  CHECK(text == held.str());
}

}  // namespace tidegate::sample
