#include <unistd.h>

#include <exception>
#include <new>

#include "dalil/base/error.hpp"
#include "dalil/crypto/secret.hpp"
#include "exit_code.hpp"
#include "printer.hpp"
#include "program.hpp"
#include "signals.hpp"

namespace {

int fail(int code, std::string_view message, std::string_view hint = {}) {
  dalil::cli::write_all(STDERR_FILENO, dalil::cli::error_text(message, hint));
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace dalil;
  try {
    crypto::harden_process();
    cli::catch_stop_signals();
    return cli::run_program(argc, argv);
  } catch (const Error& error) {
    return fail(cli::exit_code_for(error.code()), error.what(), error.hint());
  } catch (const cli::OutputClosed&) {
    return cli::kExitFailure;
  } catch (const std::bad_alloc&) {
    return fail(cli::kExitFailure, "out of memory", "what was committed before is kept");
  } catch (const std::exception& error) {
    return fail(cli::kExitFailure, error.what(),
                "this is a defect in dalil; what was committed before is kept");
  }
}
