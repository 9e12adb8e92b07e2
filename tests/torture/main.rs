//! Real nodes under load and under faults that a seed chooses. Every batch that was acknowledged must be proved from every
//! node in the end, and no two nodes, and no two signatures of one node, may contradict each other.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test, though a program")]
#![allow(clippy::print_stdout, reason = "its output")]

mod faults;
mod links;
mod load;
mod plan;
mod proofs;
mod report;
mod surroundings;
mod watch;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Parser;
use sanad_api::{Client, ClientOptions};
use sanad_e2e::Net;

use faults::Faults;
use load::{Load, Record};
use plan::Plan;
use report::Report;
use surroundings::Surroundings;

/// Tortures a network of four nodes on this machine. `scripts/torture.sh` builds and runs it.
///
/// Exit codes: 0 all that was acknowledged is proved by all, 1 something is lost or contradicts itself, or the network did not
/// get well again.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// For how long there are faults, in minutes; the checks at the end come on top
    #[arg(long, default_value_t = 10.0)]
    minutes: f64,
    /// Chooses the faults [default: a random one, which is printed]
    #[arg(long)]
    seed: Option<u64>,
    /// Leave the network's folder where it is
    #[arg(long)]
    keep: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let seed = arguments.seed.unwrap_or_else(rand::random);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    let report =
        runtime.block_on(run(seed, Duration::from_secs_f64(60.0 * arguments.minutes), arguments.keep));
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&report).unwrap());
    } else {
        print!("{report}");
    }
    if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn run(seed: u64, time: Duration, keep: bool) -> Report {
    let mut net = Net::create(&["--heartbeat-ms", "500"]);
    if keep {
        net.keep();
        eprintln!("the network is in {}", net.dir());
    }
    let surroundings = Surroundings::find(&net);
    net.log_signatures();
    let links = links::Links::between(&net);
    net.sanad(&["localnet", "start", &net.dir(), "--timeout", "90s"]).json(0);
    let options = ClientOptions {
        timeout: CALL_TIMEOUT,
        connect_timeout: Duration::from_secs(2),
        ..ClientOptions::default()
    };
    let status = net.status();
    let urls = status.iter().map(|node| node["url"].as_str().unwrap());
    let clients: Vec<Client> = urls.map(|url| Client::connect_lazy(url, &options).unwrap()).collect();
    let record = Arc::new(Record::new());
    let load = Load::begin(&net, &clients, seed, &record).await;
    let watch = watch::Watch::begin(&clients);

    let mut report = Report::new(seed, surroundings.lacking());
    let mut plan = Plan::new(seed, surroundings.kinds());
    let mut faults = Faults::new(&net, &links, &clients, &surroundings);
    let started = Instant::now();
    while started.elapsed() < time && report.problems.is_empty() {
        let step = plan.next_step();
        let at = started.elapsed().as_secs();
        eprintln!("{at:4} s: {step}");
        record.now(&step.to_string());
        // They start and stop processes, and wait for them.
        let healed = tokio::task::block_in_place(|| faults.go_through(&step));
        report.count(&step);
        record.now("nothing");
        let healed = healed.and_then(|()| tokio::task::block_in_place(|| faults.wait_until_well(&record)));
        match healed {
            Ok(recovery) => report.recovered(recovery),
            Err(problem) => report.problems.push(format!("after {step}: {problem}")),
        }
    }
    report.seconds = started.elapsed().as_secs();
    drop(faults);

    report.problems.extend(load.end().await);
    report.note(&record);
    tokio::task::block_in_place(|| wait_for_equal_heads(&net, &mut report));
    let acknowledged = record.take_acknowledged();
    report.conflicting += load::overlapping(&acknowledged);
    let proved = proofs::check(&net, &clients, &acknowledged).await;
    report.lost = proved.lost;
    report.conflicting += proved.elsewhere + watch.end();
    report.examples.extend(proved.examples);
    tokio::task::block_in_place(|| check_disks(&net, &mut report));
    if !report.is_good() {
        net.keep();
        report.examples.push(format!("the network's folder stays: {}", net.dir()));
    }
    surroundings.leave();
    report
}

/// [`Net::wait_for_equal_heads`], as a problem and not a panic.
fn wait_for_equal_heads(net: &Net, report: &mut Report) {
    let deadline = Instant::now() + sanad_e2e::DEADLINE;
    loop {
        let status = net.status();
        let head = &status[0]["head_hash"];
        if head.is_string() && status.iter().all(|node| node["head_hash"] == *head) {
            report.height = status[0]["height"].as_u64().unwrap_or(0);
            return;
        }
        if Instant::now() > deadline {
            report.problems.push(format!("the heads are not equal: {status:?}"));
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// What is on the stopped nodes' disks, and what they have signed.
fn check_disks(net: &Net, report: &mut Report) {
    net.sanad(&["localnet", "stop", &net.dir()]).json(0);
    for node in net.nodes() {
        let data = net.node_path(node, "data");
        let audit = net.sanad(&["audit", data.to_str().unwrap()]);
        if audit.code != 0 {
            report.problems.push(format!("audit of node {node}: {audit:?}"));
        }
        match net.signatures(node) {
            Ok(signed) => report.signatures += signed.len() as u64,
            Err(double) => {
                report.double_signatures += 1;
                report.examples.push(format!("{double:?}"));
            }
        }
        if data.join("evidence.jsonl").exists() {
            report.double_signatures += 1;
            report.examples.push(format!("node {node} has evidence of a contradiction"));
        }
        if let Some(line) = net.log(node).lines().find(|line| line.contains("panicked")) {
            report.problems.push(format!("node {node}: {line}"));
        }
    }
}

/// Longest a call of the load takes. A batch that is not final by then is submitted again, to any node.
const CALL_TIMEOUT: Duration = Duration::from_secs(15);
