//! The summary: what is asked of the model, and what its answer must have.

/// What a summary has to speak about, each as a heading of its own.
const SECTIONS: [(&str, &str); 6] = [
    ("Goal", "what the user wants, in their words where these matter, with every constraint and preference"),
    ("Done", "what was changed and found out, with paths, line numbers, commands, exact figures and names"),
    ("State", "what works, what fails and with which message, what was tried in vain"),
    ("Decisions", "what was decided and why; what the user refused"),
    ("Files", "the files that matter and what is in them"),
    ("Next", "what was being done at this very moment, and the next steps"),
];

/// Words for each token of a summary, the usual rule of thumb.
const WORDS_PER_100_TOKENS: u64 = 60;

/// Why an answer is no summary.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// There is nothing in it.
    #[error("the summary is empty")]
    Empty,
    /// Sections are missing or empty.
    #[error("the summary lacks {}", .0.join(", "))]
    Lacks(Vec<&'static str>),
    /// It is longer than it may be.
    #[error("the summary is longer than {0} tokens")]
    TooLong(u64),
    /// The request would hardly be smaller than before, or still too large.
    #[error("the conversation would need {after} tokens instead of {before}")]
    WinsNothing {
        /// Before.
        before: u64,
        /// After.
        after: u64,
    },
    /// The provider said that the request is too large.
    #[error("the provider takes no request of this size: {0}")]
    Overflow(String),
    /// The provider refused it for another reason.
    #[error("the provider refused: {0}")]
    Refused(String),
}

/// What the model is asked for. `tokens` bounds the answer; `wish` is what the person wants in particular.
pub fn instruction(tokens: u64, wish: Option<&str>, flaw: Option<&Flaw>) -> String {
    let mut text = format!(
        "[agentls] The context is nearly full. Write the summary with which this work goes on: of everything above, \
         only your summary, short excerpts of recent tool results and the newest messages will be visible. Call no \
         tools. Answer in Markdown with exactly these headings, something under each (\"None.\" where there is \
         nothing), at most {} words in all:\n",
        (tokens * WORDS_PER_100_TOKENS / 100).max(50)
    );
    for (name, what) in SECTIONS {
        text.push_str(&format!("\n## {name}\n({what})\n"));
    }
    if let Some(wish) = wish {
        text.push_str(&format!("\nThe user asks for this in particular: {wish}\n"));
    }
    if let Some(flaw) = flaw {
        text.push_str(&format!("\nAn earlier answer was of no use: {flaw}.\n"));
    }
    text
}

/// What stands before a piece of a conversation that is summarised piece by piece.
pub fn part_note(earlier: Option<&str>) -> String {
    match earlier {
        None => "[agentls] This is the first piece of a long conversation.".to_owned(),
        Some(summary) => format!(
            "[agentls] A long conversation goes on here. The summary of all before, which yours must take over:\n\n\
             {summary}"
        ),
    }
}

/// The summary in an answer of at most `tokens` tokens, or twice that: a model does not count well.
pub fn check(answer: &str, tokens: u64) -> Result<String, Flaw> {
    let answer = answer.trim();
    if answer.is_empty() {
        return Err(Flaw::Empty);
    }
    let most = tokens.saturating_mul(2);
    if crate::transcript::text::estimate_tokens(answer.len() as u64) > most {
        return Err(Flaw::TooLong(most));
    }
    let lacking: Vec<&'static str> =
        SECTIONS.iter().map(|(name, _)| *name).filter(|name| !has_section(answer, name)).collect();
    if lacking.is_empty() { Ok(answer.to_owned()) } else { Err(Flaw::Lacks(lacking)) }
}

fn has_section(answer: &str, name: &str) -> bool {
    let mut lines =
        answer.lines().skip_while(|line| !heading(line).is_some_and(|found| is(found, name))).skip(1);
    lines
        .by_ref()
        .take_while(|line| {
            !heading(line).is_some_and(|found| SECTIONS.iter().any(|(name, _)| is(found, name)))
        })
        .any(|line| !line.trim().is_empty())
}

fn is(found: &str, name: &str) -> bool {
    found.eq_ignore_ascii_case(name)
}

/// The words of a Markdown heading, or of a line that is all bold: models mix them.
fn heading(line: &str) -> Option<&str> {
    let line = line.trim();
    let words = line.strip_prefix('#').map(|rest| rest.trim_start_matches('#'));
    let words = words.or_else(|| line.strip_prefix("**")?.strip_suffix("**").or(line.strip_suffix("**:")));
    words.map(|words| words.trim().trim_matches('*').trim_end_matches(':').trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(heading: impl Fn(&str) -> String) -> String {
        SECTIONS.iter().map(|(name, _)| format!("{}\nsomething\n\n", heading(name))).collect()
    }

    #[test]
    fn headings_of_any_level_and_bold_ones_will_do() {
        for form in [|n: &str| format!("## {n}"), |n: &str| format!("# {n}:"), |n: &str| format!("**{n}**")] {
            assert!(check(&filled(form), 1_000).is_ok(), "{}", filled(form));
        }
    }

    #[test]
    fn an_empty_a_partial_and_an_endless_answer_are_refused_with_the_reason() {
        assert_eq!(check(" \n", 100), Err(Flaw::Empty));
        assert_eq!(check("I did some work.", 100), Err(Flaw::Lacks(SECTIONS.map(|(name, _)| name).to_vec())));
        let hollow = filled(|name| format!("## {name}")).replace("## Next\nsomething", "## Next\n");
        assert_eq!(check(&hollow, 1_000), Err(Flaw::Lacks(vec!["Next"])));
        let endless = filled(|name| format!("## {name}")) + &"more ".repeat(10_000);
        assert_eq!(check(&endless, 1_000), Err(Flaw::TooLong(2_000)));
    }

    #[test]
    fn what_is_asked_names_each_section_the_wish_and_what_was_wrong() {
        insta::assert_snapshot!(instruction(2_000, Some("keep the figures"), Some(&Flaw::Empty)));
    }
}
