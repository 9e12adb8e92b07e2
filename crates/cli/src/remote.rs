//! A node, as commands reach it.

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use sanad_api::{
    Client, ClientError, ClientIdentity, ClientOptions, NodeStatus, NodeUrl, NodeUrlError, ask_patiently,
    other_scheme,
};
use sanad_core::genesis::Genesis;
use sanad_core::ids::Height;
use sanad_export::{Cost, Source, WebOptions};
use sanad_issuer::Chain;
use sanad_verify::Trust;
use zeroize::Zeroizing;

use crate::exported;
use crate::output::note;
use crate::{files, time};

/// The node to ask, and how long to wait for it.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct NodeArgs {
    /// URL of the node
    #[arg(long, value_name = "URL", env = "SANAD_NODE", default_value = NODE_DEFAULT, value_parser = parse_node_url)]
    pub(crate) node: String,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

impl NodeArgs {
    /// Whether another node is named than the one that is asked if none is.
    pub(crate) fn is_named(&self) -> bool {
        self.node != NODE_DEFAULT
    }
}

/// A node or a static export to ask.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct SourceArgs {
    /// A static export to ask in place of a node: a folder, or an https URL
    #[arg(long, value_name = "DIR|URL")]
    pub(crate) export: Option<PathBuf>,
    /// Keep nothing of an export that is read from a URL
    #[arg(long)]
    pub(crate) no_cache: bool,
    #[command(flatten)]
    pub(crate) node: NodeArgs,
}

impl SourceArgs {
    /// Where the source is.
    pub(crate) fn url(&self) -> String {
        self.export.as_ref().map_or_else(|| self.node.node.clone(), |folder| folder.display().to_string())
    }
}

/// How to reach a node.
#[derive(clap::Args, Clone, Debug, Default)]
pub(crate) struct ConnectionArgs {
    /// How long to wait for each answer
    #[arg(long, default_value = "10s", value_name = "DURATION", value_parser = time::parse_duration)]
    pub(crate) node_timeout: Duration,
    /// Certificates (PEM) of the authorities that vouch for an https node or export [default: the system's]
    #[arg(long, visible_alias = "ca", value_name = "FILE", env = "SANAD_NODE_CA")]
    node_ca: Option<PathBuf>,
    /// Certificate (PEM) to show to an https node that asks for one
    #[arg(long, value_name = "FILE", env = "SANAD_CLIENT_CERT", requires = "client_key")]
    client_cert: Option<PathBuf>,
    /// Private key (PEM) of that certificate
    #[arg(long, value_name = "FILE", env = "SANAD_CLIENT_KEY", requires = "client_cert")]
    client_key: Option<PathBuf>,
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

    fn identity(&self) -> anyhow::Result<Option<ClientIdentity>> {
        let (Some(certificate), Some(key)) = (&self.client_cert, &self.client_key) else { return Ok(None) };
        let certificates_pem = files::read(certificate, CA_BYTES_MAX)?;
        Ok(Some(ClientIdentity {
            certificates_pem,
            key_pem: Zeroizing::new(files::read(key, CA_BYTES_MAX)?),
        }))
    }
}

impl NodeArgs {
    /// A node at a URL, without settings of its own.
    pub(crate) fn at(url: &str, timeout: Duration) -> Self {
        Self {
            node: url.to_owned(),
            connection: ConnectionArgs { node_timeout: timeout, ..ConnectionArgs::default() },
        }
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
    export: Option<Source>,
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
            identity: args.identity()?,
            timeout: args.node_timeout,
            connect_timeout: args.node_timeout,
            ..ClientOptions::default()
        };
        let client = Client::connect(url, &options).await;
        let client = client.map_err(|error| {
            let error = explained(error, url);
            let said = match &error {
                ClientError::Connect { .. } => {
                    format!(
                        "the node {url} cannot be reached; is it running? --node or SANAD_NODE names another"
                    )
                }
                ClientError::CertificateWanted => format!(
                    "the node {url} lets in known clients alone; --client-cert and --client-key name a certificate"
                ),
                _ => format!("the node {url}"),
            };
            anyhow::Error::new(error).context(said)
        })?;
        Ok(Self { url: url.to_owned(), kind: "node", client, timeout: args.node_timeout, export: None })
    }

    /// Opens an export, or else connects to the node.
    pub(crate) async fn open(args: &SourceArgs) -> anyhow::Result<Self> {
        let Some(place) = &args.export else { return Self::connect(&args.node).await };
        let ledger = exported::open(place, &args.node.connection.web_options(!args.no_cache)?)?;
        exported::note_age(&ledger, place);
        let timeout = args.node.connection.node_timeout;
        // An answer of an export at a distance takes a dozen requests.
        let patience = if Source::is_url(place) { timeout * WEB_TIME_FACTOR } else { timeout };
        let export = Some(ledger.source().clone());
        let client = Client::in_process(Arc::new(ledger), patience);
        Ok(Self { url: place.display().to_string(), kind: "export", client, timeout, export })
    }

    /// Whether this is a node or an export, for people.
    pub(crate) fn kind(&self) -> &'static str {
        self.kind
    }

    /// Says what an export at a distance has cost so far.
    pub(crate) fn note_cost(&self) {
        if let Some(Cost { requests, bytes }) = self.export.as_ref().and_then(Source::cost) {
            note(format_args!("{}: {requests} requests, {} kB", self.url, bytes.div_ceil(1000)));
        }
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
        ask_patiently(self.timeout, call).await.map_err(|error| self.explained(error))
    }

    fn explained(&self, error: ClientError) -> ClientError {
        match self.export {
            None => explained(error, &self.url),
            Some(_) => error,
        }
    }

    /// What issuers do with this node.
    pub(crate) fn chain(&self, trust: &Trust) -> Chain {
        let (genesis, anchor) = (trust.genesis().clone(), trust.anchor().clone());
        Chain::new(
            self.client.clone(),
            format!("the {} {}", self.kind, self.url),
            genesis,
            anchor,
            self.timeout,
        )
    }

    /// Adds which node a failure came from.
    pub(crate) fn told<T>(&self, answer: Result<T, ClientError>) -> anyhow::Result<T> {
        answer.map_err(|error| {
            let error = self.explained(error);
            let said = match error {
                ClientError::CertificateWanted => format!(
                    "the node {} lets in known clients alone; --client-cert and --client-key name a certificate",
                    self.url
                ),
                _ => format!("the {} {}", self.kind, self.url),
            };
            anyhow::Error::new(error).context(said)
        })
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

/// An error of a node at a URL; where the server there speaks TLS and the URL does not, or the reverse, that one.
fn explained(error: ClientError, url: &str) -> ClientError {
    match error {
        ClientError::Connect { .. } | ClientError::NotANode | ClientError::Closed => {
            other_scheme(url, SCHEME_TIMEOUT).map_or(error, |url| ClientError::Scheme { url })
        }
        error => error,
    }
}

/// Reads the URL of a node.
pub(crate) fn parse_node_url(text: &str) -> Result<String, NodeUrlError> {
    Ok(text.parse::<NodeUrl>()?.to_string())
}

/// Whether the node has no such thing.
pub(crate) fn is_missing(error: &ClientError) -> bool {
    error.is_missing()
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

/// How long a server is asked whether it speaks TLS, when it does not answer as the URL says.
const SCHEME_TIMEOUT: Duration = Duration::from_secs(1);
/// How often a node that has no block is asked again.
const FIRST_BLOCK_INTERVAL: Duration = Duration::from_millis(100);
/// How many times the limit of a request one answer of an export at a distance may take: it needs a dozen requests.
const WEB_TIME_FACTOR: u32 = 6;
pub(crate) const NODE_DEFAULT: &str = "http://127.0.0.1:50051";
/// Longest file of certificates, in bytes.
const CA_BYTES_MAX: usize = 1 << 20;
