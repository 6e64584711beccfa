#include "apps/tidegate/show/paint.h"

#include <algorithm>

#include <unistd.h>

#include "apps/tidegate/environment.h"

namespace tidegate::apps {
namespace {

std::string_view code_of(Colour colour) {
  switch (colour) {
    case Colour::None:
      return "";
    case Colour::Green:
      return "\x1b[32m";
    case Colour::Yellow:
      return "\x1b[33m";
    case Colour::Red:
      return "\x1b[31m";
    case Colour::Dim:
      return "\x1b[2m";
    case Colour::Bold:
      return "\x1b[1m";
  }
  return "";
}

}  // namespace

std::string painted(Paint paint, Colour colour, std::string_view text) {
  if (paint == Paint::Plain || colour == Colour::None) {
    return std::string{text};
  }
  return std::string{code_of(colour)} + std::string{text} + "\x1b[0m";
}

std::size_t columns_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;  // continuation bytes take none
  }));
}

std::string table(Paint paint, const std::vector<std::vector<Cell>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], columns_of(row[i].text));
    }
  }
  std::string text;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      text += painted(paint, row[i].colour, row[i].text);
      if (i + 1 < row.size()) {
        text.append(widths[i] - columns_of(row[i].text) + 2, ' ');
      }
    }
    text += '\n';
  }
  return text;
}

Paint paint_of(int fd) {
  return isatty(fd) == 1 && !process_environment("NO_COLOR") ? Paint::Colours : Paint::Plain;
}

}  // namespace tidegate::apps
