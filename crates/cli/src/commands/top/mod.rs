//! `sanad top`: a node and its chain on one screen.

mod facts;
mod screen;
#[cfg(test)]
mod tests;

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};

use crate::commands::node;
use crate::output::{Outcome, Output};
use crate::remote::{self, NodeArgs, Remote};
use crate::time;
use facts::{Sample, State};
use screen::Look;

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad top
  sanad top --node https://ledger.univ-merapi.example --interval 5s
  sanad top --once | less

Keys: q or Esc ends it. NO_COLOR takes the colours away. Where the output is not a terminal, or a dumb one, the screen is
printed once, as text.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(flatten)]
    node: NodeArgs,
    /// Time between two looks
    #[arg(long, default_value = "1s", value_name = "DURATION", value_parser = time::parse_duration)]
    interval: Duration,
    /// Print the screen once, as text, and end
    #[arg(long)]
    once: bool,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let runtime = remote::runtime()?;
    let remote = runtime.block_on(Remote::connect(&args.node))?;
    let mut state = State::new(remote.url());
    let asked = runtime.block_on(sample(&remote));
    state.add(asked.map_err(|error| format!("{error:#}")), Instant::now());
    let dumb = std::env::var("TERM").is_ok_and(|term| term.is_empty() || term == "dumb");
    if args.once || dumb || !std::io::stdout().is_terminal() {
        output.print_raw(text(&state)?.as_bytes())?;
        return Ok(if state.failure().is_some() { Outcome::Error } else { Outcome::Yes });
    }
    let mut terminal = ratatui::try_init().context("the terminal cannot be used")?;
    let ended = watch(&mut terminal, &mut state, args.interval, &runtime, &remote);
    ratatui::restore();
    ended.map(|()| Outcome::Yes)
}

fn watch(
    terminal: &mut ratatui::DefaultTerminal,
    state: &mut State,
    interval: Duration,
    runtime: &tokio::runtime::Runtime,
    remote: &Remote,
) -> anyhow::Result<()> {
    // https://no-color.org: any value but an empty one.
    let colour = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let look = if colour { Look::Colour } else { Look::Plain };
    let mut next = Instant::now() + interval;
    loop {
        terminal.draw(|frame| screen::draw(frame, state, look)).context("the terminal cannot be drawn on")?;
        match key_within(next.saturating_duration_since(Instant::now()))? {
            Pressed::End => return Ok(()),
            // A terminal of another size is drawn on anew.
            Pressed::Other => continue,
            Pressed::Nothing => {}
        }
        let began = Instant::now();
        let mut asking = std::pin::pin!(sample(remote));
        let asked = loop {
            // A node that hangs is waited for, and the keys are heard meanwhile.
            let answer = async { tokio::time::timeout(KEY_INTERVAL, asking.as_mut()).await };
            if let Ok(asked) = runtime.block_on(answer) {
                break asked;
            }
            if key_within(Duration::ZERO)? == Pressed::End {
                return Ok(());
            }
            state.wait(began.elapsed());
            let drawn = terminal.draw(|frame| screen::draw(frame, state, look));
            drawn.context("the terminal cannot be drawn on")?;
        };
        state.add(asked.map_err(|error| format!("{error:#}")), Instant::now());
        next = Instant::now() + interval;
    }
}

/// What came from the keyboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pressed {
    Nothing,
    End,
    Other,
}

fn key_within(wait: Duration) -> anyhow::Result<Pressed> {
    if !event::poll(wait).context("the keyboard cannot be read")? {
        return Ok(Pressed::Nothing);
    }
    match event::read()? {
        Event::Key(key)
            if key.kind != KeyEventKind::Release
                && (matches!(key.code, KeyCode::Char('q') | KeyCode::Esc)
                    || key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL)) =>
        {
            Ok(Pressed::End)
        }
        _ => Ok(Pressed::Other),
    }
}

async fn sample(remote: &Remote) -> anyhow::Result<Sample> {
    let status = remote.node_status().await?;
    let diagnosis = remote.told(node::diagnosis(remote.client()).await)?;
    let peers = remote.told(remote.client().peers().await)?;
    Ok(Sample { status, diagnosis, peers })
}

/// The screen as text, without colours and without the blanks at the ends of lines.
fn text(state: &State) -> anyhow::Result<String> {
    let mut terminal = Terminal::new(TestBackend::new(TEXT_WIDTH, TEXT_HEIGHT))?;
    terminal.draw(|frame| screen::draw(frame, state, Look::Plain))?;
    let buffer = terminal.backend().buffer();
    let width = usize::from(TEXT_WIDTH);
    let rows = buffer.content().chunks(width);
    let mut lines: Vec<String> = rows
        .map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>().trim_end().to_owned())
        .collect();
    // The last line is about keys.
    lines.pop();
    Ok(lines.join("\n").trim_end().to_owned() + "\n")
}

/// How often keys are looked for while a node is asked.
const KEY_INTERVAL: Duration = Duration::from_millis(100);
/// Size of the screen where there is no terminal.
const TEXT_WIDTH: u16 = 100;
const TEXT_HEIGHT: u16 = 50;
