//! Rosters of learners, and what a credential of each of them says.
//!
//! - [`read_table`] reads CSV and XLSX, within limits, into a [`Table`] whose cells know their lines.
//! - [`Columns`] says which column is which field and of what [`Kind`]; [`Columns::read_rows`] checks every cell and names
//!   every fault.
//! - [`Template`] is a credential with `{{field}}` in it; [`Template::fill`] makes that of one learner.
//! - [`propose()`] proposes both from a header.
//!
//! Nothing here does I/O or reads a clock, signs anything, or knows the ledger.

mod characters;
mod columns;
mod csv;
mod identity;
mod number_format;
mod propose;
mod read;
mod table;
mod template;
mod value;
mod xlsx;

pub use characters::{TextFault, check_texts, hidden_character};
pub use columns::{Columns, ColumnsError, Field, Learner, RowFault, RowFaultReason, RowFaults, Rows};
pub use identity::{credential_id, plain_letters};
pub use propose::{OpenField, Proposal, ProposedField, propose};
pub use read::{FAULTS_MAX, Place, ROSTER_BYTES_MAX, ReadError, read_table};
pub use table::{CELL_BYTES_MAX, COLUMNS_MAX, Cell, CellFault, Misfit, ROWS_MAX, Row, Table, TableRemark};
pub use template::{TEMPLATE_BYTES_MAX, Template, TemplateError};
pub use value::{DateOrder, Kind, Value, ValueFault};
