//! A table in plain text, cut to a width where one is given.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns between two columns.
const GAP: usize = 2;

/// The least that the flexible column is cut to.
const LEAST: usize = 8;

/// A column's heading and how it behaves.
#[derive(Clone, Copy)]
pub(super) struct Column {
    pub(super) heading: &'static str,
    /// Numbers stand to the right.
    pub(super) right: bool,
    /// Gives way when there is too little room. One column of a table.
    pub(super) flexible: bool,
}

/// The lines of a table, the headings first, without spaces at their ends.
pub(super) fn lines(columns: &[Column], rows: &[Vec<String>], width: Option<usize>) -> Vec<String> {
    let headings = columns.iter().map(|column| column.heading.to_owned()).collect::<Vec<_>>();
    let all = || std::iter::once(&headings).chain(rows);
    let mut widths: Vec<usize> = (0..columns.len())
        .map(|at| all().filter_map(|row| row.get(at)).map(|cell| cell.width()).max().unwrap_or(0))
        .collect();
    if let Some(width) = width {
        fit(columns, &mut widths, width);
    }
    let cells = |row: &Vec<String>| {
        let cells = row.iter().zip(columns).zip(&widths);
        cells.map(|((cell, column), width)| padded(cell, *width, column.right)).collect::<Vec<_>>()
    };
    all().map(|row| cells(row).join(&" ".repeat(GAP)).trim_end().to_owned()).collect()
}

/// Narrows the flexible column until the table fits.
fn fit(columns: &[Column], widths: &mut [usize], width: usize) {
    let needed = widths.iter().sum::<usize>() + GAP * columns.len().saturating_sub(1);
    let too_much = needed.saturating_sub(width);
    let flexible = columns.iter().zip(widths).find(|(column, _)| column.flexible);
    if let Some((_, column)) = flexible {
        *column = column.saturating_sub(too_much).max(LEAST.min(*column));
    }
}

fn padded(cell: &str, width: usize, right: bool) -> String {
    let cell = cut(cell, width);
    let space = " ".repeat(width.saturating_sub(cell.width()));
    if right { space + &cell } else { cell + &space }
}

/// `text`, or as much of it as fits with an ellipsis, in `width` columns.
pub(super) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut shown = String::new();
    let mut used = 0;
    for char in text.chars() {
        used += char.width().unwrap_or(0);
        if used >= width {
            break;
        }
        shown.push(char);
    }
    if width > 0 {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const COLUMNS: [Column; 3] = [
        Column { heading: "ID", right: false, flexible: false },
        Column { heading: "TITLE", right: false, flexible: true },
        Column { heading: "N", right: true, flexible: false },
    ];

    fn rows() -> Vec<Vec<String>> {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        vec![row(["a", "一二三四五六", "1"]), row(["bb", "a longer title", "100"])]
    }

    #[test]
    fn columns_are_as_wide_as_what_they_hold() {
        let expected = ["ID  TITLE             N", "a   一二三四五六      1", "bb  a longer title  100"];
        assert_eq!(lines(&COLUMNS, &rows(), None), expected);
    }

    #[test]
    fn the_flexible_column_gives_way() {
        let lines = lines(&COLUMNS, &rows(), Some(19));
        assert_eq!(lines, ["ID  TITLE         N", "a   一二三四…     1", "bb  a longer …  100"]);
    }

    proptest! {
        #[test]
        fn what_is_cut_fits(text in "\\PC{0,40}", width in 0_usize..30) {
            prop_assert!(cut(&text, width).width() <= width);
        }
    }
}
