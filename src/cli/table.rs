//! Tables without lines around them: as wide as what is in them, or as the terminal.
//! Knows nothing of what is in them.

use comfy_table::{ColumnConstraint, ContentArrangement, Table, presets};

/// A table with these headers and no lines, that fits into so many columns if there is a limit.
pub(super) fn empty(width: Option<usize>, headers: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(headers);
    match width.and_then(|width| u16::try_from(width).ok()) {
        Some(width) => {
            table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
        }
        None => {
            table.set_content_arrangement(ContentArrangement::Disabled);
        }
    }
    table
}

/// Lets none but the last column be cut.
pub(super) fn keep_whole(table: &mut Table, count: usize) {
    for index in 0..count {
        if let Some(column) = table.column_mut(index) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
}

/// The table without the spaces that fill its last column.
pub(super) fn finished(table: &Table) -> String {
    table
        .lines()
        .map(|line| format!("{}\n", line.strip_prefix(' ').unwrap_or(&line).trim_end()))
        .collect()
}
