#include "adapters/store/sqlite/database.h"

#include <cerrno>
#include <cstring>

#include "base/check.h"

namespace tidegate::store_sqlite {
namespace {

/// A commit's error does not reach sqlite3_system_errno(): the system call's own is looked at, too.
bool is_no_room(sqlite3* handle) {
  const auto no_room = [](int error) { return error == ENOSPC || error == EDQUOT; };
  return no_room(sqlite3_system_errno(handle)) || no_room(errno);
}

ErrorCode code_of(sqlite3* handle, int code) {
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return ErrorCode::Corrupt;
    case SQLITE_FULL:
      return ErrorCode::ResourceExhausted;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
      return is_no_room(handle) ? ErrorCode::ResourceExhausted : ErrorCode::Unavailable;
    case SQLITE_PERM:
    case SQLITE_READONLY:
      return ErrorCode::PermissionDenied;
    default:  // a number of theirs, no enumeration of ours
      return ErrorCode::Unavailable;
  }
}

Error to_error(sqlite3* handle, int code) {
  const char* file = handle == nullptr ? nullptr : sqlite3_db_filename(handle, "main");
  const std::string where = file == nullptr ? "the state file" : file;
  const ErrorCode ours = code_of(handle, code);
  if (ours == ErrorCode::ResourceExhausted) {
    return Error{ours, "DiskFull", where + ": no room to write (" + sqlite3_errmsg(handle) + ")"};
  }
  return Error{ours, "StateStore", where + ": " + sqlite3_errmsg(handle)};
}

}  // namespace

void Statement::bind(int parameter, std::string_view text) {
  TG_CHECK(sqlite3_bind_text(handle_.get(),
                             parameter,
                             text.data() == nullptr ? "" : text.data(),
                             static_cast<int>(text.size()),
                             SQLITE_STATIC) == SQLITE_OK);
}

void Statement::bind(int parameter, std::int64_t number) {
  TG_CHECK(sqlite3_bind_int64(handle_.get(), parameter, number) == SQLITE_OK);
}

Result<bool> Statement::step() {
  errno = 0;
  const int code = sqlite3_step(handle_.get());
  if (code == SQLITE_ROW) {
    return true;
  }
  if (code == SQLITE_DONE) {
    reset();
    return false;
  }
  const Error error = to_error(sqlite3_db_handle(handle_.get()), code);
  reset();
  return error;
}

Status Statement::run() {
  while (true) {
    TG_ASSIGN_OR_RETURN(const bool row, step());
    if (!row) {
      return Ok{};
    }
  }
}

void Statement::reset() {
  sqlite3_reset(handle_.get());
}

std::string Statement::text(int column) const {
  const unsigned char* bytes = sqlite3_column_text(handle_.get(), column);
  const int size = sqlite3_column_bytes(handle_.get(), column);
  std::string text(static_cast<std::size_t>(size), '\0');
  if (size > 0) {
    std::memcpy(text.data(), bytes, text.size());
  }
  return text;
}

std::int64_t Statement::number(int column) const {
  return sqlite3_column_int64(handle_.get(), column);
}

Result<Database> Database::open(const std::string& path) {
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(
      path.c_str(),
      &handle,
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW,
      nullptr);
  Database database;
  database.handle_.reset(handle);
  if (code != SQLITE_OK) {
    return to_error(handle, code);
  }
  sqlite3_extended_result_codes(handle, 1);
  return database;
}

Status Database::execute(const char* sql) {
  errno = 0;
  const int code = sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) {
    return to_error(handle_.get(), code);
  }
  return Ok{};
}

Result<Statement> Database::prepare(const char* sql) {
  sqlite3_stmt* handle = nullptr;
  const int code =
      sqlite3_prepare_v3(handle_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &handle, nullptr);
  Statement statement;
  statement.handle_.reset(handle);
  if (code != SQLITE_OK) {
    return to_error(handle_.get(), code);
  }
  return statement;
}

Result<std::int64_t> Database::number(const char* sql) {
  TG_ASSIGN_OR_RETURN(Statement statement, prepare(sql));
  TG_ASSIGN_OR_RETURN(const bool row, statement.step());
  if (!row) {
    return Error{ErrorCode::Corrupt, "StateStore", std::string{"no row for "} + sql};
  }
  return statement.number(0);
}

Result<std::string> Database::text(const char* sql) {
  TG_ASSIGN_OR_RETURN(Statement statement, prepare(sql));
  TG_ASSIGN_OR_RETURN(const bool row, statement.step());
  if (!row) {
    return Error{ErrorCode::Corrupt, "StateStore", std::string{"no row for "} + sql};
  }
  return statement.text(0);
}

bool Database::in_transaction() const {
  return sqlite3_get_autocommit(handle_.get()) == 0;
}

void Database::set_checkpoint_on_close(CheckpointOnClose mode) {
  const int never = mode == CheckpointOnClose::Never ? 1 : 0;
  TG_CHECK(sqlite3_db_config(handle_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, never, nullptr) ==
           SQLITE_OK);
}

}  // namespace tidegate::store_sqlite
