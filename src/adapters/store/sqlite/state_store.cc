#include "adapters/store/sqlite/state_store.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/store/sqlite/backup.h"
#include "adapters/store/sqlite/database.h"
#include "adapters/store/sqlite/schema.h"
#include "base/file_descriptor.h"

namespace tidegate::store_sqlite {
namespace {

using ports::Revision;
using ports::StoreOperation;

/// SQLite has no checksums of its own; a flipped bit in a value must not become a decision. FNV-1a.
std::int64_t checksum(std::string_view key, std::string_view value) {
  std::uint64_t hash = 14695981039346656037U;
  for (const std::string_view part : {key, std::string_view{"\0", 1}, value}) {
    for (const char c : part) {
      hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
    }
  }
  return static_cast<std::int64_t>(hash);
}

Error damaged_entry(const std::string& key) {
  return Error{
      ErrorCode::Corrupt, "StateStore", "the value of '" + key + "' is not what was written"};
}

struct Statements {
  Statement head;
  Statement set_head;
  Statement put;
  Statement remove;
  Statement from_key;
};

Result<Statements> prepare_all(Database& database) {
  Statements statements;
  TG_ASSIGN_OR_RETURN(statements.head, database.prepare("SELECT revision, epoch FROM head"));
  TG_ASSIGN_OR_RETURN(statements.set_head,
                      database.prepare("UPDATE head SET revision = ?1, epoch = ?2"));
  TG_ASSIGN_OR_RETURN(
      statements.put,
      database.prepare("INSERT OR REPLACE INTO entry (key, value, checksum) VALUES (?1, ?2, ?3)"));
  TG_ASSIGN_OR_RETURN(statements.remove, database.prepare("DELETE FROM entry WHERE key = ?1"));
  TG_ASSIGN_OR_RETURN(
      statements.from_key,
      database.prepare("SELECT key, value, checksum FROM entry WHERE key >= ?1 ORDER BY key"));
  return statements;
}

class SqliteStateStore final : public ports::StateStore {
 public:
  SqliteStateStore(Database database, Statements statements, Revision revision)
      : database_(std::move(database)), statements_(std::move(statements)), revision_(revision) {}

  Result<std::map<std::string, std::string>> read(const std::string& prefix) override {
    std::map<std::string, std::string> found;
    Statement& rows = statements_.from_key;
    rows.bind(1, prefix);
    while (true) {
      TG_ASSIGN_OR_RETURN(const bool row, rows.step());
      if (!row) {
        return found;
      }
      std::string key = rows.text(0);
      if (!key.starts_with(prefix)) {
        rows.reset();
        return found;
      }
      std::string value = rows.text(1);
      if (checksum(key, value) != rows.number(2)) {
        rows.reset();
        return damaged_entry(key);
      }
      found.emplace_hint(found.end(), std::move(key), std::move(value));
    }
  }

  Revision revision() const override { return revision_; }

  Result<Revision> append(const std::vector<StoreOperation>& batch,
                          std::uint64_t epoch,
                          Revision expected) override {
    if (batch.empty() || batch.size() > ports::kMaxBatch) {
      return Error{ErrorCode::InvalidArgument,
                   "BatchSize",
                   "a batch has 1.." + std::to_string(ports::kMaxBatch) + " operations, not " +
                       std::to_string(batch.size())};
    }
    TG_RETURN_IF_ERROR(database_.execute("BEGIN IMMEDIATE"));
    Result<Revision> revision = write(batch, epoch, expected);
    if (revision) {
      const Status committed = database_.execute("COMMIT");
      if (committed) {
        revision_ = *revision;
        return revision;
      }
      revision = committed.error();
    }
    if (database_.in_transaction()) {
      TG_RETURN_IF_ERROR(database_.execute("ROLLBACK"));
    }
    return revision;
  }

 private:
  Result<Revision> write(const std::vector<StoreOperation>& batch,
                         std::uint64_t epoch,
                         Revision expected) {
    TG_ASSIGN_OR_RETURN(const bool row, statements_.head.step());
    if (!row) {
      return Error{ErrorCode::Corrupt, "StateStore", "the head row is missing"};
    }
    const auto present = static_cast<std::uint64_t>(statements_.head.number(0));
    const auto newest_epoch = static_cast<std::uint64_t>(statements_.head.number(1));
    statements_.head.reset();
    if (epoch < newest_epoch) {
      return Error{ErrorCode::FailedPrecondition,
                   "Fenced",
                   "epoch " + std::to_string(epoch) + " is over; the present one is " +
                       std::to_string(newest_epoch)};
    }
    if (expected.value != present) {
      return Error{ErrorCode::FailedPrecondition,
                   "RevisionChanged",
                   "the batch was made from revision " + std::to_string(expected.value) +
                       ", the store is at " + std::to_string(present)};
    }
    for (const StoreOperation& operation : batch) {
      TG_RETURN_IF_ERROR(apply(operation));
    }
    statements_.set_head.bind(1, static_cast<std::int64_t>(present + 1));
    statements_.set_head.bind(2, static_cast<std::int64_t>(epoch));
    TG_RETURN_IF_ERROR(statements_.set_head.run());
    return Revision{present + 1};
  }

  Status apply(const StoreOperation& operation) {
    if (!operation.value) {
      statements_.remove.bind(1, operation.key);
      return statements_.remove.run();
    }
    statements_.put.bind(1, operation.key);
    statements_.put.bind(2, *operation.value);
    statements_.put.bind(3, checksum(operation.key, *operation.value));
    return statements_.put.run();
  }

  Database database_;
  Statements statements_;  // after database_: finalised before it closes
  Revision revision_;
};

bool exists(const std::string& path) {
  struct stat status{};
  return lstat(path.c_str(), &status) == 0;
}

bool is_empty(const std::string& path) {
  struct stat status{};
  return stat(path.c_str(), &status) == 0 && status.st_size == 0;
}

Error system_failure(const std::string& what) {
  const ErrorCode code =
      errno == ENOSPC || errno == EDQUOT ? ErrorCode::ResourceExhausted : ErrorCode::Unavailable;
  return Error{code, "StateStore", what + ": " + std::strerror(errno)};
}

Status sync_folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const FileDescriptor descriptor{open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!descriptor || fsync(descriptor.get()) != 0) {
    return system_failure("cannot sync " + folder);
  }
  return Ok{};
}

/// Makes the file under another name and moves it in place when it is whole.
Status create(const std::string& path) {
  const std::string draft = path + ".new";
  for (const char* suffix : {"", "-wal", "-journal"}) {
    unlink((draft + suffix).c_str());
  }
  {
    TG_ASSIGN_OR_RETURN(Database database, Database::open(draft));
    if (chmod(draft.c_str(), 0600) != 0) {
      return system_failure("cannot change the mode of " + draft);
    }
    TG_RETURN_IF_ERROR(
        database.execute("PRAGMA page_size = 4096; PRAGMA synchronous = FULL;"
                         "PRAGMA locking_mode = EXCLUSIVE"));
    TG_RETURN_IF_ERROR(migrate(database));
    TG_RETURN_IF_ERROR(database.execute("PRAGMA journal_mode = WAL"));
  }
  if (rename(draft.c_str(), path.c_str()) != 0) {
    return system_failure("cannot rename " + draft + " to " + path);
  }
  return sync_folder_of(path);
}

/// Reads everything once: the b-trees, and each value against its checksum.
Status verify(Database& database) {
  TG_ASSIGN_OR_RETURN(const std::string verdict, database.text("PRAGMA integrity_check(1)"));
  if (verdict != "ok") {
    return Error{ErrorCode::Corrupt, "StateStore", verdict};
  }
  TG_ASSIGN_OR_RETURN(const std::int64_t journal_mode_is_wal,
                      database.number("SELECT journal_mode = 'wal' FROM pragma_journal_mode"));
  if (journal_mode_is_wal == 0) {
    return Error{ErrorCode::Corrupt, "StateStore", "its header does not say WAL"};
  }
  return Ok{};
}

Status verify_entries(Database& database) {
  TG_ASSIGN_OR_RETURN(Statement rows, database.prepare("SELECT key, value, checksum FROM entry"));
  while (true) {
    TG_ASSIGN_OR_RETURN(const bool row, rows.step());
    if (!row) {
      return Ok{};
    }
    if (const std::string key = rows.text(0); checksum(key, rows.text(1)) != rows.number(2)) {
      return damaged_entry(key);
    }
  }
}

Result<std::unique_ptr<ports::StateStore>> open_existing(const Options& options) {
  if (is_empty(options.path)) {
    return Error{ErrorCode::Corrupt, "StateStore", "the file is empty"};
  }
  TG_ASSIGN_OR_RETURN(Database database, Database::open(options.path));
  // Until it is known to be sound nothing is written to it, not even at close.
  database.set_checkpoint_on_close(Database::CheckpointOnClose::Never);
  TG_RETURN_IF_ERROR(
      database.execute("PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = FULL"));
  TG_RETURN_IF_ERROR(verify(database));
  TG_RETURN_IF_ERROR(migrate(database));
  TG_RETURN_IF_ERROR(verify_entries(database));
  database.set_checkpoint_on_close(Database::CheckpointOnClose::Always);
  const std::string limits =
      "PRAGMA wal_autocheckpoint = " + std::to_string(kMaxJournalBytes / kPageBytes / 2) +
      "; PRAGMA journal_size_limit = " + std::to_string(kMaxJournalBytes) +
      (options.max_pages ? "; PRAGMA max_page_count = " + std::to_string(*options.max_pages) : "");
  TG_RETURN_IF_ERROR(database.execute(limits.c_str()));
  TG_ASSIGN_OR_RETURN(Statements statements, prepare_all(database));
  TG_ASSIGN_OR_RETURN(const std::int64_t revision, database.number("SELECT revision FROM head"));
  return std::unique_ptr<ports::StateStore>{std::make_unique<SqliteStateStore>(
      std::move(database), std::move(statements), Revision{static_cast<std::uint64_t>(revision)})};
}

/// The sentence for a damaged file: what is wrong, where the copy is, what to do.
Error refused(const std::string& path, const Error& damage) {
  const Result<std::string> copy = back_up(path);
  const std::string backup =
      copy ? "a copy is " + *copy : "no copy could be made (" + copy.error().message + ")";
  return Error{ErrorCode::Corrupt,
               "CorruptState",
               "the state file " + path + " is damaged (" + damage.message +
                   "); it was left as it is, and " + backup +
                   ". Put a sound file in its place, or move it and its -wal away to start anew"};
}

}  // namespace

Result<std::unique_ptr<ports::StateStore>> open_state_store(const Options& options) {
  const std::string journal = options.path + "-wal";
  if (!exists(options.path)) {
    if (exists(journal)) {
      return Error{ErrorCode::Corrupt,
                   "CorruptState",
                   "the state file " + options.path + " is missing, but its journal " + journal +
                       " is there: put the file back, or move the journal away to start anew"};
    }
    TG_RETURN_IF_ERROR(create(options.path));
  }
  auto store = open_existing(options);
  if (!store && store.error().code == ErrorCode::Corrupt) {
    store = open_existing(options);  // a read that failed once looks the same; damage stays
  }
  if (!store && store.error().code == ErrorCode::Corrupt) {
    return refused(options.path, store.error());
  }
  if (!store && store.error().name == "NewerSchema") {
    return Error{
        store.error().code,
        store.error().name,
        "the state file " + options.path + " is of a newer tidegate: " + store.error().message};
  }
  return store;
}

}  // namespace tidegate::store_sqlite
