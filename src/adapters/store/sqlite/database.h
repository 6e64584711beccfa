// A connection to one SQLite file and its statements, with our errors instead of SQLite's codes.
// Used inside this adapter only, by one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <sqlite3.h>

#include "base/result.h"

namespace tidegate::store_sqlite {

/// A prepared statement. Bound texts must outlive the next step().
class Statement {
 public:
  Statement() = default;

  void bind(int parameter, std::string_view text);
  void bind(int parameter, std::int64_t number);
  /// True: there is a row; false: done, and the statement is reset.
  Result<bool> step();
  /// Steps to the end and resets.
  Status run();
  void reset();

  std::string text(int column) const;
  std::int64_t number(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
};

class Database {
 public:
  /// Opens an existing or a new file; it is not read yet.
  static Result<Database> open(const std::string& path);

  Status execute(const char* sql);
  Result<Statement> prepare(const char* sql);
  /// The one number that `sql` yields.
  Result<std::int64_t> number(const char* sql);
  /// The one text that `sql` yields.
  Result<std::string> text(const char* sql);
  bool in_transaction() const;

  enum class CheckpointOnClose { Never, Always };
  void set_checkpoint_on_close(CheckpointOnClose mode);

 private:
  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close(handle); }
  };
  std::unique_ptr<sqlite3, Close> handle_;
};

}  // namespace tidegate::store_sqlite
