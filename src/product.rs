//! Name, version and build of the program.

/// Name in files and on the command line.
pub const NAME: &str = "matsieve";

/// Chinese name.
pub const NAME_ZH: &str = "材筛";

/// Semantic version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Short commit the program was built from, `, dirty` appended if the tree had changes; `unknown` outside a repository.
pub const COMMIT: &str = env!("MATSIEVE_COMMIT");

/// What `--version` prints after the name.
pub const LONG_VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("MATSIEVE_COMMIT"), ")");

/// Target triple of the build.
pub const TARGET: &str = env!("MATSIEVE_TARGET");
