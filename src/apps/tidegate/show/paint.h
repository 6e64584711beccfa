// Colour for terminals, nothing for pipes. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tidegate::apps {

enum class Colour { None, Green, Yellow, Red, Dim, Bold };
enum class Paint { Plain, Colours };

/// The text in that colour, or as it is where Paint is Plain.
std::string painted(Paint paint, Colour colour, std::string_view text);

/// Cells of a table; a column is as wide as its widest cell, two blanks lie between columns.
struct Cell {
  std::string text;
  Colour colour = Colour::None;
};
std::string table(Paint paint, const std::vector<std::vector<Cell>>& rows);

/// How many columns UTF-8 text takes on a terminal (one per character).
std::size_t columns_of(std::string_view text);

/// Whether a file descriptor wants colours: a terminal, and NO_COLOR is not set.
Paint paint_of(int fd);

}  // namespace tidegate::apps
