//! A simple page as Markdown, by a library; tables without padding.
//!
//! The library pads the cells of a table to one width, which costs a model tokens and, on a page that was made for it,
//! the memory of rows times columns times the widest cell. Here a row is as long as what stands in it.

use htmd::{
    Element, HtmlToMarkdown,
    element_handler::Handlers,
    options::{BulletListMarker, Options},
};

/// The Markdown of a page that [`simple`](super::simple) made.
pub(super) fn of_simple(html: &str) -> Result<String, std::io::Error> {
    let options = Options {
        bullet_list_marker: BulletListMarker::Dash,
        ul_bullet_spacing: 1,
        ol_number_spacing: 1,
        ..Options::default()
    };
    let converter = HtmlToMarkdown::builder()
        .options(options)
        .add_handler(vec!["table"], |within: &dyn Handlers, it: Element<'_>| {
            Some(table(&within.walk_children(it.node).content).into())
        })
        .add_handler(vec!["tr"], |within: &dyn Handlers, it: Element<'_>| {
            Some(format!("\n|{}\n", within.walk_children(it.node).content).into())
        })
        .add_handler(vec!["td", "th"], |within: &dyn Handlers, it: Element<'_>| {
            Some(cell(&within.walk_children(it.node).content).into())
        })
        .build();
    converter.convert(html)
}

/// A cell is one line.
fn cell(content: &str) -> String {
    let words: Vec<&str> = content.split_whitespace().collect();
    format!(" {} |", words.join(" ").replace('|', "\\|"))
}

/// The first row heads the table, as Markdown wants it.
fn table(rows: &str) -> String {
    let mut table = String::from("\n\n");
    for (index, row) in rows.lines().filter(|line| !line.trim().is_empty()).enumerate() {
        table.push_str(row.trim());
        table.push('\n');
        if index == 0 {
            let columns = row.replace("\\|", "").matches('|').count().saturating_sub(1);
            table.push('|');
            table.push_str(&" --- |".repeat(columns.max(1)));
            table.push('\n');
        }
    }
    table.push('\n');
    table
}
