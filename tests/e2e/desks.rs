//! Two desks of one issuer at once: with one register, and with one folder of certificates.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::process::{Pid, Signal, kill_process};
use sanad_e2e::rosters::{NAMES, prepare, roster};
use sanad_e2e::{DEADLINE, Net, poll, program};

/// So many learners that a desk is still at work when it is stopped.
const MANY: usize = 600;

struct Office {
    net: Net,
    roster: String,
}

impl Office {
    /// A network of one node, a register, and a roster.
    fn open(names: &[&str]) -> Self {
        let net = Net::start(&["--nodes", "1", "--heartbeat-ms", "500"]);
        let roster = prepare(&net, names);
        let office = Self { net, roster };
        assert_eq!(office.run(&["register", "create", &office.net.path("register.db")]).0, 0);
        office
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program("sanad");
        command.args(arguments).env("SANAD_GENESIS", self.net.path("net/genesis.json"));
        command.env("SANAD_NODE", self.net.url(1)).env("SANAD_ISSUER_DIR", self.net.path("net/node-1"));
        let passphrase = self.net.path("net/passphrase");
        command.env("SANAD_PASSPHRASE_FILE", &passphrase).env("SANAD_REGISTER_PASSPHRASE_FILE", passphrase);
        command
    }

    /// Exit code, and what was said on both channels.
    fn run(&self, arguments: &[&str]) -> (i32, String) {
        let said = self.command(arguments).output().unwrap();
        let text = String::from_utf8([said.stdout, said.stderr].concat()).unwrap();
        (said.status.code().unwrap(), text)
    }

    fn issue(&self, out: &str) -> Vec<String> {
        let (register, out) = (self.net.path("register.db"), self.net.path(out));
        ["issue", "roster", &self.roster, "--register", &register, "--out", &out].map(str::to_owned).into()
    }

    /// Starts a desk; what it says goes into a file.
    fn desk(&self, name: &str, arguments: &[impl AsRef<str>]) -> Desk {
        let log = PathBuf::from(self.net.path(&format!("{name}.log")));
        let arguments: Vec<&str> = arguments.iter().map(AsRef::as_ref).collect();
        let file = fs::File::create(&log).unwrap();
        let mut command = self.command(&arguments);
        command.stdout(file.try_clone().unwrap()).stderr(file);
        Desk { child: command.spawn().unwrap(), log }
    }

    fn entries(&self) -> u64 {
        self.net.status()[0]["log_size"].as_u64().unwrap()
    }

    fn rows(&self) -> usize {
        let register = self.net.path("register.db");
        let (code, text) = self.run(&["--json", "register", "list", "--register", &register]);
        let listed: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(code, 0, "{text}");
        listed["credentials"].as_array().unwrap().len()
    }
}

/// A program at work. Killed when dropped.
struct Desk {
    child: Child,
    log: PathBuf,
}

impl Desk {
    fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// Exit code and what was said.
    fn ends(&mut self) -> (i32, String) {
        let code = poll("the end of a desk", || self.child.try_wait().unwrap()).code();
        (code.unwrap_or(-1), self.said())
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Stops it as soon as there is a file of a name in a folder of `out`.
    fn stop_in_the_middle(&self, out: &str, is_there: impl Fn(&Path) -> bool) {
        let started = Instant::now();
        while count(out, &is_there) == 0 {
            assert!(started.elapsed() < DEADLINE, "nothing is written: {}", self.said());
            std::thread::sleep(Duration::from_millis(2));
        }
        self.signal(Signal::STOP);
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How many folders of `out` are as they should be.
fn count(out: &str, is_done: impl Fn(&Path) -> bool) -> usize {
    let folders = Path::new(out).read_dir().into_iter().flatten().map(|entry| entry.unwrap().path());
    folders.filter(|path| is_done(path)).count()
}

fn is_signed(folder: &Path) -> bool {
    folder.join("credential.json").is_file()
}

fn is_printed(folder: &Path) -> bool {
    let files = folder.read_dir().into_iter().flatten().map(|entry| entry.unwrap().path());
    files.filter(|file| file.extension().is_some_and(|extension| extension == "pdf")).count() == 1
}

#[test]
fn two_desks_with_one_register_issue_nothing_twice() {
    let office = Office::open(&NAMES);
    // Both at once: one issues; the other is told whose rows are there, or, once they are issued, gets the same files.
    let mut desks = ["left", "right"].map(|out| office.desk(out, &office.issue(out)));
    let ended = desks.each_mut().map(Desk::ends);
    let signed = ended.iter().filter(|(code, said)| *code == 0 && said.contains("12 signed now")).count();
    let others = ended.iter().filter(|(code, said)| match code {
        0 => said.contains("put back from the register") && said.contains("0 signed now, 12 before"),
        _ => *code == 2 && said.contains("wisuda.csv:2: row ") && said.contains("nothing was signed"),
    });
    assert_eq!((signed, others.count()), (1, 1), "{ended:?}");
    assert_eq!((office.entries(), office.rows()), (12, 12));

    // One is stopped while it signs.
    let names: Vec<String> = (0..MANY).map(|number| format!("Peserta {number} Nusantara")).collect();
    let many = roster(&names).replace("UM/2026/", "UM/2027/").replace(";00", ";11");
    fs::write(&office.roster, many).unwrap();
    let first = office.net.path("first");
    let mut stopped = office.desk("first", &office.issue("first"));
    stopped.stop_in_the_middle(&first, is_signed);
    let signed = count(&first, is_signed);
    assert!(signed < MANY, "it was stopped too late");
    // What is signed in another second is another document.
    let second_of = |time: SystemTime| time.duration_since(UNIX_EPOCH).unwrap().as_secs();
    let stopped_in = second_of(SystemTime::now());
    poll("another second", || (second_of(SystemTime::now()) > stopped_in).then_some(()));
    let second = office.net.path("second");
    let (code, said) = office.run(
        &[office.issue("second"), vec!["--wait".to_owned(), "300ms".to_owned()]]
            .concat()
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>(),
    );
    assert!(code == 2 && said.contains("another program is at work with this register"), "{said}");
    assert_eq!(count(&second, is_signed), 0, "nothing is signed meanwhile");
    let mut waiting = office.desk("second", &office.issue("second"));
    poll("the second desk to wait", || waiting.said().contains("with this register; waiting").then_some(()));
    assert_eq!(count(&second, is_signed), 0);
    // Killed, it is nobody's any more.
    stopped.child.kill().unwrap();
    stopped.child.wait().unwrap();
    let (code, said) = waiting.ends();
    assert_eq!(code, 0, "{said}");
    assert_eq!((office.entries(), office.rows()), (12 + MANY as u64, 12 + MANY));
    // What the killed one signed is entered by nobody.
    let (code, said) = office.desk("first", &office.issue("first")).ends();
    assert!(code == 2 && said.contains("row "), "{said}");
    assert_eq!((office.entries(), office.rows()), (12 + MANY as u64, 12 + MANY));
    assert_eq!(count(&first, |folder| folder.join("credential.json.receipt.json").exists()), 0);
}

#[test]
fn a_folder_of_certificates_is_one_programs_and_empty_files_are_made_again() {
    // The fonts have no Chinese.
    let (_, names) = NAMES.split_last().unwrap();
    let office = Office::open(names);
    let (awards, printed) = (office.net.path("awards"), office.net.path("printed"));
    let (code, said) = office.desk("issue", &office.issue("awards")).ends();
    assert_eq!(code, 0, "{said}");
    let make = ["certificate", "make", &awards, "--out", &printed, "--zip"];
    let mut first = office.desk("first", &make);
    first.stop_in_the_middle(&printed, Path::is_dir);
    assert!(count(&printed, is_printed) < names.len(), "it was stopped too late");
    let (code, said) = office.run(&make);
    assert!(code == 2 && said.contains("another program makes certificates in"), "{said}");
    first.signal(Signal::CONT);
    let (code, said) = first.ends();
    assert_eq!((code, count(&printed, is_printed)), (0, names.len()), "{said}");

    // What a full disk left: refused by who is shown it, and made again by whoever made it.
    let folder = Path::new(&printed).read_dir().unwrap().map(|entry| entry.unwrap().path());
    let folder = folder.into_iter().find(|path| path.is_dir()).unwrap();
    let name = folder.file_name().unwrap().to_str().unwrap();
    let files = [folder.join(format!("{name}.pdf")), folder.with_file_name(format!("{name}.zip"))];
    for file in &files {
        let good = fs::read(file).unwrap();
        let shown = file.to_str().unwrap();
        assert_eq!(office.run(&["verify", shown]).0, 0);
        fs::write(file, b"").unwrap();
        let (code, said) = office.run(&["verify", shown]);
        assert!(code == 2 && said.contains("is empty") && !said.contains("active"), "{said}");
        let (code, said) = office.run(&[&["--json"][..], &make].concat());
        let made: serde_json::Value = serde_json::from_str(&said).unwrap();
        assert_eq!((code, made["made"].as_array().unwrap().len()), (0, 1), "{said}");
        assert!(fs::read(file).unwrap() == good, "{shown} is what it was");
    }
}
