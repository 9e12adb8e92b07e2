//! The screen.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Paragraph, Row, Table, Wrap};
use sanad_api::{Attendance, ChainState, Diagnosis, PeerKind};

use super::facts::{Sample, State};
use crate::commands::node::state_in_words;
use crate::time;
use crate::view::printable;

/// Whether the terminal shows colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    Colour,
    Plain,
}

/// How well something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mood {
    Good,
    Doubtful,
    Bad,
}

impl Look {
    fn style(self, mood: Mood) -> Style {
        let colour = match mood {
            Mood::Good => Color::Green,
            Mood::Doubtful => Color::Yellow,
            Mood::Bad => Color::Red,
        };
        match (self, mood) {
            (Self::Colour, _) => Style::new().fg(colour),
            // Words say it; what is bad stands out nevertheless.
            (Self::Plain, Mood::Bad) => Style::new().add_modifier(Modifier::BOLD),
            (Self::Plain, _) => Style::new(),
        }
    }
}

pub(super) fn draw(frame: &mut Frame<'_>, state: &State, look: Look) {
    let Some(sample) = state.last() else {
        let failure = state.failure().unwrap_or("no answer yet");
        frame.render_widget(Paragraph::new(printable(failure)).wrap(Wrap { trim: true }), frame.area());
        return;
    };
    let diagnosis = sample.diagnosis.as_ref();
    let warnings = warnings(diagnosis, look);
    let peers = peers(sample, look);
    let area = frame.area();
    let is_wide = area.width >= WIDE_COLUMNS;
    let [left, right] = beside(area);
    let width = if is_wide { right.width } else { area.width };
    // What does not fit is left out, the least important first: peers, then validators.
    let mut free = area.height;
    let mut take = |lines: usize| {
        let taken = u16::try_from(lines).unwrap_or(u16::MAX).min(free);
        free -= taken;
        taken
    };
    let head = take(2);
    let chain = take(CHAIN_LINES);
    let warned = take(warning_lines(diagnosis, width.into()) + 1);
    let footer = take(1);
    let voters = take(diagnosis.map_or(0, |diagnosis| diagnosis.validators.len() + 2));
    let rest = free;
    let heights = match is_wide {
        true => [head, chain, voters, warned + rest, 0, footer],
        false => [head, chain, voters, warned, rest, footer],
    };
    let [head, chain, voters, lower, lowest, footer] =
        Layout::vertical(heights.map(Constraint::Length)).areas(area);
    draw_head(frame, head, state, sample, look);
    draw_chain(frame, chain, state, sample, look);
    if let Some(diagnosis) = diagnosis {
        draw_validators(frame, voters, diagnosis, look);
    }
    let place = |column: Rect| Rect { x: column.x, width: column.width, ..lower };
    let (of_peers, of_warnings) = if is_wide { (place(left), place(right)) } else { (lowest, lower) };
    frame.render_widget(peers.block(titled("peers")), of_peers);
    frame.render_widget(warnings.block(titled("warnings")), of_warnings);
    frame.render_widget(Paragraph::new("q ends"), footer);
}

/// Two columns, with room between them.
fn beside(area: Rect) -> [Rect; 2] {
    Layout::horizontal([Constraint::Percentage(40), Constraint::Percentage(60)]).spacing(2).areas(area)
}

fn draw_head(frame: &mut Frame<'_>, area: Rect, state: &State, sample: &Sample, look: Look) {
    let status = &sample.status;
    let member = status.member.as_ref().map_or("no member", |member| member.as_str());
    let role = if status.is_validator { "validates" } else { "follows" };
    let uptime = time::format_seconds(status.uptime.as_secs());
    let first = format!("{member}, {role}, version {}, up {uptime}", printable(&status.version));
    let second = match (state.silence(), state.failure()) {
        (Some(silence), _) => {
            Line::styled(format!("NO ANSWER for {} s", silence.as_secs()), look.style(Mood::Bad))
        }
        (None, Some(failure)) => {
            Line::styled(format!("NO ANSWER: {}", printable(failure)), look.style(Mood::Bad))
        }
        (None, None) => Line::raw(format!("{}  {}", printable(&status.chain_name), state.url())),
    };
    frame.render_widget(Paragraph::new(vec![Line::raw(first), second]), area);
}

fn draw_chain(frame: &mut Frame<'_>, area: Rect, state: &State, sample: &Sample, look: Look) {
    let status = &sample.status;
    let rates = state.rates().map_or("-".to_owned(), |rates| {
        format!("{:.1} blocks/s, {:.1} entries/s", rates.blocks, rates.entries)
    });
    let (words, mood) = match &sample.diagnosis {
        Some(diagnosis) => (state_in_words(diagnosis.state), mood(diagnosis)),
        None => ("nothing is known of the chain", Mood::Doubtful),
    };
    let mut lines = vec![Line::styled(words, look.style(mood))];
    let age = time::format_age(time::age_seconds(status.head.time_ms, time::now_ms()));
    lines.push(Line::raw(format!(
        "block {}, {age}; {} entries; {rates}",
        status.head.height, status.log_size
    )));
    if let Some(diagnosis) = &sample.diagnosis {
        let round = diagnosis.round.map_or("not begun".to_owned(), |round| {
            format!("round {round} for {} s", diagnosis.round_age.as_secs())
        });
        let clock = diagnosis.clock_skew_ms.map_or(String::new(), |skew| format!("; clock {skew:+} ms"));
        lines.push(Line::raw(format!(
            "height {}: {round}; {} rounds failed{clock}",
            diagnosis.height, diagnosis.rounds_failed
        )));
        let (free, all) = (diagnosis.disk_free_bytes >> 20, diagnosis.disk_bytes >> 20);
        lines.push(Line::raw(format!(
            "pool {} batches, {} KiB; disk {free} of {all} MiB free",
            status.pool_batches,
            status.pool_bytes >> 10
        )));
    }
    frame.render_widget(Paragraph::new(lines).block(titled("chain")), area);
}

fn draw_validators(frame: &mut Frame<'_>, area: Rect, diagnosis: &Diagnosis, look: Look) {
    let columns = COLUMNS.into_iter().rfind(|(least, _)| area.width >= *least).map_or(1, |(_, count)| count);
    let row = |validator: &sanad_api::ValidatorDiagnosis| {
        let mood = match validator.attendance {
            Attendance::Voting => Mood::Good,
            Attendance::Late => Mood::Doubtful,
            Attendance::Missing => Mood::Bad,
        };
        let silence =
            validator.silence.map_or("never".to_owned(), |silence| format!("{} s ago", silence.as_secs()));
        let clock = validator.clock_offset_ms.map_or(String::new(), |offset| format!("{offset:+} ms"));
        let own = if validator.own { " (this node)" } else { "" };
        let cells = [
            Span::styled(validator.attendance.as_str(), look.style(mood)),
            Span::raw(format!("{}{own}", validator.member)),
            Span::raw(validator.last_height.to_string()),
            Span::raw(silence),
            Span::raw(clock),
        ];
        Row::new(cells.into_iter().take(columns))
    };
    let widths = [
        Constraint::Length(8),
        Constraint::Fill(1),
        Constraint::Length(10),
        Constraint::Length(10),
        Constraint::Length(10),
    ];
    let widths = widths.into_iter().take(columns);
    let head = Row::new(["state", "member", "height", "heard", "clock"].into_iter().take(columns));
    let title = format!(
        "validators: {} of {} vote, {} needed",
        diagnosis.power_present(),
        diagnosis.validators.len(),
        diagnosis.power_needed
    );
    let table = Table::new(diagnosis.validators.iter().map(row), widths).header(head).block(titled(&title));
    frame.render_widget(table, area);
}

fn peers(sample: &Sample, look: Look) -> Paragraph<'static> {
    let mut members: Vec<_> = sample.peers.iter().filter_map(|peer| peer.member.clone()).collect();
    members.sort();
    members.dedup();
    let lines: Vec<Line<'static>> = members
        .into_iter()
        .map(|member| {
            let connected = |kind| {
                sample
                    .peers
                    .iter()
                    .any(|peer| peer.member.as_ref() == Some(&member) && peer.kind == kind && peer.connected)
            };
            let (state, mood) = match (connected(PeerKind::Consensus), connected(PeerKind::Gossip)) {
                (true, true) => ("connected", Mood::Good),
                (true, false) => ("votes only", Mood::Doubtful),
                (false, true) => ("batches only", Mood::Doubtful),
                (false, false) => ("not connected", Mood::Bad),
            };
            Line::from(vec![Span::raw(format!("{member} ")), Span::styled(state, look.style(mood))])
        })
        .collect();
    Paragraph::new(lines)
}

/// Lines that the warnings take at most.
fn warning_lines(diagnosis: Option<&Diagnosis>, width: usize) -> usize {
    let warnings = diagnosis.map(|diagnosis| diagnosis.warnings.as_slice()).unwrap_or_default();
    let lines = warnings.iter().map(|warning| {
        let lines = printable(&warning.text).chars().count().div_ceil(width.max(1));
        // Lines are broken between words.
        lines + usize::from(lines > 1)
    });
    lines.sum::<usize>().max(1)
}

fn warnings(diagnosis: Option<&Diagnosis>, look: Look) -> Paragraph<'static> {
    let warnings = diagnosis.map(|diagnosis| diagnosis.warnings.as_slice()).unwrap_or_default();
    let lines: Vec<Line<'static>> = warnings
        .iter()
        .map(|warning| {
            let mood = if warning.severe { Mood::Bad } else { Mood::Doubtful };
            Line::styled(printable(&warning.text), look.style(mood))
        })
        .collect();
    let lines = if lines.is_empty() { vec![Line::raw("none")] } else { lines };
    Paragraph::new(lines).wrap(Wrap { trim: true })
}

fn mood(diagnosis: &Diagnosis) -> Mood {
    match diagnosis.state {
        ChainState::Advancing if diagnosis.fit => Mood::Good,
        ChainState::Advancing | ChainState::Starting | ChainState::CatchingUp => Mood::Doubtful,
        ChainState::Stalled | ChainState::Isolated => Mood::Bad,
    }
}

fn titled(title: &str) -> Block<'static> {
    Block::new().borders(Borders::TOP).title(format!(" {title} "))
}

/// Columns from which on peers and warnings stand side by side.
const WIDE_COLUMNS: u16 = 80;
/// Lines about the chain, with their title.
const CHAIN_LINES: usize = 5;
/// Columns of the terminal, and how many of the table of validators there is room for.
const COLUMNS: [(u16, usize); 3] = [(24, 2), (44, 3), (68, 5)];
