//! `sanad genesis invite`: what member files are made for.

use std::path::PathBuf;

use anyhow::Context;
use sanad_core::genesis::Nonce;
use sanad_core::member::Invitation;
use serde::Serialize;

use crate::files::{self, Mode};
use crate::output::{Outcome, Output, Report};
use crate::random;
use crate::view::View;

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad genesis invite --name \"Konsorsium Uji\" --out invitation.json

The first of four steps to a new chain. One institution invites; each answers with
`sanad member new`; the inviting one runs `sanad genesis new`; each checks and signs with
`sanad genesis sign`; the inviting one runs `sanad genesis complete`. The invitation holds
the consortium's name and a random number, so that files of a rehearsal are of no use for
the real chain.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Name of the consortium
    #[arg(long)]
    name: String,
    /// The file to write; it must not exist
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Serialize)]
struct Written {
    path: PathBuf,
    #[serde(flatten)]
    invitation: Invitation,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let invitation = new(&args.name)?;
    let text = serde_json::to_string_pretty(&invitation)? + "\n";
    files::create_new(&args.out, text.as_bytes(), Mode::Public)?;
    output.print(&Written { path: args.out.clone(), invitation })?;
    Ok(Outcome::Yes)
}

/// An invitation to a new consortium.
pub(crate) fn new(name: &str) -> anyhow::Result<Invitation> {
    let invitation = Invitation { name: name.to_owned(), nonce: Nonce(random::bytes()?) };
    invitation.check().context("this cannot be the name of a consortium")?;
    Ok(invitation)
}

impl Report for Written {
    fn view(&self) -> View {
        View::new()
            .line(format!("{} written: send it to every institution", self.path.display()))
            .fact("consortium", &self.invitation.name)
    }
}
