// Says what is to be found in archives that a power cut left behind, many in one process. Each line on
// standard input names an archive, a key file and a state directory (tabs between them); with a fourth field
// the archive is checked, and an incident with that id is added, or, if it is "*", the roots of all smaller
// trees are told. The answer is lines of facts, then the line ".":
//   entries N, root HEX, epoch N, redacted N, rollback TEXT
//   volume LABEL / incident ID REVISION / link DIGEST ID / unlink DIGEST ID
//   copy VOLUME DIGEST STATE PATH / key NAME / unkey NAME / run KIND
//   prefix N HEX
//   problem TEXT   (of dalil check)        written   (the incident was added, and is there when opened again)
//   error CODE TEXT

#include <cstdio>
#include <iostream>
#include <sstream>

#include "dalil/archive/archive.hpp"
#include "dalil/base/error.hpp"
#include "dalil/ledger/memory.hpp"
#include "unlock.hpp"

namespace {

using namespace dalil;

archive::Archive open_archive(const std::string& directory, const std::string& key_file,
                              const std::string& state) {
  ledger::Keyring keyring = faults::unlock(directory, key_file);
  const ledger::ArchiveId id = keyring.archive_id();
  auto memory = std::make_shared<ledger::FileMemory>(
      ledger::seen_path(state, id), ledger::origin_of(id),
      [](const std::string& text) { std::cout << "problem " << text << "\n"; });
  return archive::Archive::open(directory, std::move(keyring), system_clock(), std::move(memory));
}

void tell_ledger(const archive::Archive& archive, archive::View& view) {
  ledger::Reader& reader = view.reader();
  std::cout << "entries " << reader.size() << "\n"
            << "root " << merkle::root_at(reader.size(), reader.nodes()).hex() << "\n"
            << "epoch " << archive.ledger().keyring().epoch() << "\n";
  if (const auto& rollback = archive.ledger().rollback())
    std::cout << "rollback " << ledger::describe(*rollback) << "\n";
  for (const archive::KeyInfo& key : view.keys())
    std::cout << (key.removed_seq ? "unkey " : "key ") << key.actor_name << "\n";
  for (const archive::RunSummary& run : view.runs(1000)) std::cout << "run " << run.seq << "\n";
}

void tell_evidence(archive::View& view) {
  for (const archive::Volume& volume : view.volumes()) std::cout << "volume " << volume.label << "\n";
  const ledger::Row incidents = view.can_read(ledger::SealClass::evidence) ? view.incident_count() : 0;
  for (ledger::Row row = 0; row < incidents; ++row) {
    const auto history = view.incident_history(row);
    for (std::size_t i = 0; i < history.size(); ++i)
      std::cout << "incident " << history[i].incident.id << " " << i << "\n";
    for (const archive::Link& link : view.links_of_incident(row, true))
      std::cout << (link.withdrawn ? "unlink " : "link ") << view.item(link.item).digest.hex() << " "
                << history.front().incident.id << "\n";
  }
  for (ledger::Row row = 0; row < view.item_count(); ++row)
    for (const archive::CopyInfo& copy : view.copies_of(row))
      std::cout << "copy " << copy.volume_label << " " << view.item(row).digest.hex() << " "
                << static_cast<int>(copy.row.state) << " " << copy.path << "\n";
}

void tell_prefixes(ledger::Reader& reader) {
  for (std::uint64_t size = 1; size <= reader.size(); ++size)
    std::cout << "prefix " << size << " " << merkle::root_at(size, reader.nodes()).hex() << "\n";
}

void add_and_find(const std::string& directory, const std::string& key_file, const std::string& state,
                  const std::string& id) {
  {
    archive::Archive archive = open_archive(directory, key_file, state);
    archive::Editor editor = archive.edit();
    archive::Incident incident;
    incident.id = id;
    editor.put_incident(incident, "after the cut");
    editor.commit();
  }
  archive::Archive archive = open_archive(directory, key_file, state);
  archive::View view = archive.view();
  if (!archive.ledger().rollback() && view.find_incident(id)) std::cout << "written\n";
}

void judge(const std::vector<std::string>& words) {
  {
    const archive::Archive archive = open_archive(words[0], words[1], words[2]);
    archive::View view = archive.view();
    tell_ledger(archive, view);
    tell_evidence(view);
    if (words.size() < 4) return;
    if (words[3] == "*") return tell_prefixes(view.reader());
    const archive::CheckReport report = archive::check(archive);
    std::cout << "redacted " << report.redacted << "\n";
    for (const std::string& problem : report.problems) std::cout << "problem " << problem << "\n";
  }
  if (words[3] != "?") add_and_find(words[0], words[1], words[2], words[3]);
}

}  // namespace

int main() {
  std::ios::sync_with_stdio(false);
  for (std::string line; std::getline(std::cin, line);) {
    std::vector<std::string> words;
    std::istringstream fields(line);
    for (std::string word; std::getline(fields, word, '\t');) words.push_back(word);
    try {
      if (words.size() < 3) return 2;
      judge(words);
    } catch (const Error& error) {
      std::cout << "error " << static_cast<int>(error.code()) << " " << error.what() << "\n";
    } catch (const std::exception& error) {
      std::cout << "error -1 " << error.what() << "\n";
    }
    std::cout << "." << std::endl;
  }
  return 0;
}
