//! The daemon `sanad-node`.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::{CommandFactory as _, Parser, Subcommand};
use clap_complete::Shell;
use sanad_api::{ClientIdentity, ClientOptions};
use sanad_core::ids::Height;
use sanad_node::backup::{self, BackupError, Secrets};
use sanad_node::checking::{self, Check, CheckResult, Reach};
use sanad_node::config::{Config, Overrides};
use sanad_node::recovery::Doubtful;
use sanad_node::{Reload, Repaired, Versions, logging, recovery, setup, snapshot};
use zeroize::Zeroizing;

/// One university's node of a Sanad ledger.
#[derive(Parser)]
#[command(
    version,
    after_help = "Examples:\n  sanad-node init --config node.toml\n  sanad-node run --config node.toml\n\n\
                  Exit codes: 0 done, or stopped when asked to; 1 failed, and said why; 2 wrong arguments, or what\n\
                  check or backup verify should look at cannot be read; 70 hung, and ended itself to be started again"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Configuration file; configs/node.toml documents every field
    #[arg(long, global = true, env = "SANAD_CONFIG", default_value = "node.toml")]
    config: PathBuf,
    #[command(flatten)]
    overrides: Overrides,
}

#[derive(Subcommand)]
enum Command {
    /// Make the data directory of a node that never ran: empty ledger, signing guard
    Init,
    /// Check configuration, keys, files, ports, clock, disk and peers without starting anything
    #[command(after_help = "Exit code 1 if the node would not start, or must not.")]
    Check {
        /// Do not dial the peers
        #[arg(long)]
        offline: bool,
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Read every block of a stopped node, and fetch damaged ones again from peers
    Repair,
    /// After a disk was lost, replaced or set back: make what is missing, and have the node vote only when that is safe
    #[command(
        long_about = "Prepares the data directory of a node that has run before, after its disk was lost, replaced or \
        set back to an earlier state. What is missing is made; where the consensus key may have signed more than this \
        directory knows, the node follows without voting until enough validators have shown how far they are. \
        docs/operations.md says why each step is safe."
    )]
    Recover {
        /// Say for certain that above HEIGHT the key has signed nothing but what its guard here knows: do not wait for peers
        ///
        /// If that is wrong, the key may sign twice for one height, and the chain can split. docs/operations.md says how to
        /// find out. What the guard here knows above HEIGHT still counts, and is never signed again.
        #[arg(long, value_name = "HEIGHT")]
        signed_through: Option<u64>,
        /// Take a HEIGHT that is likely to be wrong: far above the ledger, so that the node votes at none up to it for good, or below
        /// the next one where there is no guard
        #[arg(long, requires = "signed_through")]
        yes: bool,
    },
    /// Copy the ledger and settings of a node, which may run, to another disk; check a copy; restore it
    #[command(subcommand)]
    Backup(BackupCommand),
    /// Hand the ledger on as of its last block, and begin a node with it
    #[command(subcommand)]
    Snapshot(SnapshotCommand),
    /// Make a ledger where there is none from the snapshots that other nodes offer; then start the node
    #[command(
        after_help = "Example:\n  sanad-node join https://node.univ-bromo.example:50051 https://node.univ-merapi.example:50051 \
        --config node.toml --trust konsorsium.trust.json\n\nNone of the nodes has to be trusted: all of the snapshot is \
        checked. Run it again after it was cut off: what was fetched is used. In place of `init`; for a node that has lost \
        its disk, too."
    )]
    Join(JoinArgs),
    /// Write manual pages and completions into a folder, for packages
    #[command(hide = true)]
    Man {
        /// The folder, which must exist
        dir: PathBuf,
    },
    /// Run the node until SIGTERM or SIGINT; SIGHUP reads the configuration again
    Run {
        /// On a test network, be a node that was not upgraded to the version for tests
        #[arg(long, hide = true, env = "SANAD_WITHOUT_TEST_VERSION")]
        without_test_version: bool,
    },
}

#[derive(clap::Args)]
struct JoinArgs {
    /// URLs of nodes to ask; several are quicker, and one that lies is found out and done without
    #[arg(value_name = "URL", required = true, value_delimiter = ',')]
    from: Vec<String>,
    /// A trust file: the snapshot has to hold its block. Where the configuration's genesis file is not there, it is made, too
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
    /// Certificates (PEM) of the authorities that vouch for https nodes [default: the system's]
    #[arg(long, value_name = "FILE", env = "SANAD_NODE_CA")]
    ca: Option<PathBuf>,
    /// Certificate (PEM) to show to an https node that asks for one
    #[arg(long, value_name = "FILE", env = "SANAD_CLIENT_CERT", requires = "client_key")]
    client_cert: Option<PathBuf>,
    /// Private key (PEM) of that certificate
    #[arg(long, value_name = "FILE", env = "SANAD_CLIENT_KEY", requires = "client_cert")]
    client_key: Option<PathBuf>,
}

impl JoinArgs {
    fn options(&self) -> anyhow::Result<ClientOptions> {
        let read =
            |path: &Path| std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()));
        let identity = match (&self.client_cert, &self.client_key) {
            (Some(certificate), Some(key)) => Some(ClientIdentity {
                certificates_pem: read(certificate)?,
                key_pem: Zeroizing::new(read(key)?),
            }),
            _ => None,
        };
        let ca_certificates_pem = self.ca.as_deref().map(read).transpose()?;
        Ok(ClientOptions { ca_certificates_pem, identity, ..ClientOptions::default() })
    }
}

#[derive(Subcommand)]
enum BackupCommand {
    /// Copy to a folder what it does not have yet; the node may run
    #[command(
        after_help = "Example:\n  sanad-node backup create /backup/node --config node.toml\n\nNever in a backup: \
        signing guard, consensus log, passphrase."
    )]
    Create {
        /// Folder of the backup: new, empty, or with an earlier backup of this node
        dir: PathBuf,
        /// Copy the key files, too, and the key of the TLS certificate
        #[arg(long)]
        with_keys: bool,
    },
    /// Check all of a backup: every block from the genesis on, and the bytes of all files
    #[command(after_help = "Example:\n  sanad-node backup verify /backup/node --genesis genesis.json")]
    Verify {
        /// Folder of the backup
        dir: PathBuf,
        /// Genesis file [default: that of the configuration]
        #[arg(long)]
        genesis: Option<PathBuf>,
    },
    /// Check all of a backup, and make a ledger of it where there is none; then start the node
    #[command(after_help = "Example:\n  sanad-node backup restore /backup/node --config node.toml")]
    Restore {
        /// Folder of the backup
        dir: PathBuf,
    },
}

#[derive(Subcommand)]
enum SnapshotCommand {
    /// Write to a folder what it does not have yet of a stopped node's ledger
    #[command(
        after_help = "Example:\n  sanad-node snapshot create /srv/snapshot --config node.toml\n\nNobody has to trust \
        the folder: whoever restores it checks all of it. `sanad snapshot info` shows what it is of."
    )]
    Create {
        /// Folder of the snapshot: new, empty, or with an earlier one
        dir: PathBuf,
    },
    /// Check all of a snapshot, and make a ledger of it where there is none; then start the node
    #[command(
        after_help = "Example:\n  sanad-node snapshot restore /srv/snapshot --config node.toml --trust \
        konsorsium.trust.json"
    )]
    Restore {
        /// Folder of the snapshot
        dir: PathBuf,
        /// A trust file: the snapshot has to hold its block
        #[arg(long, value_name = "FILE")]
        trust: Option<PathBuf>,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let Err(error) = run().await else { return ExitCode::SUCCESS };
    let mut said = error.to_string();
    // Most errors tell their cause themselves.
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !said.contains(&cause) {
            said = format!("{said}: {cause}");
        }
    }
    if let Some(advice) = error.chain().find_map(|cause| room(cause.downcast_ref()?)) {
        said = format!("{said}. {advice}");
    }
    eprintln!("error: {said}");
    if error.is::<NotRead>() { ExitCode::from(EXIT_NOT_READ) } else { ExitCode::FAILURE }
}

/// What to do where a write failed for want of room.
fn room(error: &std::io::Error) -> Option<&'static str> {
    match error.kind() {
        std::io::ErrorKind::FileTooLarge => Some(
            "A file would become longer than this process or its file system allows: raise the limit (`ulimit -f`, or \
             LimitFSIZE of the systemd unit), and start it again. What was acknowledged is on the disk",
        ),
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Some(
            "The disk is full, or a quota is used up: make room, and start it again. What was acknowledged is on the disk",
        ),
        _ => None,
    }
}

/// What should have been looked at cannot be read, which says nothing against it.
#[derive(Debug, thiserror::Error)]
#[error("{0:#}")]
struct NotRead(anyhow::Error);

async fn run() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    sanad_node::survive_file_size_limit().context("SIGXFSZ cannot be handled")?;
    if let Command::Man { dir } = &arguments.command {
        return pages(dir).with_context(|| format!("{} cannot be written to", dir.display()));
    }
    if let Command::Check { offline, json } = arguments.command {
        let reach = if offline { Reach::Offline } else { Reach::Peers };
        std::fs::File::open(&arguments.config)
            .with_context(|| format!("{} cannot be read", arguments.config.display()))
            .map_err(NotRead)?;
        return report(&checking::check(&arguments.config, &arguments.overrides, reach).await, json);
    }
    if let Command::Backup(BackupCommand::Verify { dir, genesis: Some(genesis) }) = &arguments.command {
        return verify_backup(dir, genesis);
    }
    let config = Config::load(&arguments.config, &arguments.overrides);
    let config = match arguments.command {
        Command::Backup(BackupCommand::Verify { .. }) => config.map_err(|error| NotRead(error.into()))?,
        _ => config?,
    };
    let logs = logging::start(&config.log).context("log.filter is not understood")?;
    for note in &config.notes {
        tracing::warn!("{note}");
    }
    match arguments.command {
        Command::Init => setup::init(&config).map(|_| ())?,
        Command::Check { .. } | Command::Man { .. } => {}
        Command::Backup(command) => back_up(&config, &arguments.config, command)?,
        Command::Snapshot(command) => hand_on(&config, command)?,
        Command::Join(join) => {
            let trust = join.trust.as_deref();
            let restored = snapshot::join(&config, &join.from, trust, &join.options()?).await?;
            say_restored(restored, trust)?;
        }
        Command::Repair => {
            let Repaired { blocks, repaired, left } = sanad_node::repair(&config).await?;
            say(format_args!("{blocks} blocks read, {repaired} put right, {} still damaged", left.len()))?;
            if let Some(height) = left.first() {
                bail!(
                    "no peer has a copy of the block of height {height} that fits; run it again when other peers run"
                );
            }
        }
        Command::Recover { signed_through, yes } => {
            let doubtful = if yes { Doubtful::Accept } else { Doubtful::Refuse };
            say(format_args!("{}", recovery::recover(&config, signed_through.map(Height), doubtful)?))?;
        }
        Command::Run { without_test_version } => {
            let reload = Reload::new(arguments.config, arguments.overrides, logs)?;
            let versions = if without_test_version { Versions::WithoutTest } else { Versions::All };
            sanad_node::run(config, Some(reload), versions, sanad_node::stop_signal()?).await?;
        }
    }
    Ok(())
}

fn back_up(config: &Config, config_path: &Path, command: BackupCommand) -> anyhow::Result<()> {
    match command {
        BackupCommand::Create { dir, with_keys } => {
            let secrets = if with_keys { Secrets::Included } else { Secrets::Left };
            let created = backup::create(config, config_path, &dir, secrets)?;
            let height = created.log.map_or(0, |log| log.height.0);
            let (blocks, bytes) = (created.blocks, created.bytes);
            say(format_args!("backup up to height {height}: {blocks} new blocks, {bytes} bytes"))
        }
        BackupCommand::Verify { dir, genesis } => {
            verify_backup(&dir, genesis.as_deref().unwrap_or(&config.genesis))
        }
        BackupCommand::Restore { dir } => {
            let backup::Restored { height, guard } = backup::restore(config, &dir)?;
            let guard = recovery::guard_in_words(guard.as_ref());
            say(format_args!("ledger: restored up to height {height}\n{guard}"))
        }
    }
}

fn hand_on(config: &Config, command: SnapshotCommand) -> anyhow::Result<()> {
    match command {
        SnapshotCommand::Create { dir } => {
            let manifest = snapshot::create(config, &dir)?;
            let (header, chunks) = (manifest.header(), manifest.chunks().count());
            let bytes: u64 = manifest.chunks().map(|chunk| u64::from(chunk.bytes)).sum();
            let (height, entries, block) = (header.height, header.log_size, header.hash());
            say(format_args!(
                "snapshot of height {height}: {entries} entries, {chunks} chunks, {bytes} bytes\nblock hash: {block}"
            ))
        }
        SnapshotCommand::Restore { dir, trust } => {
            say_restored(snapshot::restore(config, &dir, trust.as_deref())?, trust.as_deref())
        }
    }
}

fn say_restored(restored: snapshot::Restored, trust: Option<&Path>) -> anyhow::Result<()> {
    let snapshot::Restored { height, block, guard } = restored;
    if trust.is_none() {
        tracing::warn!(
            %block,
            "the snapshot rests on the genesis alone; compare the hash of its block with another member's node, or give \
             --trust FILE"
        );
    }
    let guard = recovery::guard_in_words(guard.as_ref());
    say(format_args!("ledger: restored up to height {height}\nblock hash: {block}\n{guard}"))
}

fn verify_backup(dir: &Path, genesis: &Path) -> anyhow::Result<()> {
    let genesis = setup::read_genesis(genesis).map_err(|error| NotRead(error.into()))?;
    let verified = backup::verify(dir, &genesis).map_err(|error| match error {
        BackupError::NoBackup { .. } | BackupError::File { .. } => NotRead(error.into()).into(),
        error => anyhow::Error::from(error),
    })?;
    let backup::Verified { manifest, entries, age_seconds } = verified;
    let height = manifest.log.map_or(0, |log| log.height.0);
    let files = manifest.files.len();
    say(format_args!(
        "sound: {height} blocks, {entries} entries, {files} files, made {age_seconds} s ago by {}",
        manifest.member
    ))
}

fn pages(dir: &Path) -> std::io::Result<()> {
    // Section 8, for daemons; in section 1 that name is the command `sanad node`.
    clap_mangen::Man::new(Arguments::command()).section("8").generate_to(dir)?;
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        clap_complete::generate_to(shell, &mut Arguments::command(), "sanad-node", dir)?;
    }
    Ok(())
}

fn report(checks: &[Check], json: bool) -> anyhow::Result<()> {
    let width = checks.iter().map(|check| check.subject.chars().count()).max().unwrap_or(0);
    let mut out = std::io::stdout().lock();
    for check in checks {
        let Check { subject, result, text } = check;
        let result = match result {
            CheckResult::Ok => "ok",
            CheckResult::Warning => "warning",
            CheckResult::Failed => "FAILED",
        };
        let line = match json {
            true => serde_json::to_string(check)?,
            false => format!("{result:7}  {subject:width$}  {text}"),
        };
        // A reader that has gone has seen what it wanted.
        let _ = writeln!(out, "{line}");
    }
    let failed = checks.iter().filter(|check| check.result == CheckResult::Failed).count();
    if failed > 0 {
        bail!("{failed} of {} checks failed", checks.len());
    }
    Ok(())
}

/// Writes a line to standard output. A reader that has gone has seen what it wanted.
fn say(line: std::fmt::Arguments<'_>) -> anyhow::Result<()> {
    match writeln!(std::io::stdout(), "{line}") {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => written.context("standard output cannot be written"),
    }
}

/// What was asked for cannot be read.
const EXIT_NOT_READ: u8 = 2;
