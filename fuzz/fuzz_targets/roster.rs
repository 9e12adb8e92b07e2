//! A roster in any form, and columns and templates: what is read is within the limits, and what is proposed can be read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sanad_roster::{COLUMNS_MAX, Columns, FAULTS_MAX, Place, ROWS_MAX, Template, propose, read_table};

fuzz_target!(|data: &[u8]| {
    let mut columns = Columns::from_toml(
        "format = 'sanad-columns/v1'\naward = ['a']\nfields.a = {column = 'a', kind = 'text'}",
    );
    match read_table(data, &Place::default()) {
        Ok(table) => {
            assert!(table.header.len() <= COLUMNS_MAX && table.rows.len() <= ROWS_MAX);
            assert!(table.rows.iter().all(|row| row.cells.len() == table.header.len()));
            let proposal = propose(&table, &Place::default(), None);
            // Without a column that every row has, there is nothing to tell awards apart.
            let proposed = Columns::from_toml(&proposal.columns_toml);
            if let Ok(proposed) = proposed {
                if let Ok(rows) = proposed.read_rows(&table) {
                    assert_eq!(rows.learners.len(), table.rows.len());
                }
                columns = Ok(proposed);
            }
        }
        Err(faults) => assert!((1..=FAULTS_MAX).contains(&faults.len())),
    }
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = Columns::from_toml(text);
    }
    if let Ok(columns) = columns {
        let _ = Template::from_json(data, &columns);
    }
});
