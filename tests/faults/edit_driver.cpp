// Edits an archive step by step, one commit each, and says "done N" when step N is durable: what somebody who
// kills it may rely on. With DALIL_PLANT=early in the environment it says so before: a defect to be found.
// Step N of every sixteen is a rotation of the keys (N = 15, 31 ...), of every five others the withdrawal of
// the link made last; all else states incident E-N and links an item to it.

#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <vector>

#include "dalil/archive/archive.hpp"
#include "dalil/ledger/memory.hpp"
#include "unlock.hpp"

namespace {

using namespace dalil;

void say(std::uint64_t done) {
  char line[40];
  const int size = std::snprintf(line, sizeof line, "done %llu\n", static_cast<unsigned long long>(done));
  if (write(STDOUT_FILENO, line, static_cast<std::size_t>(size)) != size) _exit(9);
}

struct Place {
  std::string archive, key_file, state;

  ledger::Keyring keyring() const { return faults::unlock(archive, key_file); }
  std::shared_ptr<ledger::CheckpointMemory> memory() const {
    const ledger::ArchiveId id = keyring().archive_id();
    return std::make_shared<ledger::FileMemory>(
        ledger::seen_path(state, id), ledger::origin_of(id),
        [](const std::string& text) { std::fprintf(stderr, "memory: %s\n", text.c_str()); });
  }
  archive::Archive open() const {
    return archive::Archive::open(archive, keyring(), system_clock(), memory());
  }
};

std::string incident_of(std::uint64_t step) {
  return "E-" + std::to_string(step);
}

void link(archive::Editor& editor, std::uint64_t step, const Digest& digest) {
  archive::Incident incident;
  incident.id = incident_of(step);
  const archive::Row row = editor.put_incident(incident, "step");
  editor.add_link(editor.find_item(digest).value(), row, archive::LinkType::depicts, {}, {}, "step");
}

void withdraw(archive::Archive& archive, archive::Editor& editor, std::uint64_t step) {
  archive::View view = archive.view();
  const archive::Row incident = view.find_incident(incident_of(step)).value();
  editor.withdraw_link(view.links_of_incident(incident).at(0).row, "step");
}

void run(const Place& place, std::uint64_t step, std::uint64_t end, const std::vector<Digest>& digests) {
  const char* plant = std::getenv("DALIL_PLANT");
  const bool early = plant != nullptr && std::string_view(plant) == "early";
  std::optional<archive::Archive> archive(place.open());
  for (; step < end; ++step) {
    if (early) say(step);
    if (step % 16 == 15) {
      archive.reset();
      archive::rotate_keys(place.archive, place.keyring(), "step", system_clock(), place.memory());
      archive.emplace(place.open());
    } else {
      archive::Editor editor = archive->edit();
      // Step 16 k withdraws nothing: what came before it was a rotation.
      if (step % 5 == 4 && step % 16 != 0)
        withdraw(*archive, editor, step - 1);
      else
        link(editor, step, digests[step % digests.size()]);
      editor.commit();
    }
    if (!early) say(step);
  }
}

std::uint64_t number(const char* text) {
  std::uint64_t value = 0;
  std::from_chars(text, text + std::char_traits<char>::length(text), value);
  return value;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 7) {
    std::fprintf(stderr, "usage: %s ARCHIVE KEY_FILE STATE FIRST END DIGEST...\n", argv[0]);
    return 2;
  }
  try {
    std::vector<Digest> digests;
    for (int i = 6; i < argc; ++i) digests.push_back(Digest::from_hex(argv[i]).value());
    run({argv[1], argv[2], argv[3]}, number(argv[4]), number(argv[5]), digests);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 2;
  }
  return 0;
}
