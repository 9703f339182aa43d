//! The matrix: scenarios down and targets across where the targets' names fit side by side; otherwise targets down and scenarios across;
//! otherwise scenarios down and the targets' names written downwards.

use owo_colors::Style;
use proofmark_replay::RunResult;

use crate::cell::{Cell, Matrix};
use crate::{Options, Styles};

pub(super) fn draw(run: &RunResult, options: &Options, out: &mut String) {
    let matrix = Matrix::of(run);
    let (common, targets) = without_common_word(&run.targets);
    let scenarios: Vec<&str> = matrix.rows.iter().map(|(id, _)| *id).collect();
    let cells: Vec<Vec<Option<Cell>>> = matrix.rows.iter().map(|(_, cells)| cells.clone()).collect();

    let upright = Grid { corner: common, rows: &scenarios, columns: &targets, cells: &cells };
    let turned_cells: Vec<Vec<_>> = (0..targets.len()).map(|at| cells.iter().map(|row| row[at]).collect()).collect();
    let turned = Grid { corner: common, rows: &targets, columns: &scenarios, cells: &turned_cells };
    match [&upright, &turned].into_iter().find(|grid| grid.width() <= options.width) {
        Some(grid) => grid.draw(options.styles, out),
        None => upright.draw_narrow(options.styles, out),
    }
    out.push('\n');
    for cell in matrix.legend() {
        out.push_str(&format!(
            "{}  {}\n",
            Styles::paint(style(Some(cell), options.styles), cell.sign()),
            cell.in_words()
        ));
    }
    out.push('\n');
}

/// Labelled rows and columns of signs.
struct Grid<'a> {
    corner: &'a str,
    rows: &'a [&'a str],
    columns: &'a [&'a str],
    cells: &'a [Vec<Option<Cell>>],
}

impl Grid<'_> {
    fn first_column(&self) -> usize {
        self.rows.iter().copied().chain([self.corner]).map(length).max().unwrap_or(0)
    }

    fn width(&self) -> usize {
        self.first_column() + self.columns.iter().map(|column| length(column) + 2).sum::<usize>()
    }

    fn draw(&self, styles: Styles, out: &mut String) {
        let widths: Vec<usize> = self.columns.iter().map(|column| length(column)).collect();
        self.head(self.corner, self.columns, &widths, styles, out);
        self.body(&widths, styles, out);
    }

    fn draw_narrow(&self, styles: Styles, out: &mut String) {
        let height = self.columns.iter().map(|column| length(column)).max().unwrap_or(0);
        let widths = vec![1; self.columns.len()];
        for line in 0..height {
            let letter = |name: &&str| {
                let above = height - length(name);
                line.checked_sub(above).and_then(|at| name.chars().nth(at)).map_or_else(String::new, String::from)
            };
            let letters: Vec<String> = self.columns.iter().map(letter).collect();
            let letters: Vec<&str> = letters.iter().map(String::as_str).collect();
            self.head(if line + 1 == height { self.corner } else { "" }, &letters, &widths, styles, out);
        }
        self.body(&widths, styles, out);
    }

    fn head(&self, corner: &str, columns: &[&str], widths: &[usize], styles: Styles, out: &mut String) {
        let first = self.first_column();
        let mut line = format!("{corner:<first$}");
        columns.iter().zip(widths).for_each(|(column, width)| line.push_str(&format!("  {column:<width$}")));
        out.push_str(&Styles::paint(styles.quiet, line.trim_end()));
        out.push('\n');
    }

    fn body(&self, widths: &[usize], styles: Styles, out: &mut String) {
        let first = self.first_column();
        for (row, cells) in self.rows.iter().zip(self.cells) {
            out.push_str(&format!("{row:<first$}"));
            for (cell, width) in cells.iter().zip(widths) {
                let sign = cell.map_or_else(String::new, |cell| cell.sign().to_string());
                let padding = width.saturating_sub(1);
                let (left, right) = (padding / 2, padding - padding / 2);
                out.push_str(&format!("  {:left$}{}{:right$}", "", Styles::paint(style(*cell, styles), sign), ""));
            }
            out.truncate(out.trim_end_matches(' ').len());
            out.push('\n');
        }
    }
}

fn length(text: &str) -> usize {
    text.chars().count()
}

/// `KServe 0.14.1`, `KServe 0.15.0` -> `KServe`, [`0.14.1`, `0.15.0`].
fn without_common_word(targets: &[String]) -> (&str, Vec<&str>) {
    let split: Vec<_> = targets.iter().filter_map(|target| target.split_once(' ')).collect();
    match split.first() {
        Some((word, _)) if split.len() == targets.len() && split.iter().all(|(other, _)| other == word) => {
            (word, split.iter().map(|(_, rest)| *rest).collect())
        }
        _ => ("", targets.iter().map(String::as_str).collect()),
    }
}

fn style(cell: Option<Cell>, styles: Styles) -> Style {
    match cell {
        Some(Cell::Fixed) => styles.good,
        Some(Cell::NotAffected | Cell::NotApplicable) | None => styles.quiet,
        Some(Cell::Skipped) => styles.doubtful,
        Some(Cell::Failed | Cell::DidNotReproduce | Cell::InnerError) => styles.bad,
    }
}
