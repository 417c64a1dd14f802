use proptest::prelude::*;

use super::*;

fn expanded(template: &str, arguments: &str) -> Expanded {
    expand(template, arguments, 1_000_000).unwrap()
}

/// The pieces as one line: snippets between `⟦` and `⟧`.
fn line(template: &str, arguments: &str) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Text(text) => text.clone(),
        Piece::Shell(command) => format!("⟦{command}⟧"),
    };
    expanded(template, arguments).pieces.iter().map(piece).collect()
}

fn files(template: &str, arguments: &str) -> Vec<(String, bool)> {
    expanded(template, arguments).files.into_iter().map(|named| (named.path, named.typed)).collect()
}

#[test]
fn arguments_come_where_the_template_wants_them() {
    for (template, arguments, expected) in [
        ("Fix $1 in $2.", "bug src/a.rs", "Fix bug in src/a.rs."),
        ("Fix $1 in $2.", "\"the big bug\" 'a b.rs'", "Fix the big bug in a b.rs."),
        ("Fix $2.", "one", "Fix ."),
        ("Say: $ARGUMENTS!", "a  'b' c", "Say: a  'b' c!"),
        ("Costs $10, \\$1, $ARGUMENTSX, $0, $", "a", "Costs $10, $1, $ARGUMENTSX, $0, $\n\na"),
        ("Review.", "only tests", "Review.\n\nonly tests"),
        ("Review.", "", "Review."),
        ("$1 twice $1", "don't stop", "don't twice don't"),
    ] {
        assert_eq!(line(template, arguments), expected, "{template}");
    }
}

#[test]
fn only_the_template_runs_anything() {
    assert_eq!(
        line("See !`git diff $1`:\n$1", "x"),
        "See ⟦git diff $1⟧:\nx",
        "no argument reaches the shell"
    );
    assert_eq!(line("Do $1", "\"!`rm -rf x`\""), "Do !`rm -rf x`");
    assert_eq!(line("!$1", "`id`"), "!`id`", "what is inserted is not looked at again");
    assert_eq!(line("$1`id`", "!"), "!`id`");
    assert_eq!(line("Wow!`not this` \\!`nor this` !`` !`open", ""), "Wow!`not this` !`nor this` !`` !`open");
}

#[test]
fn files_are_named_by_the_template_and_by_the_arguments() {
    let named = |path: &str, typed| (path.to_owned(), typed);
    assert_eq!(
        files("Look at @src/a.rs, and (@b.rs).", ""),
        [named("src/a.rs", false), named("b.rs", false)]
    );
    assert_eq!(files("Look at @$1.", "c.rs"), [named("c.rs", false)]);
    assert_eq!(files("Look.", "at @d.rs @d.rs"), [named("d.rs", true)]);
    assert_eq!(files("Look at @src/$1/mod.rs", "a/b"), [named("src/a/b/mod.rs", false)]);
    assert_eq!(files("me@example.com \\@not @", ""), []);
    assert_eq!(line("Look at @$1.", "c.rs"), "Look at @c.rs.", "its name stays in the text");
    let many: String = (0..MOST_FILES + 5).map(|n| format!("@f{n} ")).collect();
    assert_eq!(files(&many, "").len(), MOST_FILES);
}

#[test]
fn an_expansion_is_bounded_however_often_the_arguments_are_wanted() {
    let template = "$ARGUMENTS ".repeat(1_000);
    assert_eq!(expand(&template, &"x".repeat(1_000), 10_000), Err(TooLong(10_000)));
}

proptest! {
    #[test]
    fn what_is_typed_is_never_run(
        template in "([a-z@!$`\\\\ ]|\\$1|\\$ARGUMENTS|!`[a-z $1]{1,5}`|\n){0,12}",
        arguments in "[a-z!`$@'\" 1-9]{0,20}"
    ) {
        let shells = |arguments: &str| {
            expanded(&template, arguments).pieces.into_iter()
                .filter(|piece| matches!(piece, Piece::Shell(_))).collect::<Vec<_>>()
        };
        prop_assert_eq!(shells(&arguments), shells(""));
        prop_assert_eq!(shells("").len(), snippets(&template));
    }

    #[test]
    fn without_signs_a_template_is_its_text(template in "[a-zé.,\n\t ]{0,40}") {
        prop_assert_eq!(line(&template, ""), template);
    }
}
