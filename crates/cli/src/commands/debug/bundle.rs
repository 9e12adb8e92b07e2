//! `sanad debug bundle`.

use std::path::PathBuf;

use anyhow::Context as _;
use serde::Serialize;

use super::archive::{self, Part};
use super::collect;
use super::secrets::Secrets;
use crate::commands::node::{status, why};
use crate::commands::peer;
use crate::files::{self, Mode};
use crate::localnet::binary::BinaryArgs;
use crate::output::{Outcome, Output, Report};
use crate::remote::NodeArgs;
use crate::time;
use crate::view::View;

pub(super) const EXAMPLES: &str = "\
Examples:
  sanad debug bundle
  sanad debug bundle --node-dir /etc/sanad --node https://node.university.example:50051
  sanad debug bundle --node-dir net/node-1 --out node-1.tar.gz && tar tzf node-1.tar.gz

The node need not run: what it cannot be asked is said to be missing. Settings that name keys or the passphrase are taken
out, comments too. Look through the archive before it is sent to anyone: addresses and names of nodes are in it.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Folder of the node's configuration, node.toml
    #[arg(long, value_name = "DIR", default_value = ".")]
    node_dir: PathBuf,
    #[command(flatten)]
    node: NodeArgs,
    /// The node's log [default: node.log in the folder, else the journal of the unit sanad-node]
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// File to write, which must not exist [default: sanad-debug-TIME.tar.gz]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    binary: BinaryArgs,
}

#[derive(Serialize)]
struct Bundled {
    file: PathBuf,
    bytes: usize,
    parts: Vec<Part>,
}

pub(super) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let seconds = time::now_ms() / 1000;
    let file = args.out.clone().unwrap_or_else(|| format!("sanad-debug-{seconds}.tar.gz").into());
    let parts = collect(args);
    let packed = archive::pack(&parts, seconds).context("the archive cannot be made")?;
    files::create_new(&file, &packed, Mode::Private)?;
    output.print(&Bundled { file, bytes: packed.len(), parts })?;
    Ok(Outcome::Yes)
}

fn collect(args: &Args) -> Vec<Part> {
    let path = args.node_dir.join("node.toml");
    let mut secrets = Secrets::default();
    if let Ok(passphrase) = std::env::var("SANAD_PASSPHRASE") {
        secrets.add(&passphrase);
    }
    if let Some(path) = std::env::var_os("SANAD_PASSPHRASE_FILE") {
        secrets.add_passphrase_file(std::path::Path::new(&path));
    }
    let (config, data_dir, admin) = match secrets.take_out(&path) {
        Ok(found) => (Ok(found.text), found.data_dir, found.admin),
        Err(error) => (Err(error), None, None),
    };
    let own_log = args.node_dir.join("node.log");
    let log = args.log.clone().or_else(|| own_log.is_file().then_some(own_log));
    let check = args.binary.find().map_err(|error| format!("{error:#}"));
    let parts = [
        ("versions.txt", "versions of program and system", Ok(collect::versions())),
        ("node.toml", "the configuration, without secrets and comments", config),
        ("status.json", "`sanad node status`", json(status::ask(&args.node.node, &args.node.connection))),
        ("why.json", "`sanad node why`", json(why::look(&args.node))),
        ("peers.json", "`sanad peer list`", json(peer::look(&args.node))),
        (
            "check.jsonl",
            "`sanad-node check --offline`: files, signing guard, disk, clock",
            check.and_then(|program| collect::check(&program, &path)),
        ),
        ("metrics.txt", "the node's metrics", collect::admin(admin, "/metrics")),
        ("readyz.txt", "whether the node is ready", collect::admin(admin, "/readyz")),
        (
            "disk.txt",
            "how full the disk is, and the files in the data directory",
            collect::disk(data_dir.as_deref()),
        ),
        ("log.txt", "the last lines of the log", collect::log(log.as_deref())),
    ];
    let strip = |text: Result<String, String>| {
        text.map(|text| secrets.strip(&text)).map_err(|missing| secrets.strip(&missing))
    };
    parts.into_iter().map(|(name, what, text)| Part::new(name, what, strip(text))).collect()
}

fn json(found: anyhow::Result<impl Serialize>) -> Result<String, String> {
    let found = found.map_err(|error| format!("{error:#}"))?;
    serde_json::to_string_pretty(&found).map_err(|error| error.to_string())
}

impl Report for Bundled {
    fn view(&self) -> View {
        let row = |part: &Part| {
            let state = part.missing.as_ref().map_or_else(
                || format!("{} bytes", part.bytes.unwrap_or(0)),
                |why| format!("missing: {why}"),
            );
            vec![part.name.to_owned(), part.what.to_owned(), state]
        };
        View::new()
            .line(format!("{}: {} bytes; no keys, no passphrase", self.file.display(), self.bytes))
            .table(&["file", "what it is", ""], self.parts.iter().map(row).collect())
    }
}
