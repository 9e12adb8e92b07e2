//! The screen, drawn into a buffer.

use std::time::{Duration, Instant};

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::Color;
use sanad_api::{Attendance, ChainState, Diagnosis, NodeStatus, Peer, PeerKind, ValidatorDiagnosis, Warning};
use sanad_core::hash::{BlockHash, ChainId};
use sanad_core::ids::{Height, LogSize, MemberId};
use sanad_core::signature::PublicKey;
use sanad_core::state::Head;

use super::facts::{Rates, Sample, State};
use super::screen::{Look, draw};
use super::text;

fn member(number: usize) -> MemberId {
    format!("univ-{number}.example").parse().unwrap()
}

fn sample(height: u64, entries: u64) -> Sample {
    let validator = |number: usize| ValidatorDiagnosis {
        member: member(number),
        attendance: [Attendance::Voting, Attendance::Voting, Attendance::Late, Attendance::Missing][number],
        own: number == 0,
        connected: number < 3,
        last_height: Height(height),
        last_round: 0,
        silence: (number != 3).then_some(Duration::from_secs(7)),
        clock_offset_ms: Some(-12),
        address: String::new(),
    };
    let warning = Warning {
        code: "disk-low".into(),
        text: "3 MiB are free\u{1b}[2J".into(),
        advice: "make room".into(),
        severe: true,
    };
    let peer = |number: usize| Peer {
        member: Some(member(number)),
        network_key: PublicKey([number as u8; 32]),
        addresses: Vec::new(),
        connected: number < 3,
        kind: PeerKind::Consensus,
    };
    Sample {
        status: NodeStatus {
            chain_id: ChainId([1; 32]),
            chain_name: "Konsorsium".into(),
            member: Some(member(0)),
            version: "0.1.0".into(),
            head: Head { height: Height(height), hash: BlockHash([2; 32]), time_ms: crate::time::now_ms() },
            log_size: LogSize(entries),
            catching_up: false,
            validators: (0..4).map(member).collect(),
            is_validator: true,
            pool_batches: 5,
            pool_bytes: 10 << 10,
            uptime: Duration::from_secs(3_600),
            connected_peers: 2,
            damaged_blocks: 0,
            repaired_blocks: 0,
            rejoin: None,
        },
        diagnosis: Some(Diagnosis {
            state: ChainState::Stalled,
            fit: false,
            height: Height(height + 1),
            round: Some(2),
            round_age: Duration::from_secs(9),
            rounds_failed: 11,
            head_age: Some(Duration::from_secs(40)),
            heartbeat: Duration::from_secs(10),
            chain_height: Height(height),
            validators: (0..4).map(validator).collect(),
            power_needed: 3,
            clock_skew_ms: Some(12),
            warnings: vec![warning],
            disk_free_bytes: 3 << 20,
            disk_bytes: 100 << 20,
        }),
        peers: (1..4).map(peer).collect(),
    }
}

fn state() -> State {
    let mut state = State::new("http://127.0.0.1:50051");
    let now = Instant::now();
    state.add(Ok(sample(40, 100)), now);
    state.add(Ok(sample(42, 120)), now + Duration::from_secs(4));
    state
}

#[test]
fn the_screen_shows_chain_validators_peers_and_warnings() {
    let shown = text(&state()).unwrap();
    for expected in [
        "univ-0.example, validates, version 0.1.0, up 60 minutes",
        "Konsorsium  http://127.0.0.1:50051",
        "the whole chain stands",
        "120 entries; 0.5 blocks/s, 5.0 entries/s",
        "height 43: round 2 for 9 s; 11 rounds failed; clock +12 ms",
        "pool 5 batches, 10 KiB; disk 3 of 100 MiB free",
        "validators: 2 of 4 vote, 3 needed",
        "univ-0.example (this node)",
        "univ-3.example not connected",
        "univ-1.example votes only",
        "3 MiB are free\\u{1b}[2J",
    ] {
        assert!(shown.contains(expected), "{expected}\n{shown}");
    }
    let row = |state: &str| shown.lines().find(|line| line.starts_with(state)).unwrap().to_owned();
    assert!(row("late").contains("univ-2.example") && row("missing").contains("never"), "{shown}");
    assert!(!shown.contains('\u{1b}'), "nothing of a stranger's steers the terminal");
}

#[test]
fn a_node_that_is_gone_leaves_what_it_said_last() {
    let mut state = state();
    state.add(Err("cannot be reached".into()), Instant::now());
    let shown = text(&state).unwrap();
    assert!(shown.contains("NO ANSWER: cannot be reached") && shown.contains("block 42"), "{shown}");
    state.wait(Duration::from_secs(7));
    assert!(text(&state).unwrap().contains("NO ANSWER for 7 s"));
    state.add(Ok(sample(43, 130)), Instant::now());
    assert!(!text(&state).unwrap().contains("NO ANSWER"));
    let mut none = State::new("http://127.0.0.1:1");
    none.add(Err("cannot be reached".into()), Instant::now());
    assert_eq!(text(&none).unwrap(), "cannot be reached\n");
}

#[test]
fn colours_are_there_only_where_they_are_wanted() {
    let colours = |look| {
        let mut terminal = Terminal::new(TestBackend::new(100, 40)).unwrap();
        terminal.draw(|frame| draw(frame, &state(), look)).unwrap();
        let cells = terminal.backend().buffer().content().to_vec();
        cells.iter().filter(|cell| cell.fg != Color::Reset).count()
    };
    assert!(colours(Look::Colour) > 0);
    assert_eq!(colours(Look::Plain), 0);
}

/// The screen of a terminal, without the blanks at the ends of lines.
fn screen(width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, &state(), Look::Colour)).unwrap();
    let cells = terminal.backend().buffer().content();
    let rows = cells.chunks(width.into());
    let lines = rows.map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>());
    lines.map(|line| line.trim_end().to_owned() + "\n").collect()
}

#[test]
fn any_size_of_a_terminal_will_do() {
    for (width, height) in [(1, 1), (10, 3), (20, 5), (79, 24), (300, 100)] {
        screen(width, height);
    }
    // What is most important stays longest: the chain, the warnings, then who votes.
    for (width, height, expected) in [
        (20, 6, &["the whole chain stan"] as &[_]),
        (40, 12, &["the whole chain stands", "3 MiB are free", "validators: 2 of 4"]),
        (40, 16, &["missing  univ-3.example", "late     univ-2.example", "q ends"]),
        (60, 24, &["missing  univ-3.example", "univ-3.example not connected", "3 MiB are free"]),
        (80, 24, &["never", "-12 ms", "univ-1.example votes only", "3 MiB are free"]),
    ] {
        let shown = screen(width, height);
        for text in expected {
            assert!(shown.contains(text), "{width} x {height}: {text}\n{shown}");
        }
    }
    // Columns do not run into each other.
    assert!(!screen(80, 24).contains("votes only3"), "{}", screen(80, 24));
}

#[test]
fn rates_are_taken_over_the_last_looks() {
    let mut state = State::new("");
    assert_eq!(state.rates(), None);
    let start = Instant::now();
    for second in 0..100 {
        state.add(Ok(sample(second * 2, second * 10)), start + Duration::from_secs(second));
    }
    assert_eq!(state.rates(), Some(Rates { blocks: 2.0, entries: 10.0 }));
}
