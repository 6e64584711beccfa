// The field lines of a head, as both parsers read them. Only for head_*.cc and body.cc.
#pragma once

#include <cstddef>
#include <string_view>

#include "net/http1/head.h"

namespace tidegate::http1 {

enum class Strictness { Request, Response };

struct FieldLine {
  enum class Kind { Field, End, NeedMore, Bad } kind = Kind::NeedMore;
  Field field;
  Rule rule = Rule::None;  // Bad only
  std::size_t next = 0;    // where the next line begins
};

/// The line at `at`. In a response blanks before the colon are dropped.
FieldLine read_field_line(std::string_view bytes, std::size_t at, Strictness strictness);

/// Adds the field; its meaning for the message goes into the block. Rule::None when all is well.
Rule add_field(FieldBlock& block, const Field& field, Strictness strictness);

/// Marks what Connection names. P2NominatedField when it names what nobody may take away.
Rule mark_hop_by_hop(FieldBlock& block);

}  // namespace tidegate::http1
