//! Answers on standard output: aligned columns for people, JSON for scripts. Everything else goes to standard error.

use std::borrow::Cow;
use std::fmt::Display;
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
                    writeln!(out, "{label:width$}  {}", printable(value))?;
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

/// A value for people; `-` where there is none.
pub(crate) fn or_dash(value: Option<impl Display>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

/// The names of a list for people; `-` where it is empty.
pub(crate) fn names(items: impl IntoIterator<Item = impl Display>) -> String {
    let names: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    if names.is_empty() { "-".to_owned() } else { names.join(" ") }
}

/// What comes from requests, free of what a terminal would obey.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    if text.contains(char::is_control) {
        Cow::Owned(text.replace(char::is_control, "\u{FFFD}"))
    } else {
        Cow::Borrowed(text)
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
        let padded: Vec<String> = cells
            .zip(&widths)
            .map(|(cell, width)| format!("{:width$}", printable(cell), width = *width))
            .collect();
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
        let rows = vec![vec!["demo-visio".into(), "yes".into()], vec!["é\u{9b}".into(), "no".into()]];
        assert_eq!(
            columns(&["id", "enabled"], &rows),
            "id          enabled\ndemo-visio  yes\né\u{fffd}          no\n"
        );
    }
}
