// What a key does not open. Holds one role's keyring and every byte of the database, as somebody does who has
// taken an auditor's laptop, and tries every key that follows from the keyring on every sealed value: with
// the associated data that belongs to it, with others, and with none at all.

#include <openssl/evp.h>

#include <filesystem>
#include <map>
#include <set>

#include "archive/archive_fixture.hpp"
#include "archive/full_incident.hpp"
#include "archive/raw_database.hpp"
#include "dalil/archive/recovery.hpp"
#include "dalil/archive/review.hpp"
#include "dalil/archive/saved_query.hpp"
#include "dalil/archive/stated_vocabulary.hpp"
#include "dalil/archive/tag.hpp"
#include "dalil/archive/thumbnails.hpp"
#include "dalil/base/text.hpp"
#include "dalil/crypto/seal.hpp"
#include "plain_jpeg.hpp"
#include "schema.hpp"

using namespace dalil;
using namespace dalil::archive;
using namespace dalil::testing;
using ledger::Role;
using ledger::SealClass;

namespace {

// Words that occur nowhere else. The last letter says of which class the text is that holds them.
constexpr const char* kInventoryMark = "Quokka-I";
constexpr const char* kEvidenceMark = "Quokka-E";
constexpr const char* kSourceMark = "Quokka-S";

/// Fills an incident's texts with the mark, so that none is forgotten when a field is added: `full_incident`
/// has them all.
Incident marked_incident() {
  Incident incident = full_incident(std::string("ID ") + kEvidenceMark);
  for (std::string* text :
       {&incident.local_time_source, &incident.governorate, &incident.place, &incident.subdistrict,
        &incident.perpetrator_group, &incident.perpetrator_text, &incident.weapon, &incident.target,
        &incident.description, &incident.description_ar, &incident.notes, &incident.killed_described_as})
    *text += std::string(" ") + kEvidenceMark;
  incident.witness_json = std::string("\"") + kEvidenceMark + "\"";
  incident.relations = {{"precedes", kEvidenceMark}};
  return incident;
}

media::MediaFacts marked_facts() {
  media::MediaFacts facts;
  facts.kind = media::MediaKind::photo;
  facts.format = "jpeg";
  facts.make = facts.model = facts.serial = facts.software = kEvidenceMark;
  facts.times.push_back({.field = "f", .raw = kEvidenceMark, .ms = 1505118600000});
  facts.places.push_back({"p", kEvidenceMark, 35.3, 40.1, {}, {}});
  facts.fields.push_back({"n", kEvidenceMark});
  return facts;
}

/// An archive in which each class has texts of its own, in every kind of entry and in everything derived.
struct Marked : ArchiveFixture {
  ledger::Keyring auditor = admit(Role::auditor, "Sami");
  ledger::Keyring investigator = admit(Role::investigator, "Huda");

  Marked() {
    Archive archive = open();
    Editor editor = archive.edit();
    Volume volume = volume_named(std::string("disk ") + kInventoryMark);
    volume.note = volume.kept_at = kInventoryMark;
    const Row disk = editor.add_volume(volume);
    std::vector<Row> items;
    for (int i = 0; i < 40; ++i)
      items.push_back(
          editor.add_copy(copy_of(disk, kInventoryMark, "file " + std::to_string(i), std::to_string(i)))
              .item);
    editor.add_symlink(disk, "", "link", {}, kInventoryMark);
    for (const Row item : items) editor.add_facts(item, marked_facts());
    for (const char* content : {"0", "1"})
      put_thumbnails(editor, crypto::sha256(as_bytes(content)), {{{7, plain_jpeg()}}, kEvidenceMark});
    const Row incident = editor.put_incident(marked_incident(), kEvidenceMark);
    const Row link = editor.add_link(items[0], incident, LinkType::depicts, 1, 2, kEvidenceMark);
    editor.add_link(items[1], incident, LinkType::context, {}, {}, kEvidenceMark);
    editor.withdraw_link(link, kEvidenceMark);
    Source source;
    source.alias = std::string("Alias ") + kEvidenceMark;
    source.note = kEvidenceMark;
    source.consent = Consent::courts;
    const Row from = editor.put_source(source, kEvidenceMark);
    editor.put_identity(from, {kSourceMark, kSourceMark, kSourceMark});
    editor.assign(from, items, kEvidenceMark);
    editor.unassign(from, std::vector{items[3]}, kEvidenceMark);
    save_query(editor, std::string("Query") + kEvidenceMark, kEvidenceMark, kEvidenceMark);
    add_tag(editor, std::string("Tag ") + kEvidenceMark, items, kEvidenceMark);
    remove_tag(editor, std::string("Tag ") + kEvidenceMark, std::vector{items[3]}, kEvidenceMark);
    Review review;
    review.method = review.result = review.note = kEvidenceMark;
    review_link(editor, link, review);
    review.made = review.shown = {35.3, 40.1, 500, kEvidenceMark};
    review_item(editor, items[0], review);
    state_vocabulary(editor, "parties", kEvidenceMark, kEvidenceMark);
    editor.make_recovery_key(kInventoryMark);
    RunSummary run;
    run.kind = "scan";
    run.volume = disk;
    run.folder = kInventoryMark;
    run.source = run.note = run.incident = kSourceMark;
    editor.add_run(run);
    editor.record_verdicts(disk, kInventoryMark, {{"file 1", Verdict::corrupt}}, 77);
    editor.mark_vanished(disk, {{kInventoryMark, "file 2", ""}});
    editor.commit();
  }
};

/// A sealed value: docs/formats/archive.md.
struct Sealed {
  std::string name;  ///< for messages
  SealClass seal_class;
  std::uint8_t place = 0;
  Bytes key;    ///< of the database
  Bytes bound;  ///< the public part of an entry
  Bytes value;
};

/// Which class a value should be of, by the documented layout. Fails for a table that is not listed here:
/// whoever adds one has to say what an auditor may see of it.
std::vector<Sealed> sealed_values(const std::vector<RawValue>& raw) {
  constexpr std::size_t kPublicPart = 50;
  std::vector<Sealed> all;
  for (const RawValue& one : raw) {
    const std::string name = one.table + " " + to_hex(one.key);
    if (one.table == "entries") {
      REQUIRE(one.value.size() > kPublicPart);
      all.push_back({name, static_cast<SealClass>(one.value[1]), 1, one.key,
                     Bytes(one.value.begin(), one.value.begin() + kPublicPart),
                     Bytes(one.value.begin() + kPublicPart, one.value.end())});
    } else if (one.table == "blocks") {
      const auto column = std::ranges::find_if(schema::kColumns, [&](const ledger::Column& c) {
        return c.table == one.key[0] && c.id == one.key[1];
      });
      REQUIRE(column != std::end(schema::kColumns));
      all.push_back({name + " " + column->name, column->seal_class, 2, one.key, {}, one.value});
    } else if (one.table == "records") {
      const bool directories = one.key[0] == schema::kDirectories.id;
      REQUIRE((directories || one.key[0] == schema::kThumbnails.id));
      all.push_back(
          {name, directories ? SealClass::inventory : SealClass::evidence, 3, one.key, {}, one.value});
    } else if (one.table == "meta") {
      const std::string key(as_chars(one.key));
      if (key == "state" || key == "signers")
        all.push_back({name, SealClass::inventory, 4, one.key, {}, one.value});
    } else {
      CAPTURE(one.table);
      CHECK(std::set<std::string>{"tiles", "checkpoints", "lookups"}.contains(one.table));
    }
  }
  return all;
}

/// Every key that somebody who holds this keyring can make, and some that make no sense.
std::vector<crypto::Secret> keys_from(const ledger::Keyring& ring) {
  std::vector<crypto::Secret> roots;
  for (const SealClass c : ledger::kSealClasses)
    if (ring.can_read(c)) roots.push_back(ring.class_key(c, ring.epoch()).clone());
  for (std::uint32_t epoch = 1; epoch <= ring.epoch(); ++epoch) roots.push_back(ring.tag_key(epoch));
  roots.push_back(ring.signing_key().seed().clone());
  std::vector<crypto::Secret> keys;
  for (const crypto::Secret& root : roots) {
    keys.push_back(root.clone());
    std::vector<std::string> labels{"dalil1 token", "dalil1 chunk tags"};
    for (const SealClass c : ledger::kSealClasses)
      for (int place = 0; place <= 8; ++place)
        labels.push_back(std::string("dalil1 seal ") + ledger::name_of(c) + " " + std::to_string(place));
    for (const std::string& label : labels) keys.push_back(crypto::hkdf_sha256(root.view(), label, 32));
  }
  return keys;
}

Bytes associated(const ledger::ArchiveId& id, std::uint8_t place, SealClass seal_class, std::uint32_t epoch,
                 ByteView key, ByteView bound) {
  Bytes out(id.begin(), id.end());
  append_u8(out, place);
  append_u8(out, static_cast<std::uint8_t>(seal_class));
  append_u8(out, 1);
  append_u32(out, epoch);
  append(out, key);
  append(out, bound);
  return out;
}

constexpr std::size_t kHeader = 5, kNonce = 12, kTag = 16;

/// What AES-256-CTR makes of a sealed value: GCM without its check, so that no associated data has to be
/// guessed.
std::string decrypt_unchecked(EVP_CIPHER_CTX* context, const crypto::Secret& key, const Bytes& sealed) {
  std::array<std::uint8_t, 16> counter{};
  std::copy_n(sealed.begin() + kHeader, kNonce, counter.begin());
  counter[15] = 2;
  const std::size_t size = sealed.size() - kHeader - kNonce - kTag;
  std::string plain(size, '\0');
  int written = 0;
  REQUIRE(EVP_DecryptInit_ex(context, EVP_aes_256_ctr(), nullptr, key.view().data(), counter.data()) == 1);
  REQUIRE(EVP_DecryptUpdate(context, reinterpret_cast<std::uint8_t*>(plain.data()), &written,
                            sealed.data() + kHeader + kNonce, static_cast<int>(size)) == 1);
  return plain;
}

/// Length, content, zeros: what every sealed plaintext looks like. By chance one in four thousand million
/// does.
bool looks_like_plaintext(const std::string& plain) {
  if (plain.size() < 4) return false;
  std::uint64_t length = 0;
  for (int i = 0; i < 4; ++i) length = length << 8 | static_cast<std::uint8_t>(plain[i]);
  return length <= plain.size() - 4 && plain.find_first_not_of('\0', 4 + length) == std::string::npos;
}

/// What a keyring made of a database.
struct Opened {
  std::map<SealClass, std::size_t> values, opened;
  std::map<std::string, std::set<std::string>> words;  ///< marks to the places where they appeared
};

void look_for_marks(Opened& result, const std::string& where, const std::string& text,
                    const std::string& more = {}) {
  if (!more.empty() && text.find(more) != std::string::npos) result.words[more].insert(where);
  for (const char* mark : {kInventoryMark, kEvidenceMark, kSourceMark})
    if (text.find(mark) != std::string::npos) result.words[mark].insert(where);
}

/// Tries everything. `read_as_documented` tells whether the value opened with the data that belongs to it.
Opened attack(const ledger::Keyring& ring, const std::vector<Sealed>& values, const std::string& more = {}) {
  const std::vector<crypto::Secret> keys = keys_from(ring);
  std::vector<crypto::Sealer> sealers;
  for (const crypto::Secret& key : keys) sealers.emplace_back(key.view());
  const std::unique_ptr<EVP_CIPHER_CTX, void (*)(EVP_CIPHER_CTX*)> context(EVP_CIPHER_CTX_new(),
                                                                           EVP_CIPHER_CTX_free);
  Opened result;
  for (const Sealed& one : values) {
    ++result.values[one.seal_class];
    REQUIRE(one.value.size() >= kHeader + kNonce + 4 + kTag);
    std::vector<Bytes> guesses{{}};
    for (const SealClass c : ledger::kSealClasses)
      for (std::uint8_t place = 1; place <= 4; ++place)
        for (const std::uint32_t epoch : {0U, 1U, 2U, 3U})
          for (const ByteView bound : {ByteView(one.bound), ByteView()})
            guesses.push_back(associated(ring.archive_id(), place, c, epoch, one.key, bound));
    bool opened = false;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      Bytes plain;
      for (const Bytes& guess : guesses) {
        if (!sealers[i].open(plain, guess, ByteView(one.value).subspan(kHeader))) continue;
        opened = true;
        look_for_marks(result, one.name, std::string(as_chars(plain)), more);
      }
      const std::string unchecked = decrypt_unchecked(context.get(), keys[i], one.value);
      look_for_marks(result, one.name + " unchecked", unchecked, more);
      if (looks_like_plaintext(unchecked)) opened = true;
    }
    if (opened) ++result.opened[one.seal_class];
  }
  return result;
}

/// No word of any class lies in the open: neither in values nor in what LMDB keeps between them.
void check_raw(const Marked& f, const std::vector<RawValue>& raw) {
  Opened open;
  for (const RawValue& one : raw) {
    look_for_marks(open, one.table, std::string(as_chars(one.key)));
    look_for_marks(open, one.table, std::string(as_chars(one.value)));
  }
  for (const auto& file : std::filesystem::recursive_directory_iterator(f.path))
    if (file.is_regular_file())
      look_for_marks(open, file.path().filename(), read_raw_file(file.path().string()));
  CHECK(open.words.empty());
}

/// Whether a name in the lookups can be made for this value with some key that follows from the keyring: then
/// guesses can be tried.
bool can_guess(const ledger::Keyring& ring, const std::vector<RawValue>& raw, std::string_view kind,
               std::string_view value) {
  std::set<Bytes> names;
  for (const RawValue& one : raw)
    if (one.table == "lookups" || one.table == "records")
      names.emplace(one.key.end() - 16, one.key.end());  // a record's begins with the number of its table
  Bytes text;
  for (const std::string_view part : {kind, value}) {
    append_varint(text, part.size());
    append(text, as_bytes(part));
  }
  for (const crypto::Secret& key : keys_from(ring)) {
    const auto token = crypto::KeyedToken(key.view()).of(text);
    if (names.contains(Bytes(token.begin(), token.begin() + 16))) return true;
  }
  return false;
}

}  // namespace

TEST_CASE(
    "guesses at incidents, cameras and aliases can be tried by those who may see them, and by nobody else") {
  const Marked f;
  const auto raw = read_raw_database(f.path);
  const std::string mark = kEvidenceMark, id = "ID " + mark, camera = mark + " " + mark + " " + mark;
  CHECK(can_guess(f.auditor, raw, "volume", std::string("disk ") + kInventoryMark));
  CHECK(can_guess(f.investigator, raw, "incident", id));
  CHECK(can_guess(f.investigator, raw, "camera", camera));
  CHECK(!can_guess(f.auditor, raw, "incident", id));
  CHECK(!can_guess(f.auditor, raw, "camera", camera));
  for (const auto* ring : {&f.auditor, &f.investigator, &f.ring})
    for (const char* kind : {"source", "alias", "assignment", "identity"})
      CHECK(!can_guess(*ring, raw, kind, "Alias " + mark));
}

TEST_CASE("after a rotation the auditor's new keys open as little as the old ones") {
  const Marked f;
  rotate_keys(f.path, f.ring.clone(), "a laptop was lost", f.clock);
  const auto raw = read_raw_database(f.path);
  check_raw(f, raw);
  const ledger::Keyring granted = f.open(f.auditor).keyring().clone();
  CHECK(granted.epoch() == 2);
  Opened result = attack(granted, sealed_values(raw));
  CHECK(result.opened[SealClass::inventory] == result.values[SealClass::inventory]);
  CHECK(result.opened[SealClass::evidence] == 0);
  CHECK(result.opened[SealClass::source] == 0);
  Opened old = attack(f.auditor, sealed_values(raw));
  for (const SealClass c : ledger::kSealClasses) CHECK(old.opened[c] == 0);
}

TEST_CASE("an auditor's key opens all of the inventory, and nothing of evidence and sources") {
  const Marked f;
  const auto raw = read_raw_database(f.path);
  check_raw(f, raw);
  Opened result = attack(f.auditor, sealed_values(raw));
  CHECK(result.values[SealClass::inventory] > 50);
  CHECK(result.values[SealClass::evidence] > 50);
  CHECK(result.values[SealClass::source] >= 4);  // an identity, a remark, two columns
  CHECK(result.opened[SealClass::inventory] == result.values[SealClass::inventory]);
  CHECK(result.opened[SealClass::evidence] == 0);
  CHECK(result.opened[SealClass::source] == 0);
  CHECK(result.words.contains(kInventoryMark));
  CHECK(!result.words.contains(kEvidenceMark));
  CHECK(!result.words.contains(kSourceMark));
}

TEST_CASE("an auditor's key finds neither the recovery key nor its name, an archivist's both") {
  const Marked f;
  const auto raw = read_raw_database(f.path);
  const Archive archive = f.open();
  View view = archive.view();
  const std::string secret(as_chars(recovery_identities(view).front().scalar.view()));
  CHECK(can_guess(f.auditor, raw, "recovery recipient", ""));
  CHECK(!can_guess(f.auditor, raw, "recovery key", ""));
  CHECK(can_guess(f.ring, raw, "recovery key", ""));
  CHECK(attack(f.auditor, sealed_values(raw), secret).words.count(secret) == 0);
  CHECK(attack(f.ring, sealed_values(raw), secret).words.count(secret) == 1);
}

TEST_CASE("an investigator's key opens everything but what is of class source") {
  const Marked f;
  Opened result = attack(f.investigator, sealed_values(read_raw_database(f.path)));
  for (const SealClass c : {SealClass::inventory, SealClass::evidence})
    CHECK(result.opened[c] == result.values[c]);
  CHECK(result.opened[SealClass::source] == 0);
  CHECK(result.words.contains(kEvidenceMark));
  CHECK(!result.words.contains(kSourceMark));
}

TEST_CASE("the same search with an archivist's key opens everything: it does find what there is") {
  const Marked f;
  Opened result = attack(f.ring, sealed_values(read_raw_database(f.path)));
  for (const SealClass c : ledger::kSealClasses) {
    CHECK(result.values[c] > 0);
    CHECK(result.opened[c] == result.values[c]);
  }
  for (const char* mark : {kInventoryMark, kEvidenceMark, kSourceMark}) CHECK(result.words.contains(mark));
}

TEST_CASE("a keyring's text holds no key of a class that its role may not read") {
  const Marked f;
  for (const auto* ring : {&f.auditor, &f.investigator}) {
    const crypto::Secret text = ring->encode();
    for (const SealClass c : ledger::kSealClasses) {
      const std::string key = to_hex(f.ring.class_key(c, 1).view());
      CHECK((as_chars(text.view()).find(key) != std::string_view::npos) == ring->can_read(c));
    }
  }
}
