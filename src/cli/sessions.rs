//! `agentls sessions`: what was done here, newest first.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use agentls::{
    engine::{ListQuery, SessionPage},
    face::lsp::{render, results},
    transcript::{Session, Status, Timestamp},
    workspace::paths::Directories,
};

use super::{
    figures, local,
    style::{Style, one_line, printable, terminal_width},
    table::{self, Column},
};

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Sessions of every directory instead of this one
    #[arg(long)]
    all: bool,
    /// Only sessions whose title has this in it
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// Print `{sessions, nextCursor}` as `session/list` answers it
    #[arg(long)]
    json: bool,
    /// The newest so many
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,
}

const COLUMNS: [Column; 7] = [
    Column { heading: "ID", right: false, flexible: false },
    Column { heading: "TITLE", right: false, flexible: true },
    Column { heading: "AGE", right: true, flexible: false },
    Column { heading: "MESSAGES", right: true, flexible: false },
    Column { heading: "TOKENS", right: true, flexible: false },
    Column { heading: "COST", right: true, flexible: false },
    Column { heading: "STATUS", right: false, flexible: false },
];

pub(super) fn list(arguments: &Arguments, directories: Directories) -> anyhow::Result<ExitCode> {
    let here = local::working_directory()?.to_string_lossy().into_owned();
    let query = ListQuery {
        cwd: (!arguments.all).then_some(here),
        search: arguments.search.clone(),
        limit: arguments.limit,
        ..ListQuery::default()
    };
    let engine = local::reading_engine(directories);
    let page = local::runtime()?.block_on(engine.list_sessions(query))?;
    if arguments.json {
        print_json(page)?;
    } else {
        print_table(&page, arguments)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn print_json(page: SessionPage) -> anyhow::Result<()> {
    let sessions = page.sessions.into_iter().map(render::session).collect();
    let page = results::SessionPage { sessions, next_cursor: page.next_cursor };
    writeln!(io::stdout(), "{}", serde_json::to_string_pretty(&page)?)?;
    Ok(())
}

fn print_table(page: &SessionPage, arguments: &Arguments) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    let style = Style::of(&stdout);
    if page.sessions.is_empty() {
        return writeln!(stdout, "{}", nothing(arguments));
    }
    let now = Timestamp::now();
    let rows: Vec<_> = page.sessions.iter().map(|session| row(session, now)).collect();
    let lines = table::lines(&COLUMNS, &rows, terminal_width());
    for (at, line) in lines.iter().enumerate() {
        if at == 0 {
            writeln!(stdout, "{}", style.dim(line))?;
        } else {
            writeln!(stdout, "{line}")?;
        }
    }
    for (id, note) in page.sessions.iter().filter_map(|it| Some((&it.id, it.recovered.as_deref()?))) {
        writeln!(stdout, "{}", style.yellow(format_args!("{id}: {}", one_line(note))))?;
    }
    if page.next_cursor.is_some() {
        writeln!(stdout, "{}", style.dim("There are older ones: raise --limit, or --search."))?;
    }
    Ok(())
}

/// That there is nothing to list, and what to look for otherwise.
fn nothing(arguments: &Arguments) -> String {
    let others = if arguments.all { "" } else { "; --all shows those of others" };
    let here = if arguments.all { "" } else { " in this directory" };
    match &arguments.search {
        Some(words) => format!("No session{here} has `{}` in its title{others}.", one_line(words)),
        None => format!("No sessions{here}{others}."),
    }
}

fn row(session: &Session, now: Timestamp) -> Vec<String> {
    let tokens = session.usage.total_input() + session.usage.output + session.usage.reasoning;
    vec![
        session.id.to_string(),
        one_line(&session.title),
        figures::age(session.updated_at, now),
        session.counts.messages.to_string(),
        figures::count(tokens),
        figures::dollars(session.usage.cost_usd),
        status(session),
    ]
}

/// What it does, and where when that is another process.
fn status(session: &Session) -> String {
    let does = match session.status {
        Status::Idle => "idle",
        Status::Running => "running",
        Status::Waiting => "waiting",
        Status::Retrying => "retrying",
        Status::Compacting => "compacting",
    };
    match &session.owner {
        Some(owner) => format!("{does} ({} {})", printable(&owner.client), owner.pid),
        None => does.to_owned(),
    }
}
