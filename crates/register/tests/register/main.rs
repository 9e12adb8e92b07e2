//! Registers as programs use them: written, searched, damaged, killed, shared, erased.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test that cannot go on fails")]

mod damage;
mod erasing;
mod positions;
mod processes;
mod rows;
mod support;
