//! The table: a line for each question, a column for each number of rows.

use std::fmt;
use std::time::Duration;

use crate::statistics::thousands;

/// What was measured with so many rows.
pub(super) struct Column {
    rows: u32,
    started: Duration,
    /// Octets that the server holds resident after all questions.
    pub(super) memory: u64,
    answers: Vec<Answer>,
}

struct Answer {
    name: &'static str,
    over: &'static str,
    rate: f64,
}

impl Column {
    /// The server took so long until it was ready.
    pub(super) fn new(rows: u32, started: Duration) -> Self {
        Self { rows, started, memory: 0, answers: Vec::new() }
    }

    /// So many answers in a second.
    pub(super) fn answer(&mut self, name: &'static str, over: &'static str, rate: f64) {
        self.answers.push(Answer { name, over, rate });
    }
}

/// Markdown, which is aligned in a terminal as well. The last column says how cost has grown from the first to the last.
#[derive(Default)]
pub(super) struct Table(Vec<Column>);

impl Table {
    /// Columns come in the order in which they are added, with the same questions in the same order.
    pub(super) fn add(&mut self, column: Column) {
        self.0.push(column);
    }

    fn line(
        &self,
        f: &mut fmt::Formatter<'_>,
        head: [&str; 2],
        cell: impl Fn(&Column) -> String,
        last: &str,
    ) -> fmt::Result {
        write!(f, "| {:<18} | {:<16} |", head[0], head[1])?;
        for column in &self.0 {
            write!(f, " {:>20} |", cell(column))?;
        }
        writeln!(f, " {last:>6} |")
    }

    /// What the question of this place costs with the most rows, as a multiple of what it costs with the fewest.
    fn growth(&self, index: usize) -> String {
        let rate = |column: Option<&Column>| Some(column?.answers.get(index)?.rate);
        let times = rate(self.0.first()).zip(rate(self.0.last())).map(|(first, last)| first / last);
        times.map(|times| format!("× {times:.2}")).unwrap_or_default()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.line(f, ["answers/s, µs each", "rows of"], |column| thousands(f64::from(column.rows)), "cost")?;
        write!(f, "| {:-<18} | {:-<16} |", "", "")?;
        for _ in &self.0 {
            write!(f, " {:->19}: |", "")?;
        }
        writeln!(f, " {:->5}: |", "")?;
        let questions = self.0.first().map(|column| column.answers.as_slice()).unwrap_or_default();
        for (index, question) in questions.iter().enumerate() {
            let cell = |column: &Column| {
                let rate = column.answers.get(index).map_or(f64::NAN, |answer| answer.rate);
                format!("{rate:.0}, {:.1}", 1_000_000.0 / rate)
            };
            self.line(f, [question.name, question.over], cell, &self.growth(index))?;
        }
        self.line(f, ["start, s", "all"], |column| format!("{:.2}", column.started.as_secs_f64()), "")?;
        self.line(f, ["memory, MiB", "all"], |column| (column.memory >> 20).to_string(), "")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_question_has_a_line_with_its_rates() {
        let mut table = Table::default();
        for (rows, rate) in [(1000, 20_000.0), (1_000_000, 16_000.0)] {
            let mut column = Column::new(rows, Duration::from_millis(250));
            column.answer("room", "rooms", rate);
            column.memory = 30 << 20;
            table.add(column);
        }
        let text = table.to_string();
        let lines: Vec<String> =
            text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        assert_eq!(lines[0], "| answers/s, µs each | rows of | 1,000 | 1,000,000 | cost |");
        assert_eq!(lines[2], "| room | rooms | 20000, 50.0 | 16000, 62.5 | × 1.25 |");
        assert_eq!(lines[3..], ["| start, s | all | 0.25 | 0.25 | |", "| memory, MiB | all | 30 | 30 | |"]);
    }
}
