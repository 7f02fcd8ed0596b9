//! Rows as they come in, checked as far as each can be alone.

use crate::domain::{ImportRow, RefusedRow};
use crate::server::store::StoreError;
use crate::server::store::staging::StagedRow;

/// Most rows of an import.
pub(crate) const MAX_ROWS: i64 = 2_000_000;
/// Most bytes of an import.
pub(crate) const MAX_BYTES: i64 = 2 << 30;

/// A line is no row.
#[derive(Debug)]
pub(crate) struct Malformed;

/// Takes lines of NDJSON apart. A blank line is no row.
pub(crate) fn checked_rows(lines: &[u8]) -> Result<Result<Vec<StagedRow>, Malformed>, StoreError> {
    let mut rows = Vec::new();
    for line in lines.split(|byte| *byte == b'\n') {
        if line.trim_ascii().is_empty() {
            continue;
        }
        // From text: bytes would be let through that are no UTF-8 where nobody looks.
        let row = std::str::from_utf8(line).ok().and_then(|line| serde_json::from_str(line).ok());
        match row {
            Some(row) => rows.push(checked(row)?),
            None => return Ok(Err(Malformed)),
        }
    }
    Ok(Ok(rows))
}

fn checked(row: ImportRow) -> Result<StagedRow, StoreError> {
    match row {
        ImportRow::Department(row) => {
            let line = row.line;
            match row.check() {
                Ok(row) => Ok(StagedRow {
                    line,
                    id: None,
                    manager: None,
                    row: serde_json::to_string(&row)?,
                    faults: None,
                }),
                Err(faults) => refused(line, None, &faults),
            }
        }
        ImportRow::Member(row) => {
            let (line, id) = (row.line, row.id.as_data().trim().to_owned());
            match row.check() {
                Ok(member) => Ok(StagedRow {
                    line,
                    id: Some(member.id.as_str().to_owned()),
                    manager: member.row.manager.as_ref().map(|manager| manager.as_data().to_owned()),
                    row: serde_json::to_string(&member)?,
                    faults: None,
                }),
                Err(faults) => refused(line, Some(id), &faults),
            }
        }
    }
}

fn refused(line: u64, id: Option<String>, faults: &[RefusedRow]) -> Result<StagedRow, StoreError> {
    let faults = Some(serde_json::to_string(faults)?);
    Ok(StagedRow { line, id, manager: None, row: String::new(), faults })
}
