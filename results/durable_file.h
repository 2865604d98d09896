// Files that are whole or absent: temporary file in the same folder, fsync, rename (or link), fsync
// of the folder. Errors (no space left, no permission) are WorkErrors naming the file.
#pragma once
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace isoloss {

// Replaces `path` by `content`.
void write_durably(const std::filesystem::path& path, std::string_view content);

// Creates `path` with `content` unless it exists already; returns whether this call made it.
bool publish_once(const std::filesystem::path& path, std::string_view content);

// A name beside `path` that no other process uses: PATH.tmp-HOST-PID-N.
std::filesystem::path temporary_beside(const std::filesystem::path& path);

// fsyncs `temporary`, renames it to `path` and fsyncs the folder.
void commit_file(const std::filesystem::path& temporary, const std::filesystem::path& path);

// The whole file as bytes; InputError where it is missing or unreadable.
std::string read_file(const std::filesystem::path& path);

}  // namespace isoloss
