// A disk that fails, under SQLite: while a FaultyDisk lives it is SQLite's default VFS. Writes go
// to a cache, as in a kernel; a sync puts them on the disk. At a crash what was not synced is lost,
// kept, torn or kept out of order, piece by piece; what was synced holds. It can fail single
// operations, too. The files below are real ones in a folder: they hold what the disk holds, so
// that a program's own rename(), unlink() and stat() work as ever. One at a time, one thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <sqlite3.h>

#include "base/file_descriptor.h"
#include "base/rng.h"

namespace tidegate::crash {

/// What becomes of writes that no sync has put down, when the power goes.
enum class Unsynced {
  Lost,
  Kept,
  Mangled,  // each of its own: lost, kept, torn in pieces of 512 bytes, or rubbish where it was
            // torn
};

enum class Fault {
  IoError,    // the disk answers with an error; a failed sync may have lost what it should write
  FullDisk,   // writes do not fit
  PowerLoss,  // nothing works any more until power_on()
};

class FaultyDisk {
 public:
  explicit FaultyDisk(std::uint64_t seed);
  ~FaultyDisk();
  FaultyDisk(const FaultyDisk&) = delete;
  FaultyDisk& operator=(const FaultyDisk&) = delete;

  /// After so many more operations (opening, writing, truncating, syncing, deleting) the next
  /// `count` ones fail. The one that meets a power loss may have been under way.
  void fail_after(std::uint64_t operations, Fault fault, std::uint64_t count);
  /// The same for reads: I/O errors.
  void fail_reads_after(std::uint64_t reads, std::uint64_t count);
  /// The disk works from now on.
  void heal();
  /// The power comes back: what the disk holds then. Every file has to be closed.
  void power_on(Unsynced unsynced);

  std::uint64_t operations() const { return operations_; }
  /// A planned fault has met an operation.
  bool has_failed() const { return has_failed_; }

 private:
  struct Write {
    std::uint64_t offset = 0;
    std::string bytes;
    std::optional<std::uint64_t> truncate_to;  // a truncation instead
  };
  struct Image {  // of one file, by inode: it stays when the file is renamed
    FileDescriptor descriptor;
    std::string durable;           // as the disk has it; the real file, too
    std::string cached;            // as programs see it
    std::vector<Write> unsynced;   // from durable to cached
    bool has_durable_name = true;  // false: made, and never synced
    std::string path;
  };
  struct Plan {
    std::uint64_t left = 0;
    std::uint64_t count = 0;
    Fault fault = Fault::IoError;
  };
  struct Deleted {  // its folder was not synced: a crash may bring it back
    std::string path;
    std::string bytes;
  };
  struct File {  // SQLite's handle; the first member is its base
    sqlite3_file base;
    FaultyDisk* disk;
    Image* image;
    bool deletes_on_close;
  };

  static FaultyDisk& of(sqlite3_vfs* vfs) { return *static_cast<FaultyDisk*>(vfs->pAppData); }
  static File& as_file(sqlite3_file* file);
  static const sqlite3_io_methods& methods();

  static int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* given);
  static int remove(sqlite3_vfs* vfs, const char* path, int sync_folder);
  static int close(sqlite3_file* file);
  static int read(sqlite3_file* file, void* to, int size, sqlite3_int64 offset);
  static int write(sqlite3_file* file, const void* from, int size, sqlite3_int64 offset);
  static int truncate(sqlite3_file* file, sqlite3_int64 size);
  static int sync(sqlite3_file* file, int flags);

  std::optional<Fault> spend_operation();
  Image* image_at(const std::string& path, int flags);
  void put_down(Image& image) const;
  void mangle(Image& image);
  void apply_piecewise(std::string& durable, const Write& write);
  static void apply(std::string& bytes, const Write& write);
  void restore_deleted(Unsynced unsynced);

  sqlite3_vfs vfs_{};
  sqlite3_vfs* real_ = nullptr;
  Rng rng_;
  std::map<std::uint64_t, std::unique_ptr<Image>> images_;  // by inode
  std::vector<Deleted> deleted_;
  std::optional<Plan> plan_;
  std::optional<Plan> read_plan_;
  bool is_dark_ = false;
  bool has_failed_ = false;
  std::uint64_t operations_ = 0;
};

}  // namespace tidegate::crash
