//! The rules of Sanad: types, codec, hashes, trees, execution and verification.
//!
//! Nothing here does I/O, reads a clock, or draws randomness: time and randomness are arguments. What is
//! hashed, signed or stored comes from [`codec`]; every hash and signature has a domain of its own.

pub mod audit_report;
pub mod batch;
pub mod block;
pub mod codec;
pub mod commitment;
pub mod destruction;
pub mod document;
pub mod event;
pub mod evidence;
pub mod execution;
pub mod genesis;
pub mod governance;
pub mod hash;
pub mod history;
pub mod ids;
pub mod jcs;
pub mod json_form;
pub mod keyfile;
pub mod member;
pub mod merkle;
pub mod proof;
pub mod receipt;
pub mod registry;
pub mod sd_jwt;
pub mod signature;
pub mod snapshot;
pub mod state;
pub mod state_root;
pub mod status;
pub mod summary;
pub mod text;
pub mod timeliness;
pub mod trust;
pub mod utc;
pub mod validators;
