//! The command `ringback`. Everything it does is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    // First of all: the process may have been started to be the launcher.
    ringback::launcher::run_if_requested();
    // The process is ours, so its choice of cryptography is ours to make; a library leaves that
    // to the application. Fails only if it has been made already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    ringback::cli::main()
}
