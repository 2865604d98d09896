// How the members of a group tell each other that it has failed, while devices are stuck and hosts
// wait for them: a file that the first to know writes and all look for. A shared file system is
// what ranks have wherever a study runs; a message would not reach a rank that waits in MPI.
#pragma once
#include <filesystem>
#include <optional>
#include <string>

namespace isoloss {

class GroupNotice {
 public:
  virtual ~GroupNotice() = default;
  // The first word counts; a later one changes nothing. WorkError where it cannot be told.
  virtual void tell(const std::string& reason) = 0;
  // What a member told, this one too; absent while nobody has.
  virtual std::optional<std::string> heard() = 0;
};

// FOLDER/group-MARK.failed, with a mark that no other group has (DeviceGroups::mark).
class FileNotice final : public GroupNotice {
 public:
  FileNotice(const std::filesystem::path& folder, const std::string& mark);
  void tell(const std::string& reason) override;
  std::optional<std::string> heard() override;

 private:
  std::filesystem::path path_;
};

// Removes the notices of groups that are gone; by one rank, before the groups of the next are made.
void forget_notices(const std::filesystem::path& folder);

}  // namespace isoloss
