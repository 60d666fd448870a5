// Time-stamps over checkpoints, by an authority in this process.

#include "dalil/archive/timestamp.hpp"

#include "archive/archive_fixture.hpp"
#include "dalil/archive/custody.hpp"
#include "time_authority.hpp"

using namespace dalil;
using namespace dalil::archive;
using namespace dalil::testing;
using Catch::Contains;

namespace {

struct Case : ArchiveFixture {
  TimeAuthority authority;
  void add_incident(const std::string& id) {
    Archive archive = open();
    Editor editor = archive.edit();
    editor.put_incident(incident_with(id), "");
    editor.commit();
  }
  Bytes request() {
    const Archive archive = open();
    View view = archive.view();
    return crypto::timestamp::make_request(checkpoint_to_stamp(view).imprint());
  }
  /// What the authority says to the request, ready to be attached.
  TimestampToAttach stamp(const Bytes& request, bool trusted = true) {
    TimestampToAttach what;
    what.token = crypto::timestamp::read_reply(authority.reply(request)).token;
    what.nonce = crypto::timestamp::read_request(request)->nonce;
    if (trusted) what.trusted = {authority.root()};
    return what;
  }
  Timestamp attach(const TimestampToAttach& what) {
    Archive archive = open();
    return attach_timestamp(archive, what);
  }
  std::vector<Timestamp> stored(std::uint64_t min_tree_size = 0) {
    const Archive archive = open();
    View view = archive.view();
    return timestamps(view, min_tree_size);
  }
  std::uint64_t size() { return open().view().reader().size(); }
};

/// The message of the Error that `act` throws.
std::string message_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

}  // namespace

TEST_CASE("a time-stamp is attached to the checkpoint that it is about, however much was added since") {
  Case c;
  c.add_incident("I1");
  const Bytes request = c.request();
  const std::uint64_t stamped_size = c.size();
  c.add_incident("I2");
  c.add_incident("I3");
  const Timestamp made = c.attach(c.stamp(request));
  CHECK(made.checkpoint.tree_size == stamped_size);
  CHECK(made.seq == c.size() - 1);
  CHECK(made.time.rfc3339() == "2017-09-11T08:30:00Z");
  CHECK(made.authority == "CN=Test authority");
  CHECK(made.trusted);
  CHECK(made.chain == std::vector<Bytes>{c.authority.signer(), c.authority.root()});

  const Archive archive = c.open();
  View view = archive.view();
  const auto all = timestamps(view);
  REQUIRE(all.size() == 1);
  CHECK(all[0].token == made.token);
  CHECK(all[0].checkpoint.note == view.reader().checkpoint_at(stamped_size));
  CHECK(fault_of(view, all[0]) == "");
  CHECK_THAT(view.describe_entry(made.seq),
             Contains("time-stamped 2017-09-11T08:30:00Z by CN=Test authority"));
  CHECK(timestamps(view, stamped_size).size() == 1);
  CHECK(timestamps(view, stamped_size + 1).empty());
  CHECK(is_sound(archive));
}

TEST_CASE("without a trusted certificate it is attached, and says so; later it can be attached with one") {
  Case c;
  const Bytes request = c.request();
  const TimestampToAttach first = c.stamp(request, false);
  CHECK_FALSE(c.attach(first).trusted);
  TimestampToAttach again = first;
  CHECK(code_of([&] { c.attach(again); }) == ErrorCode::conflict);
  again.trusted = {c.authority.root()};
  CHECK(c.attach(again).trusted);
  CHECK(code_of([&] { c.attach(again); }) == ErrorCode::conflict);
  CHECK(code_of([&] { c.attach(first); }) == ErrorCode::conflict);
  CHECK(c.stored().size() == 2);
  CHECK(is_sound(c.open()));
}

TEST_CASE("what is not valid appends nothing") {
  Case c;
  const Bytes request = c.request();
  const std::uint64_t before = c.size();
  const TimestampToAttach right = c.stamp(request);

  TimestampToAttach wrong = right;
  wrong.nonce = crypto::timestamp::read_request(c.request())->nonce;
  CHECK_THAT(message_of([&] { c.attach(wrong); }), Contains("nonce differs"));
  wrong = right;
  wrong.trusted = {TimeAuthority().root()};
  CHECK_THAT(message_of([&] { c.attach(wrong); }), Contains("the time-stamp is not valid: "));
  wrong = right;
  wrong.token.back() ^= 1;
  CHECK_THAT(message_of([&] { c.attach(wrong); }), Contains("the time-stamp is not valid: "));
  wrong.token.clear();
  CHECK_THAT(message_of([&] { c.attach(wrong); }), Contains("no time-stamp"));
  wrong = c.stamp(crypto::timestamp::make_request(crypto::sha256(as_bytes("something else"))));
  CHECK_THAT(message_of([&] { c.attach(wrong); }), Contains("about no checkpoint of this archive"));

  CHECK(c.size() == before);
  CHECK(c.stored().empty());
}

TEST_CASE("an entry of a time-stamp that does not hold is told by the check") {
  Case c;
  c.add_incident("I1");
  const TimestampToAttach what = c.stamp(c.request());
  {
    Archive archive = c.open();
    View view = archive.view();
    Editor editor = archive.edit();
    StampedCheckpoint about = checkpoint_to_stamp(view);
    // Whoever holds the keys can append it; the tree never had such a checkpoint.
    about.tree_size -= 1;
    editor.add_timestamp(what, about);
    editor.commit();
  }
  const Archive archive = c.open();
  View view = archive.view();
  CHECK_THAT(fault_of(view, timestamps(view).at(0)), Contains("no checkpoint of that size"));
  const CheckReport report = check(archive);
  REQUIRE(report.problems.size() == 1);
  CHECK_THAT(report.problems[0], Contains("the time-stamp of entry 2 does not hold"));
}

TEST_CASE("every part of a stored time-stamp is checked again") {
  Case c;
  c.attach(c.stamp(c.request()));
  const Archive archive = c.open();
  View view = archive.view();
  const Timestamp right = timestamps(view).at(0);
  const auto fault_with = [&](const std::function<void(Timestamp&)>& change) {
    Timestamp changed = right;
    change(changed);
    return fault_of(view, changed);
  };
  CHECK(fault_of(view, right) == "");
  CHECK(fault_with([](Timestamp& t) { t.token[t.token.size() / 2] ^= 1; }) != "");
  CHECK(fault_with([](Timestamp& t) { t.time.ms += 1; }) != "");
  CHECK(fault_with([](Timestamp& t) { t.authority = "another"; }) != "");
  CHECK(fault_with([](Timestamp& t) { t.chain.back() = TimeAuthority().root(); }) != "");
  CHECK(fault_with([](Timestamp& t) { t.chain.clear(); }) != "");
  CHECK(fault_with([](Timestamp& t) { t.checkpoint.tree_size += 1; }) != "");
  CHECK(fault_with([](Timestamp& t) { t.checkpoint.note += "x"; }) != "");
}

TEST_CASE("an auditor attaches and lists time-stamps, and they outlive a rebuild") {
  Case c;
  const ledger::Keyring auditor = c.admit(ledger::Role::auditor, "Sami");
  const TimestampToAttach what = c.stamp(c.request());
  {
    Archive archive = c.open(auditor);
    CHECK(attach_timestamp(archive, what).trusted);
  }
  rebuild(c.path, c.ring.clone(), c.clock);
  const Archive archive = c.open(auditor);
  View view = archive.view();
  REQUIRE(timestamps(view).size() == 1);
  CHECK(fault_of(view, timestamps(view)[0]) == "");
  CHECK(is_sound(c.open()));
}
