#include <fmt/format.h>

#include "command.hpp"
#include "custody_forms.hpp"
#include "dalil/base/text.hpp"
#include "dalil/files/new_file.hpp"
#include "forms.hpp"
#include "refs.hpp"

namespace dalil::cli {
namespace {

struct CosignOptions {
  std::string out_file;
};

int run_cosign(Session& session, const CosignOptions& options) {
  if (!options.out_file.empty()) refuse_existing(options.out_file, "the file");
  archive::Archive archive = session.open();
  const auto memory = session.cosigned_memory_of(archive.keyring());
  const archive::Cosigned cosigned = archive::cosign(archive, *memory);
  archive::View view = archive.view();
  const CheckpointView checkpoint = Checkpoints(view).of(cosigned.checkpoint.size);
  Printer& out = session.out();
  out.line(out.styled(Style::good, "COSIGNED"));
  print_checkpoint(out, checkpoint);
  out.line("  " +
           (cosigned.before
                ? fmt::format("It continues the checkpoint of {} that you cosigned before.",
                              count_text(cosigned.before->size, "entry", "entries"))
                : std::string("It is the first that you cosigned: there was none to compare it with.")));
  if (!options.out_file.empty()) {
    files::write_new_file(options.out_file, as_bytes(checkpoint.note), 0644);
    out.line("written to " + in_quotes(options.out_file) +
             "; it is not secret. Keep it where the archive is not.");
  } else {
    out.line("Keep a copy where the archive is not: dalil checkpoint export FILE --cosigned");
  }
  Json fields = json_of(checkpoint);
  if (cosigned.before) fields["continues_size"] = cosigned.before->size;
  out.object("checkpoint", fields);
  out.object("summary", {{"command", "cosign"}, {"size", checkpoint.checkpoint.size}, {"seq", cosigned.seq}});
  return kExitOk;
}

}  // namespace

Runner declare_cosign(Options& app) {
  const auto options = std::make_shared<CosignOptions>();
  app.add_option("--out", options->out_file, "also write the cosigned checkpoint, to a new file")
      ->type_name("FILE");
  return [options](Session& session) { return run_cosign(session, *options); };
}

}  // namespace dalil::cli
