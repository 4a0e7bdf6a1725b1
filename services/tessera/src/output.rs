//! Answers on standard output: aligned columns for people, JSON for scripts. Everything else goes to standard error.

use std::io::{self, Write};

use serde::Serialize;

/// How answers are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    /// Columns and sentences.
    Human,
    /// One JSON document.
    Json,
}

impl Output {
    /// Prints one record: `label  value` lines, or the record as JSON.
    pub(crate) fn record<T: Serialize>(self, record: &T, lines: &[(&str, String)]) -> io::Result<()> {
        match self {
            Self::Json => json(record),
            Self::Human => {
                let width = lines.iter().map(|(label, _)| label.len()).max().unwrap_or_default();
                let mut out = io::stdout().lock();
                for (label, value) in lines {
                    writeln!(out, "{label:width$}  {value}")?;
                }
                Ok(())
            }
        }
    }

    /// Prints rows under headings, or the records as a JSON array.
    pub(crate) fn table<T: Serialize>(
        self,
        records: &[T],
        headings: &[&str],
        row: impl Fn(&T) -> Vec<String>,
    ) -> io::Result<()> {
        match self {
            Self::Json => json(records),
            Self::Human => {
                let rows: Vec<Vec<String>> = records.iter().map(row).collect();
                io::stdout().lock().write_all(columns(headings, &rows).as_bytes())
            }
        }
    }
}

fn json<T: Serialize + ?Sized>(value: &T) -> io::Result<()> {
    let mut out = io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, value)?;
    writeln!(out)
}

fn columns(headings: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain(headings.get(column).map(|heading| heading.len())).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..headings.len()).map(width).collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let padded: Vec<String> =
            cells.zip(&widths).map(|(cell, width)| format!("{cell:width$}", width = *width)).collect();
        format!("{}\n", padded.join("  ").trim_end())
    };
    let mut text = line(&mut headings.iter().copied());
    for row in rows {
        text.push_str(&line(&mut row.iter().map(String::as_str)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::columns;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = vec![vec!["demo-visio".into(), "yes".into()], vec!["é".into(), "no".into()]];
        assert_eq!(
            columns(&["id", "enabled"], &rows),
            "id          enabled\ndemo-visio  yes\né           no\n"
        );
    }
}
