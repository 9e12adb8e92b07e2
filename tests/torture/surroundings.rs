//! What this machine has for faults: a file system of a node's own, a tracer that slows or fails system calls, and a library
//! that shifts clocks.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use sanad_e2e::Net;

use crate::plan::{Kind, OWN_DISK};

/// What was found.
pub(crate) struct Surroundings {
    /// Where the small disk is mounted.
    own_disk: Option<PathBuf>,
    tracer: bool,
    clock_library: Option<PathBuf>,
}

impl Surroundings {
    /// Looks, and gives one node a small disk of its own. Nothing runs yet.
    pub(crate) fn find(net: &Net) -> Self {
        let tracer = succeeds(Command::new("strace").args(["-f", "-qq", "-e", "trace=fsync", "true"]));
        let clock_library = sanad_e2e::clock_library().map(PathBuf::from);
        Self { own_disk: own_disk(net), tracer, clock_library }
    }

    /// Kinds of faults that can be made here.
    pub(crate) fn kinds(&self) -> Vec<Kind> {
        let here = |kind: &Kind| match kind {
            Kind::SlowDisk | Kind::FailingDisk => self.tracer,
            Kind::FullDisk => self.own_disk.is_some(),
            Kind::Clock => self.clock_library.is_some(),
            _ => true,
        };
        Kind::ALL.into_iter().filter(here).collect()
    }

    /// What is lacking, for people.
    pub(crate) fn lacking(&self) -> Vec<String> {
        let lacking = [
            (self.tracer, "slow and failing disks: strace is not here, or may not trace"),
            (
                self.own_disk.is_some(),
                "full disk: no file system may be mounted; the limit of free space stands in",
            ),
            (self.clock_library.is_some(), "wrong clocks: libfaketime (Debian's faketime) is not here"),
        ];
        lacking.into_iter().filter(|(here, _)| !here).map(|(_, what)| what.to_owned()).collect()
    }

    /// The command that shifts a program's clock by seconds; its timers go on as before.
    pub(crate) fn with_clock(&self, seconds: i32) -> String {
        let library = self.clock_library.as_ref().unwrap().display();
        format!("env LD_PRELOAD={library} FAKETIME={seconds:+} FAKETIME_DONT_FAKE_MONOTONIC=1")
    }

    /// The command that does this to a program's syncs of files: see `inject` in strace(1).
    pub(crate) fn with_syncs(&self, inject: &str) -> String {
        // The tracer is the program's grandchild (-D), so that the process that is started is the node.
        format!("strace -D -f -qq --seccomp-bpf -o /dev/null -e trace={SYNCS} -e inject={SYNCS}:{inject}")
    }

    /// Takes every byte of the small disk that is free.
    pub(crate) fn fill_disk(&self) {
        use std::io::Write as _;
        let mut ballast = std::fs::File::create(self.ballast()).unwrap();
        let piece = vec![1; 64 << 10];
        while ballast.write_all(&piece).is_ok() {}
        while ballast.write_all(&[1]).is_ok() {}
    }

    /// Frees what [`Self::fill_disk`] took.
    pub(crate) fn free_disk(&self) {
        std::fs::remove_file(self.ballast()).unwrap();
    }

    fn ballast(&self) -> PathBuf {
        self.own_disk.as_ref().unwrap().join("ballast")
    }

    /// Gives the small disk back.
    pub(crate) fn leave(&self) {
        if let Some(path) = &self.own_disk {
            succeeds(Command::new("umount").arg("--lazy").arg(path));
        }
    }
}

impl Drop for Surroundings {
    fn drop(&mut self) {
        self.leave();
    }
}

/// A file system in memory in the place of a node's data directory, which is made anew: the node has never run.
fn own_disk(net: &Net) -> Option<PathBuf> {
    let data = net.node_path(OWN_DISK, "data");
    let aside = data.with_extension("aside");
    std::fs::rename(&data, &aside).unwrap();
    std::fs::create_dir(&data).unwrap();
    let options = format!("size={OWN_DISK_BYTES},mode=700");
    let mut mount = Command::new("mount");
    if !succeeds(mount.args(["-t", "tmpfs", "-o", &options, "sanad-torture"]).arg(&data)) {
        std::fs::remove_dir(&data).unwrap();
        std::fs::rename(&aside, &data).unwrap();
        return None;
    }
    std::fs::remove_dir_all(&aside).unwrap();
    let made = net.sanad_node(OWN_DISK, &["init"]);
    assert_eq!(made.code, 0, "{made:?}");
    set_free_bytes_min(net, OWN_DISK, OWN_DISK_FREE_BYTES_MIN);
    Some(data)
}

/// Writes `storage.free_bytes_min` into a node's configuration.
pub(crate) fn set_free_bytes_min(net: &Net, node: usize, bytes: u64) {
    let path = net.node_path(node, "node.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with("free_bytes_min") && *line != "[storage]");
    let rest: Vec<&str> = lines.collect();
    std::fs::write(&path, format!("{}\n[storage]\nfree_bytes_min = {bytes}\n", rest.join("\n"))).unwrap();
}

/// What a node without a small disk has.
pub(crate) fn free_bytes_min_of(surroundings: &Surroundings, node: usize) -> u64 {
    match &surroundings.own_disk {
        Some(_) if node == OWN_DISK => OWN_DISK_FREE_BYTES_MIN,
        _ => 0,
    }
}

fn succeeds(command: &mut Command) -> bool {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

const SYNCS: &str = "fsync,fdatasync";
const OWN_DISK_BYTES: u64 = 256 << 20;
const OWN_DISK_FREE_BYTES_MIN: u64 = 4 << 20;
