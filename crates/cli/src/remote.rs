//! A node, as commands reach it.

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use sanad_api::{Client, ClientError, ClientOptions, ErrorCode, NodeStatus, StatusCode};
use sanad_core::genesis::Genesis;
use sanad_core::ids::Height;
use sanad_export::{Source, WebOptions};

use crate::exported::{self, Exported};
use crate::{files, time};

/// The node to ask, and how long to wait for it.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct NodeArgs {
    /// URL of the node
    #[arg(long, value_name = "URL", env = "SANAD_NODE", default_value = NODE_DEFAULT)]
    pub(crate) node: String,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

/// A node or a static export to ask.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct SourceArgs {
    /// A static export to ask in place of a node: a folder, or an https URL
    #[arg(long, value_name = "DIR|URL")]
    pub(crate) export: Option<PathBuf>,
    /// Keep nothing of an export that is read from a URL
    #[arg(long)]
    no_cache: bool,
    #[command(flatten)]
    pub(crate) node: NodeArgs,
}

/// How to reach a node.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct ConnectionArgs {
    /// How long to wait for each answer
    #[arg(long, default_value = "10s", value_name = "DURATION", value_parser = time::parse_duration)]
    pub(crate) node_timeout: Duration,
    /// Certificates (PEM) of the authorities that vouch for an https node or export [default: the system's]
    #[arg(long, value_name = "FILE", env = "SANAD_NODE_CA")]
    node_ca: Option<PathBuf>,
}

impl ConnectionArgs {
    /// How to read an export from a URL.
    pub(crate) fn web_options(&self, cache: bool) -> anyhow::Result<WebOptions> {
        Ok(WebOptions {
            timeout: self.node_timeout,
            ca_certificates_pem: self.certificates()?,
            cache: cache.then(exported::cache_folder).flatten(),
        })
    }

    fn certificates(&self) -> anyhow::Result<Option<Vec<u8>>> {
        self.node_ca.as_deref().map(|path| files::read(path, CA_BYTES_MAX)).transpose()
    }
}

impl NodeArgs {
    /// A node at a URL, without settings of its own.
    pub(crate) fn at(url: &str, timeout: Duration) -> Self {
        Self { node: url.to_owned(), connection: ConnectionArgs { node_timeout: timeout, node_ca: None } }
    }
}

/// A connection to a node, or to an export that answers as one does.
#[derive(Clone, Debug)]
pub(crate) struct Remote {
    /// The URL of a node, or the folder of an export.
    url: String,
    kind: &'static str,
    client: Client,
    /// How long to wait for an answer, the first block included.
    timeout: Duration,
}

impl Remote {
    /// Connects to the node.
    pub(crate) async fn connect(args: &NodeArgs) -> anyhow::Result<Self> {
        Self::connect_to(&args.node, &args.connection).await
    }

    /// Connects to the node at a URL.
    pub(crate) async fn connect_to(url: &str, args: &ConnectionArgs) -> anyhow::Result<Self> {
        let options = ClientOptions {
            ca_certificates_pem: args.certificates()?,
            timeout: args.node_timeout,
            connect_timeout: args.node_timeout,
            ..ClientOptions::default()
        };
        let client = Client::connect(url, &options).await;
        let client = client.with_context(|| {
            format!("the node {url} cannot be reached; is it running? --node or SANAD_NODE names another")
        })?;
        Ok(Self { url: url.to_owned(), kind: "node", client, timeout: args.node_timeout })
    }

    /// Opens an export, or else connects to the node.
    pub(crate) async fn open(args: &SourceArgs) -> anyhow::Result<Self> {
        let Some(place) = &args.export else { return Self::connect(&args.node).await };
        let ledger = Exported::open(place, &args.node.connection.web_options(!args.no_cache)?)?;
        ledger.note_age(place);
        let timeout = args.node.connection.node_timeout;
        // An answer of an export at a distance takes a dozen requests.
        let patience = if Source::is_url(place) { timeout * WEB_REQUESTS } else { timeout };
        let client = Client::in_process(Arc::new(ledger), patience);
        Ok(Self { url: place.display().to_string(), kind: "export", client, timeout })
    }

    /// Whether this is a node or an export, for people.
    pub(crate) fn kind(&self) -> &'static str {
        self.kind
    }

    /// Where the node is.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The typed calls.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Makes a call, and repeats it while the node limits the rate of calls, or has no block yet: for that as long as
    /// an answer may take.
    pub(crate) async fn ask<T, C>(&self, call: impl Fn() -> C) -> Result<T, ClientError>
    where
        C: Future<Output = Result<T, ClientError>>,
    {
        let deadline = Instant::now() + self.timeout;
        let mut tries = 0;
        loop {
            let error = match call().await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let pause = match &error {
                ClientError::Status { code: Some(ErrorCode::NoBlock), .. } if Instant::now() < deadline => {
                    FIRST_BLOCK_INTERVAL
                }
                ClientError::Status { status: StatusCode::ResourceExhausted, retry_after, .. }
                    if tries < PATIENT_TRIES =>
                {
                    tries += 1;
                    retry_after.unwrap_or(PATIENT_INTERVAL)
                }
                _ => return Err(error),
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// Adds which node a failure came from.
    pub(crate) fn told<T>(&self, answer: Result<T, ClientError>) -> anyhow::Result<T> {
        answer.with_context(|| format!("the {} {}", self.kind, self.url))
    }

    /// The genesis that the node serves.
    pub(crate) async fn genesis(&self) -> anyhow::Result<Genesis> {
        self.told(self.client.genesis().await)
    }

    /// The node's status.
    pub(crate) async fn node_status(&self) -> anyhow::Result<NodeStatus> {
        self.told(self.client.node_status().await)
    }

    /// The node's status, once it has a block.
    pub(crate) async fn status_with_block(&self) -> anyhow::Result<NodeStatus> {
        let deadline = Instant::now() + self.timeout;
        loop {
            let status = self.node_status().await?;
            if status.head.height > Height::GENESIS {
                return Ok(status);
            }
            if Instant::now() >= deadline {
                bail!(
                    "the {} {} has no block yet; try again later, or give --node-timeout",
                    self.kind,
                    self.url
                );
            }
            tokio::time::sleep(FIRST_BLOCK_INTERVAL).await;
        }
    }
}

/// Whether the node has no such thing.
pub(crate) fn is_missing(error: &ClientError) -> bool {
    matches!(error, ClientError::Status { status: StatusCode::NotFound | StatusCode::OutOfRange, .. })
}

/// Runs calls to nodes to their end.
pub(crate) fn block_on<T>(calls: impl Future<Output = T>) -> anyhow::Result<T> {
    Ok(runtime()?.block_on(calls))
}

/// What calls to nodes run on.
pub(crate) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.context("the asynchronous runtime does not start")
}

/// How often a node that has no block is asked again.
const FIRST_BLOCK_INTERVAL: Duration = Duration::from_millis(100);
/// How often a call is made again, and how long after where the node does not say.
const PATIENT_TRIES: u32 = 20;
const PATIENT_INTERVAL: Duration = Duration::from_millis(500);
/// Requests that one answer of an export at a distance may take, one after the other.
const WEB_REQUESTS: u32 = 20;
const NODE_DEFAULT: &str = "http://127.0.0.1:50051";
/// Longest file of certificates, in bytes.
const CA_BYTES_MAX: usize = 1 << 20;
