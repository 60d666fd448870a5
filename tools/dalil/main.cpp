#include <cxxabi.h>
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <new>
#include <typeinfo>

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

/// Makes nothing: there is no memory to make it of.
int fail_without_memory() {
  dalil::cli::write_all(STDERR_FILENO,
                        "dalil: error: out of memory\ndalil: hint: what was committed before is kept\n");
  return dalil::cli::kExitFailure;
}

/// Libraries make things even while they clean up; what is thrown there cannot be caught. What was being made
/// stays as after a kill.
[[noreturn]] void on_terminate() {
  const std::type_info* const type = abi::__cxa_current_exception_type();
  if (type != nullptr && *type == typeid(std::bad_alloc)) _exit(fail_without_memory());
  std::abort();
}

int run(int argc, char** argv) {
  using namespace dalil;
  try {
    crypto::harden_process();
    cli::catch_stop_signals();
    cli::catch_memory_faults();
    return cli::run_program(argc, argv);
  } catch (const Error& error) {
    return fail(cli::exit_code_for(error.code()), error.what(), error.hint());
  } catch (const cli::OutputClosed&) {
    return cli::kExitFailure;
  } catch (const std::bad_alloc&) {
    return fail_without_memory();
  } catch (const std::exception& error) {
    return fail(cli::kExitFailure, error.what(),
                "this is a defect in dalil; what was committed before is kept");
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::set_terminate(on_terminate);
  try {
    return run(argc, argv);
  } catch (const std::bad_alloc&) {  // while it was said what is wrong
    return fail_without_memory();
  }
}
