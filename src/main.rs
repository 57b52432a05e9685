//! The `matsieve` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(matsieve::cli::main(std::env::args_os()) as u8)
}
