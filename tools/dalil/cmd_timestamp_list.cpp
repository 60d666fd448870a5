#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "command.hpp"
#include "custody_forms.hpp"
#include "dalil/base/text.hpp"
#include "dalil/files/handle.hpp"
#include "forms.hpp"
#include "refs.hpp"
#include "table.hpp"
#include "timestamp_forms.hpp"

namespace dalil::cli {
namespace {

struct ExportOptions {
  std::size_t seq = 0;
  std::string out;
};

int run_list(Session& session) {
  const archive::Archive archive = session.open();
  archive::View view = archive.view();
  Printer& out = session.out();
  Table table({{"entry", Align::right},
               {"time"},
               {"covers", Align::right},
               {"checked"},
               {"authority", Align::left, Table::Fit::shortened}});
  std::uint64_t count = 0, faults = 0;
  for (archive::Timestamp& timestamp : archive::timestamps(view)) {
    const TimestampView one = look_at(view, std::move(timestamp));
    ++count;
    faults += one.fault.empty() ? 0 : 1;
    table.add({std::to_string(one.timestamp.seq),
               time_text(one.timestamp.time),
               number_text(one.timestamp.checkpoint.tree_size),
               {verdict_text(one), verdict_style(one)},
               escape_for_display(one.timestamp.authority)});
    out.object("timestamp", json_of(one));
    if (!one.fault.empty())
      out.warn(fmt::format("the time-stamp of entry {} does not hold: {}", one.timestamp.seq, one.fault));
  }
  table.print(out);
  if (count == 0) out.note("no time-stamps yet; ask for one with: dalil timestamp request --out FILE");
  out.object("summary", {{"command", "timestamp list"},
                         {"timestamps", count},
                         {"faults", faults},
                         {"entries", view.reader().size()}});
  return faults == 0 ? kExitOk : kExitNo;
}

/// A new directory with files that go away again unless all of them were written.
class ExportDirectory {
 public:
  explicit ExportDirectory(std::string path) : path_(std::move(path)) {
    if (mkdir(path_.c_str(), 0755) != 0) throw system_error("make directory", path_, errno);
  }
  ~ExportDirectory() {
    if (complete_) return;
    for (const std::string& name : names_) unlink((path_ + "/" + name).c_str());
    rmdir(path_.c_str());
  }
  ExportDirectory(const ExportDirectory&) = delete;
  ExportDirectory& operator=(const ExportDirectory&) = delete;

  void write(const std::string& name, ByteView content) {
    names_.push_back(name);
    files::write_atomically(path_ + "/" + name, content, 0644);
  }
  void keep() { complete_ = true; }
  const std::vector<std::string>& names() const { return names_; }

 private:
  std::string path_;
  std::vector<std::string> names_;
  bool complete_ = false;
};

archive::Timestamp timestamp_of(archive::View& view, archive::Seq seq) {
  for (archive::Timestamp& timestamp : archive::timestamps(view))
    if (timestamp.seq == seq) return std::move(timestamp);
  throw Error(ErrorCode::not_found, fmt::format("entry {} attaches no time-stamp", seq),
              "see: dalil timestamp list");
}

/// Certificates between the signer and the root, and the root: apart, as openssl wants them.
void write_certificates(ExportDirectory& directory, const archive::Timestamp& timestamp) {
  const std::span<const Bytes> chain(timestamp.chain);
  const std::size_t above = timestamp.trusted ? 1 : 0;
  directory.write("chain.pem",
                  as_bytes(crypto::timestamp::write_certificates(chain.first(chain.size() - above))));
  if (timestamp.trusted)
    directory.write("root.pem", as_bytes(crypto::timestamp::write_certificates(chain.last(1))));
}

void print_how_to_check(Printer& out, const TimestampView& one, const std::string& directory) {
  const bool trusted = one.timestamp.trusted;
  out.line("it is checked without Dalil by:");
  out.line("  cd " + escape_for_display(directory));
  out.line("  openssl ts -verify -data checkpoint.txt -token_in -in token.tst \\");
  out.line(fmt::format("      -CAfile {} -untrusted chain.pem -attime {}", trusted ? "root.pem" : "ROOT.pem",
                       one.timestamp.time.ms / 1000));
  out.line(trusted ? "Compare root.pem with the one that the authority publishes."
                   : "ROOT.pem is the root certificate that the authority publishes.");
}

int run_export(Session& session, const ExportOptions& options) {
  refuse_existing(options.out, "the directory");
  const archive::Archive archive = session.open();
  archive::View view = archive.view();
  const TimestampView one = look_at(view, timestamp_of(view, options.seq));
  if (one.timestamp.chain.empty())
    throw Error(ErrorCode::corrupt, "the time-stamp is stored without certificates", "run 'dalil check'");
  ExportDirectory directory(options.out);
  directory.write("checkpoint.txt", as_bytes(one.timestamp.checkpoint.note));
  directory.write("token.tst", one.timestamp.token);
  write_certificates(directory, one.timestamp);
  Printer& out = session.out();
  out.line(fmt::format("wrote {} into {}", count_text(directory.names().size(), "file", "files"),
                       in_quotes(options.out)));
  print_timestamp(out, one);
  print_how_to_check(out, one, options.out);
  out.object("timestamp", json_of(one));
  out.object("summary", {{"command", "timestamp export"}, {"files", directory.names()}});
  directory.keep();
  return one.fault.empty() ? kExitOk : kExitNo;
}

}  // namespace

Runner declare_timestamp_list(Options&) {
  return run_list;
}

Runner declare_timestamp_export(Options& app) {
  const auto options = std::make_shared<ExportOptions>();
  app.add_option("ENTRY", options->seq, "the entry that attached it, as 'timestamp list' numbers it")
      ->required()
      ->type_name("");
  app.add_option("--out", options->out, "a new directory: checkpoint, token, certificates")
      ->required()
      ->type_name("DIR");
  return [options](Session& session) { return run_export(session, *options); };
}

}  // namespace dalil::cli
