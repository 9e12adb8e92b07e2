//! A node, as commands reach it.

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use sanad_api::{Client, ClientError, ClientOptions, NodeStatus, StatusCode};
use sanad_core::genesis::Genesis;

use crate::exported::Exported;
use crate::{files, time};

/// Which node, and how long to wait for it.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct NodeArgs {
    /// URL of the node
    #[arg(long, value_name = "URL", env = "SANAD_NODE", default_value = NODE_DEFAULT)]
    pub(crate) node: String,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

/// Whom to ask: a node, or a static export.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct SourceArgs {
    /// Folder of a static export to ask in place of a node
    #[arg(long, value_name = "DIR")]
    pub(crate) export: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) node: NodeArgs,
}

/// How to reach a node.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct ConnectionArgs {
    /// How long to wait for each answer
    #[arg(long, default_value = "10s", value_name = "DURATION", value_parser = time::parse_duration)]
    pub(crate) node_timeout: Duration,
    /// Certificates (PEM) of the authorities that vouch for an https node [default: the system's]
    #[arg(long, value_name = "FILE", env = "SANAD_NODE_CA")]
    node_ca: Option<PathBuf>,
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
}

impl Remote {
    /// Connects to the node.
    pub(crate) async fn connect(args: &NodeArgs) -> anyhow::Result<Self> {
        Self::connect_to(&args.node, &args.connection).await
    }

    /// Connects to the node at a URL.
    pub(crate) async fn connect_to(url: &str, args: &ConnectionArgs) -> anyhow::Result<Self> {
        let pem = args.node_ca.as_deref().map(|path| files::read(path, CA_BYTES_MAX)).transpose()?;
        let options = ClientOptions {
            ca_certificates_pem: pem,
            timeout: args.node_timeout,
            connect_timeout: args.node_timeout,
            ..ClientOptions::default()
        };
        let client = Client::connect(url, &options).await;
        let client = client.with_context(|| {
            format!("the node {url} cannot be reached; is it running? --node or SANAD_NODE names another")
        })?;
        Ok(Self { url: url.to_owned(), kind: "node", client })
    }

    /// Opens an export, or else connects to the node.
    pub(crate) async fn open(args: &SourceArgs) -> anyhow::Result<Self> {
        let Some(folder) = &args.export else { return Self::connect(&args.node).await };
        let ledger = Exported::open(folder)?;
        let client = Client::in_process(Arc::new(ledger), args.node.connection.node_timeout);
        Ok(Self { url: folder.display().to_string(), kind: "export", client })
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

    /// Says which node a failure came from.
    pub(crate) fn told<T>(&self, answer: Result<T, ClientError>) -> anyhow::Result<T> {
        answer.with_context(|| format!("the {} {}", self.kind, self.url))
    }

    /// The genesis that the node serves.
    pub(crate) async fn genesis(&self) -> anyhow::Result<Genesis> {
        self.told(self.client.genesis().await)
    }

    /// How the node says it is.
    pub(crate) async fn node_status(&self) -> anyhow::Result<NodeStatus> {
        self.told(self.client.node_status().await)
    }
}

/// Makes a call again while the node asks for patience: one of many calls may meet its rate limit.
pub(crate) async fn patiently<T, C>(call: impl Fn() -> C) -> Result<T, ClientError>
where
    C: Future<Output = Result<T, ClientError>>,
{
    let mut tries = 0;
    loop {
        match call().await {
            Err(ClientError::Status { status: StatusCode::ResourceExhausted, retry_after, .. })
                if tries < PATIENT_TRIES =>
            {
                tries += 1;
                tokio::time::sleep(retry_after.unwrap_or(PATIENT_INTERVAL)).await;
            }
            answer => return answer,
        }
    }
}

/// Whether the node says that there is no such thing.
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

/// How often a call is made again, and how long after where the node does not say.
const PATIENT_TRIES: u32 = 20;
const PATIENT_INTERVAL: Duration = Duration::from_millis(500);
const NODE_DEFAULT: &str = "http://127.0.0.1:50051";
/// Longest file of certificates, in bytes.
const CA_BYTES_MAX: usize = 1 << 20;
