// Files that are whole or absent: temporary file in the same folder, fsync, rename (or link), fsync
// of the folder. Missing folders on the way to `path` are made. Errors (no space left, no
// permission, a device in its place) are WorkErrors naming the file, and no temporary stays behind.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>

namespace isoloss {

// Replaces `path` by `content`.
void write_durably(const std::filesystem::path& path, std::string_view content);

// Creates `path` with `content` unless it exists already; returns whether this call made it.
bool publish_once(const std::filesystem::path& path, std::string_view content);

// A name beside `path` that no other process uses: PATH.tmp-HOST-PID-N.
std::filesystem::path temporary_beside(const std::filesystem::path& path);

// Whether a file name has the form of temporary_beside's, to its last character.
bool is_temporary(const std::filesystem::path& path);

// What the name of a temporary tells of the process that made it.
enum class TemporaryMaker {
  Unknown,  // of another host, or the name is no temporary's
  Living,   // of this host, and a process of that number lives
  Dead      // of this host, and there is no such process
};
TemporaryMaker maker_of_temporary(const std::filesystem::path& path);

// fsyncs `temporary`, renames it to `path` and fsyncs the folder.
void commit_file(const std::filesystem::path& temporary, const std::filesystem::path& path);

// Renames `from`, a file or a folder on the same file system, to `to`, where nothing is yet, and
// fsyncs the folder. WorkError naming `to`.
void move_durably(const std::filesystem::path& from, const std::filesystem::path& to);

// The whole file as bytes; UnreadError (an InputError) where it is missing or unreadable.
std::string read_file(const std::filesystem::path& path);

// Copies a file to where none is yet. WorkError naming `to`; UnreadError naming
// `from`.
void copy_durably(const std::filesystem::path& from, const std::filesystem::path& to);

// Writes all of `content` to an open file; WorkError naming `path`.
void write_all(int file, const std::filesystem::path& path, std::string_view content);

// The WorkError of a failed system call on `path`: `cannot write PATH (why); what to do`.
[[noreturn]] void throw_write_error(const std::filesystem::path& path, int error_number);

}  // namespace isoloss
