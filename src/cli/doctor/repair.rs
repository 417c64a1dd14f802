//! `agentls doctor --repair`: what was saved, what was lost, and where the old database is.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use agentls::{
    store::{self, Loss, Repair},
    workspace::paths::Directories,
};
use serde_json::json;

use crate::cli::{
    figures,
    style::{Style, printable},
};

/// Losses that are shown on the screen; the report holds all.
const MOST_SHOWN: usize = 50;

pub(super) fn repair(directories: &Directories, as_json: bool) -> anyhow::Result<ExitCode> {
    let done = store::repair(&directories.data)?;
    let mut stdout = io::stdout().lock();
    if as_json {
        writeln!(stdout, "{}", serde_json::to_string_pretty(&in_json(&done))?)?;
    } else {
        let style = Style::of(&stdout);
        show(&mut stdout, style, &done)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn in_json(done: &Repair) -> serde_json::Value {
    match done {
        Repair::Healthy { freed } => json!({"repaired": false, "freedBytes": freed}),
        Repair::Repaired { kept, report, losses, saved: (sessions, messages, parts) } => {
            let loss = |loss: &Loss| json!({"sessionId": loss.session, "what": loss.what});
            json!({
                "repaired": true, "kept": kept, "report": report,
                "saved": {"sessions": sessions, "messages": messages, "parts": parts},
                "losses": losses.iter().map(loss).collect::<Vec<_>>(),
            })
        }
    }
}

fn show(out: &mut impl Write, style: Style, done: &Repair) -> io::Result<()> {
    let (kept, report, losses, (sessions, messages, parts)) = match done {
        Repair::Healthy { freed } => return writeln!(out, "{}", healthy(*freed)),
        Repair::Repaired { kept, report, losses, saved } => (kept, report, losses, saved),
    };
    for loss in losses.iter().take(MOST_SHOWN) {
        writeln!(out, "  {} {}", style.yellow("!"), printable(&loss.to_string()))?;
    }
    if losses.len() > MOST_SHOWN {
        writeln!(out, "  … and {} more", losses.len() - MOST_SHOWN)?;
    }
    writeln!(out, "Saved: {sessions} sessions, {messages} messages, {parts} parts.")?;
    writeln!(out, "Lost or changed: {} rows; all of them in {}", losses.len(), report.display())?;
    writeln!(out, "The old database is {}", kept.display())
}

fn healthy(freed: u64) -> String {
    match freed {
        0 => "Nothing to repair.".to_owned(),
        freed => format!("Nothing to repair. {} were given back to the disk.", figures::bytes(freed)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repair_says_what_was_lost_and_where_the_rest_is() {
        let loss = Loss {
            session: Some("ses_1".into()),
            what: "message 3, part prt_1, output: 7 bytes are lost".into(),
        };
        let done = Repair::Repaired {
            kept: "/data/agentls.db.damaged-1".into(),
            report: "/data/agentls.db.repair-1.txt".into(),
            losses: vec![loss; MOST_SHOWN + 2],
            saved: (1, 2, 3),
        };
        let mut out = Vec::new();
        show(&mut out, Style::plain(), &done).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.starts_with("  ! ses_1: message 3, part prt_1, output: 7 bytes are lost\n"), "{text}");
        assert!(text.contains("  … and 2 more\nSaved: 1 sessions, 2 messages, 3 parts.\n"), "{text}");
        assert!(text.ends_with("agentls.db.damaged-1\n"), "{text}");
    }

    #[test]
    fn a_healthy_database_is_left_as_it_is_but_for_its_free_pages() {
        assert_eq!(healthy(0), "Nothing to repair.");
        assert!(healthy(1 << 20).contains("given back"));
    }
}
