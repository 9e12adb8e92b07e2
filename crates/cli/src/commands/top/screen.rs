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
    let validators = diagnosis.map_or(0, |diagnosis| diagnosis.validators.len());
    let warnings = diagnosis.map_or(0, |diagnosis| diagnosis.warnings.len());
    let [head, chain, voters, lower, footer] = Layout::vertical([
        Constraint::Length(2),
        Constraint::Length(6),
        Constraint::Length(u16::try_from(validators).unwrap_or(u16::MAX).saturating_add(3)),
        Constraint::Min(u16::try_from(warnings).unwrap_or(u16::MAX).saturating_add(2).max(5)),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    draw_head(frame, head, state, sample, look);
    draw_chain(frame, chain, state, sample, look);
    if let Some(diagnosis) = diagnosis {
        draw_validators(frame, voters, diagnosis, look);
    }
    let [left, right] =
        Layout::horizontal([Constraint::Percentage(40), Constraint::Percentage(60)]).areas(lower);
    draw_peers(frame, left, sample, look);
    draw_warnings(frame, right, diagnosis, look);
    frame.render_widget(Paragraph::new("q ends"), footer);
}

fn draw_head(frame: &mut Frame<'_>, area: Rect, state: &State, sample: &Sample, look: Look) {
    let status = &sample.status;
    let member = status.member.as_ref().map_or("no member", |member| member.as_str());
    let role = if status.is_validator { "validates" } else { "follows" };
    let uptime = time::format_seconds(status.uptime.as_secs());
    let first = format!("{member}, {role}, version {}, up {uptime}", printable(&status.version));
    let second = match state.failure() {
        Some(failure) => Line::styled(format!("NO ANSWER: {}", printable(failure)), look.style(Mood::Bad)),
        None => Line::raw(format!("{}  {}", printable(&status.chain_name), state.url())),
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
        Row::new([
            Span::raw(format!("{}{own}", validator.member)),
            Span::styled(validator.attendance.as_str(), look.style(mood)),
            Span::raw(validator.last_height.to_string()),
            Span::raw(silence),
            Span::raw(clock),
        ])
    };
    let widths = [
        Constraint::Min(24),
        Constraint::Length(8),
        Constraint::Length(10),
        Constraint::Length(10),
        Constraint::Length(10),
    ];
    let head = Row::new(["member", "state", "height", "heard", "clock"]);
    let title = format!(
        "validators: {} of {} vote, {} needed",
        diagnosis.power_present(),
        diagnosis.validators.len(),
        diagnosis.power_needed
    );
    let table = Table::new(diagnosis.validators.iter().map(row), widths).header(head).block(titled(&title));
    frame.render_widget(table, area);
}

fn draw_peers(frame: &mut Frame<'_>, area: Rect, sample: &Sample, look: Look) {
    let mut members: Vec<_> = sample.peers.iter().filter_map(|peer| peer.member.clone()).collect();
    members.sort();
    members.dedup();
    let lines: Vec<Line<'_>> = members
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
    frame.render_widget(Paragraph::new(lines).block(titled("peers")), area);
}

fn draw_warnings(frame: &mut Frame<'_>, area: Rect, diagnosis: Option<&Diagnosis>, look: Look) {
    let warnings = diagnosis.map(|diagnosis| diagnosis.warnings.as_slice()).unwrap_or_default();
    let lines: Vec<Line<'_>> = warnings
        .iter()
        .map(|warning| {
            let mood = if warning.severe { Mood::Bad } else { Mood::Doubtful };
            Line::styled(printable(&warning.text), look.style(mood))
        })
        .collect();
    let lines = if lines.is_empty() { vec![Line::raw("none")] } else { lines };
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: true }).block(titled("warnings")), area);
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
