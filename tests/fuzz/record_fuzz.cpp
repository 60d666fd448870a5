// The content of an entry, as somebody who holds the keys might forge it: it is told in one line and derived
// from, or refused; nothing but an Error comes out of it.

#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "dalil/archive/archive.hpp"
#include "dalil/archive/custody.hpp"
#include "dalil/archive/timestamp.hpp"
#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "dalil/crypto/hash.hpp"
#include "derive.hpp"
#include "edits.hpp"
#include "summarize.hpp"
#include "timestamp_samples.hpp"

namespace {

using namespace dalil;

/// An archive with one entry of each kind, in memory where the system has such a place.
class Ground {
 public:
  Ground() : directory_(fresh_directory()) {
    const ledger::Keyring ring = ledger::Keyring::generate("Amal");
    archive::Archive::create(directory_ + "/a", ring, {});
    archive_.emplace(archive::Archive::open(directory_ + "/a", ring.clone()));
    archive::Editor editor = archive_->edit();
    fill(editor);
    cosign(editor, ring);
    editor.commit();
    ledger::Reader reader = archive_->ledger().read();
    for (ledger::Seq seq = 0; seq < reader.size(); ++seq) samples.push_back(reader.entry(seq).content);
    samples.push_back(rollback_accepted());
  }
  ~Ground() {
    archive_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  std::vector<Bytes> samples;
  archive::Editor edit() { return archive_->edit(); }

 private:
  static std::string fresh_directory() {
    std::string name = std::filesystem::is_directory("/dev/shm") ? "/dev/shm" : "/tmp";
    name += "/dalil-fuzz-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) std::abort();
    return name;
  }

  static void fill(archive::Editor& editor) {
    archive::Volume volume;
    volume.label = "disk";
    const archive::Row disk = editor.add_volume(volume);
    archive::Copy copy;
    copy.volume = disk;
    copy.directory = "d";
    copy.name = "n";
    copy.digest = crypto::sha256({});
    copy.tags.resize(1);
    const archive::Row item = editor.add_copy(copy).item;
    copy.stored = archive::StoredForm{crypto::sha256({}), 5, disk, "d", "n"};
    copy.name = "sealed";
    editor.add_copy(copy);
    editor.make_recovery_key("why");
    editor.add_symlink(disk, "d", "link", {}, "target");
    media::MediaFacts facts;
    facts.make = "maker";
    facts.times.push_back({});
    facts.places.push_back({});
    editor.add_facts(item, facts);
    archive::Incident incident;
    incident.id = "I1";
    incident.killed = {15, "at least"};
    incident.relations = {{"precedes", "I2"}};
    const archive::Row row = editor.put_incident(incident, "reason");
    editor.withdraw_link(editor.add_link(item, row, archive::LinkType::depicts, 1, 2, "why"), "not so");
    archive::Source source;
    source.alias = "W7";
    source.note = "note";
    const archive::Row from = editor.put_source(source, "reason");
    editor.put_identity(from, {"name", "contact", "note"});
    const archive::Row items[] = {item};
    editor.assign(from, items, "why");
    editor.unassign(from, items, "why not");
    editor.record_verdicts(disk, "d", {{"n", archive::Verdict::corrupt}}, 1);
    archive::RunSummary run;
    run.kind = "verify";
    run.volume = disk;
    run.source = "somebody";
    run.exceptions.resize(1);
    editor.add_run(run);
    editor.mark_vanished(disk, {{"d", "n", "e"}});
    const Bytes token = crypto::timestamp::read_reply(*from_base64(fuzz::kGranted)).token;
    editor.add_timestamp({token, {}, {}}, {1, "fuzz\n"});
  }

  static void cosign(archive::Editor& editor, const ledger::Keyring& ring) {
    const merkle::NoteKey key = archive::cosigner_key(ring);
    const merkle::Checkpoint checkpoint{ledger::origin_of(ring.archive_id()), 1, crypto::sha256({})};
    merkle::Note note{checkpoint.body(), {}};
    merkle::cosign(note, key.name, archive::cosigning_key(ring), 7);
    std::string text = note.encode();
    text.pop_back();
    editor.add_cosignature(checkpoint, text.substr(text.rfind('\n') + 1), key, 7);
  }

  /// No archive that continues what was seen has such an entry: field 23 of docs/formats/entry.md by hand.
  static Bytes rollback_accepted() {
    std::string message("\x08\x05\x12\x20", 4);
    message += std::string(32, 'r') + "\x1a\x04note" + "\x20\x09\x28\x02\x32\x20" + std::string(32, 'f') +
               "\x3a\x03why";
    const std::string content = "\xba\x01" + std::string(1, static_cast<char>(message.size())) + message;
    return {content.begin(), content.end()};
  }

  std::string directory_;
  std::optional<archive::Archive> archive_;
};

void expect_refusal(const Error& error) {
  if (error.code() != ErrorCode::corrupt && error.code() != ErrorCode::unsupported) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Ground ground;
  const Bytes input = fuzz::input_from({data, size}, ground.samples);
  archive::Editor editor = ground.edit();  // dropped without a commit
  const archive::Seq seq = editor.writer().size();
  try {
    archive::summarize(input, seq);
    archive::Deriver deriver(editor.writer());
    deriver.apply_content(seq, input);
    deriver.flush();
  } catch (const Error& error) {
    expect_refusal(error);
  }
  return 0;
}
