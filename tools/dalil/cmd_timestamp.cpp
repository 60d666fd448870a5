#include <fmt/format.h>

#include "command.hpp"
#include "custody_forms.hpp"
#include "dalil/base/text.hpp"
#include "dalil/files/handle.hpp"
#include "dalil/files/new_file.hpp"
#include "forms.hpp"
#include "refs.hpp"
#include "timestamp_forms.hpp"

namespace dalil::cli {
namespace {

namespace stamp = crypto::timestamp;

constexpr unsigned kMaxTimeout = 600;
constexpr std::uint64_t kMaxCertificateBytes = 4 << 20;

struct RequestOptions {
  std::string out;
};

struct AttachOptions {
  std::string reply, request, ca;
};

struct FetchOptions {
  std::string url, ca;
  unsigned timeout_s = 30;
};

constexpr const char* kFetchHelp =
    "What the authority, and whoever watches the line, learns: that somebody stamps\n"
    "something now, from which network address, and which authority. It gets a hash,\n"
    "never contents. If the address must not be known, use 'timestamp request' and\n"
    "have the file carried, or a proxy (http_proxy, https_proxy).\n\n"
    "An https server is checked against the system's certificates (SSL_CERT_FILE\n"
    "names others); --ca is about the time-stamp, not about the server.\n\n";

constexpr const char* kAttachHelp =
    "Without --ca the signature and the certificates that came along are checked, but\n"
    "not whether they are those of a real authority: anybody can make such ones. The\n"
    "entry says so; attach the same reply with --ca later.\n\n";

std::vector<Bytes> trusted_certificates(const std::string& path) {
  if (path.empty()) return {};
  const Bytes pem = files::read_small_file(path, kMaxCertificateBytes);
  try {
    return stamp::read_certificates(pem);
  } catch (const Error& error) {
    throw Error(error.code(), in_quotes(path) + " is not usable: " + error.what(), error.hint());
  }
}

int run_request(Session& session, const RequestOptions& options) {
  refuse_existing(options.out, "the file");
  const archive::Archive archive = session.open();
  archive::View view = archive.view();
  const archive::StampedCheckpoint about = archive::checkpoint_to_stamp(view);
  files::write_new_file(options.out, stamp::make_request(about.imprint()), 0644);
  Printer& out = session.out();
  const std::string file = escape_for_display(options.out);
  out.line(fmt::format("wrote {}: a request to stamp the checkpoint of {}", in_quotes(options.out),
                       count_text(about.tree_size, "entry", "entries")));
  out.line("It holds a hash and a random number. Whoever is online can send it, anywhere:");
  out.line("  curl -H 'Content-Type: application/timestamp-query' \\");
  out.line(fmt::format("       --data-binary @{} URL > reply.tsr", file));
  out.line("then, here:");
  out.line(fmt::format("  dalil timestamp attach reply.tsr --request {} --ca CERTIFICATES", file));
  out.object("request",
             {{"file", options.out}, {"size", about.tree_size}, {"imprint", about.imprint().hex()}});
  out.object("summary", {{"command", "timestamp request"}, {"size", about.tree_size}});
  return kExitOk;
}

/// The token of a reply. Error(invalid) that says what the authority said.
Bytes token_of(ByteView reply, const std::string& from) {
  stamp::Reply read = stamp::read_reply(reply);
  if (read.problem.empty()) return std::move(read.token);
  throw Error(ErrorCode::invalid, fmt::format("no time-stamp from {}: {}", in_quotes(from), read.problem),
              "nothing was attached");
}

void print_attached(Session& session, archive::Archive& archive, archive::Timestamp made,
                    const char* command) {
  archive::View view = archive.view();
  const TimestampView one = look_at(view, std::move(made));
  Printer& out = session.out();
  out.line(fmt::format("attached as entry {}", one.timestamp.seq));
  print_timestamp(out, one);
  if (!one.timestamp.trusted)
    out.warn("nobody said whom to trust (--ca): anybody could have made the certificates of this time-stamp");
  out.object("timestamp", json_of(one));
  out.object("summary",
             {{"command", command}, {"seq", one.timestamp.seq}, {"chain_trusted", one.timestamp.trusted}});
}

/// The nonce that the reply has to bear.
Bytes nonce_of(const std::string& path, const stamp::Token& token) {
  const auto request = stamp::read_request(files::read_small_file(path, stamp::kMaxBytes));
  if (!request)
    throw Error(ErrorCode::invalid, in_quotes(path) + " is no time-stamp request over a SHA-256",
                "it is what 'dalil timestamp request' wrote");
  if (request->imprint != token.imprint)
    throw Error(ErrorCode::invalid, "the reply does not answer the request " + in_quotes(path),
                "nothing was attached; they are about different checkpoints");
  return request->nonce;
}

int run_attach(Session& session, const AttachOptions& options) {
  archive::TimestampToAttach what;
  what.trusted = trusted_certificates(options.ca);
  what.token = token_of(files::read_small_file(options.reply, stamp::kMaxBytes), options.reply);
  if (!options.request.empty()) {
    const auto token = stamp::read_token(what.token);
    if (!token) throw archive::invalid_timestamp("it is no time-stamp over a SHA-256");
    what.nonce = nonce_of(options.request, *token);
  }
  archive::Archive archive = session.open();
  print_attached(session, archive, archive::attach_timestamp(archive, what), "timestamp attach");
  return kExitOk;
}

int run_fetch(Session& session, const FetchOptions& options) {
  if (options.timeout_s == 0 || options.timeout_s > kMaxTimeout)
    throw Error(ErrorCode::usage, "--timeout is from 1 to 600 seconds");
  archive::TimestampToAttach what;
  what.trusted = trusted_certificates(options.ca);
  archive::Archive archive = session.open();
  (void)archive.edit();  // asks nobody outside for what could not be attached
  archive::View view = archive.view();
  const Bytes request = stamp::make_request(archive::checkpoint_to_stamp(view).imprint());
  session.out().note("asking " + in_quotes(options.url));
  what.token =
      token_of(stamp::post_request(options.url, request, static_cast<int>(options.timeout_s)), options.url);
  what.nonce = stamp::read_request(request)->nonce;
  print_attached(session, archive, archive::attach_timestamp(archive, what), "timestamp fetch");
  return kExitOk;
}

void add_ca(Options& app, std::string& ca) {
  app.add_option("--ca", ca, "the authority's root certificates (PEM)")->type_name("FILE");
}

}  // namespace

Runner declare_timestamp_request(Options& app) {
  const auto options = std::make_shared<RequestOptions>();
  app.add_option("--out", options->out, "a new file for the request (.tsq)")->required()->type_name("FILE");
  return [options](Session& session) { return run_request(session, *options); };
}

Runner declare_timestamp_attach(Options& app) {
  const auto options = std::make_shared<AttachOptions>();
  app.add_option("REPLY", options->reply, "what the authority sent (.tsr)")->required()->type_name("");
  app.add_option("--request", options->request, "the request that it has to answer (.tsq)")
      ->type_name("FILE");
  add_ca(app, options->ca);
  app.explain(kAttachHelp);
  return [options](Session& session) { return run_attach(session, *options); };
}

Runner declare_timestamp_fetch(Options& app) {
  const auto options = std::make_shared<FetchOptions>();
  app.add_option("URL", options->url, "the authority's address, http:// or https://")
      ->required()
      ->type_name("");
  add_ca(app, options->ca);
  app.add_option("--timeout", options->timeout_s, "give up after so many seconds (default: 30)")
      ->type_name("S");
  app.explain(std::string(kFetchHelp) + kAttachHelp);
  return [options](Session& session) { return run_fetch(session, *options); };
}

}  // namespace dalil::cli
