//! Running the program.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// The passphrase of every key in these tests.
pub(crate) const PASSPHRASE: &str = "kata sandi uji";

/// What a run gave.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The program in a folder, without settings of the machine it runs on.
pub(crate) fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sanad"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("SANAD_")) {
        command.env_remove(name);
    }
    command.current_dir(folder).stdin(Stdio::null()).env("SANAD_PASSPHRASE", PASSPHRASE);
    // The ledgers of these tests began in 2023.
    command.env("SANAD_MAX_AGE", "36500d");
    command
}

/// Runs the program with arguments that are separated by spaces.
pub(crate) fn sanad(folder: &Path, arguments: &str) -> Run {
    run(command(folder).args(arguments.split_whitespace()))
}

pub(crate) fn run(command: &mut Command) -> Run {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Run { code: status.code().expect("not killed"), stdout: text(stdout), stderr: text(stderr) }
}

/// Makes a file its owner's alone, as those with secrets must be.
pub(crate) fn private(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
}

/// Runs the program with something on standard input.
pub(crate) fn sanad_reading(folder: &Path, arguments: &str, input: &[u8]) -> Run {
    let path = folder.join("standard-input");
    std::fs::write(&path, input).unwrap();
    run(command(folder).args(arguments.split_whitespace()).stdin(std::fs::File::open(path).unwrap()))
}

impl Run {
    /// Requires an exit code.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Requires an error that says something.
    #[track_caller]
    pub(crate) fn expect_error(self, what: &str) {
        let run = self.expect(2);
        assert!(run.stderr.contains(what), "{what:?} is not in:\n{}", run.stderr);
        // Programs that asked for JSON get the reason as an object.
        assert!(run.stdout.is_empty() || run.json()["error"].is_string(), "{}", run.stdout);
    }

    /// Requires a finding that says why nothing could be checked.
    #[track_caller]
    pub(crate) fn expect_unchecked(self, what: &str) {
        let run = self.expect(2);
        assert!(run.stdout.contains(what), "{what:?} is not in:\n{}\n{}", run.stdout, run.stderr);
        assert!(!run.stdout.contains("active"), "{}", run.stdout);
    }

    /// The result, which is JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap()
    }
}
