//! Output: help, completions, closed pipes.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Stdio;

use crate::program::{command, sanad};

#[test]
fn completions_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = sanad(Path::new("."), &format!("completions {shell}")).expect(0).stdout;
        assert!(script.contains("localnet") && script.contains("reinstate"), "{shell}");
    }
    sanad(Path::new("."), "completions tcsh").expect(2);
}

#[test]
fn a_closed_pipe_is_no_error() {
    for arguments in ["completions bash", "completions zsh", "--help", "issue --help"] {
        let mut child = command(Path::new("."))
            .args(arguments.split(' '))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // As `| head -1` does: one line, then the pipe is closed.
        let mut line = String::new();
        BufReader::with_capacity(16, child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(!line.is_empty());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments}");
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{arguments}");
    }
}

#[test]
fn wrong_arguments_are_exit_code_2_and_say_what_is_right() {
    for (arguments, hint) in [
        ("frobnicate", "unrecognized subcommand"),
        ("verify", "<DOCUMENT>"),
        ("verify a", "--genesis"),
        ("issue", "PATHS"),
        ("tail --from 0", "heights count from 1"),
        ("verify a --genesis g --max-age soon", "24h"),
        ("key new --purpose signing --out k", "governance, issuing, consensus, network"),
    ] {
        sanad(Path::new("."), arguments).expect_error(hint);
    }
}

#[test]
fn a_node_that_is_not_there_is_an_error_that_says_where() {
    for arguments in ["status 0", "member list", "block list", "entry show 0", "peer list", "tail"] {
        let arguments = format!("{arguments} --node http://127.0.0.1:1");
        sanad(Path::new("."), &arguments).expect_error("http://127.0.0.1:1 cannot be reached");
    }
    let run = sanad(Path::new("."), "node status --node http://127.0.0.1:1 --json").expect(2);
    assert!(run.json()["nodes"][0]["error"].as_str().unwrap().contains("cannot be reached"));
}
