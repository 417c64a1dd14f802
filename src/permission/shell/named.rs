//! Which words of a command may name places on disk. Pure: where they lead is another's to find out.

use super::{
    folders::ways,
    programs,
    words::{Expands, Word},
};

/// Places that one command may name.
pub(in crate::permission) const MAX_PLACES: usize = 2_000;

/// A place that a word may name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The command that names it, as an index.
    pub command: usize,
    /// The path, relative to the folder in which the line runs where it is not absolute. It may begin with `~`.
    pub path: String,
    /// Whether it is a pattern for names of files.
    pub is_pattern: bool,
    /// Whether `~` at its beginning stands for a home folder.
    pub has_home: bool,
    /// Whether nothing happens to a place that is not there: the word may be something else.
    pub may_be_text: bool,
}

/// What the words of a command may name, in each of the folders where it may run. `None` when that is too much to
/// look at.
pub(super) fn places(words: &[Word], command: usize, folders: &[String]) -> Option<Vec<Named>> {
    let Some((first, rest)) = words.split_first() else { return Some(Vec::new()) };
    let names_files = !programs::NAME_NO_FILES.contains(&first.text.as_str());
    let may_be_text = super::known::only_looks(words);
    let mut places = Vec::new();
    for word in rest.iter().filter(|word| names_files || word.expands()) {
        let is_pattern = word.text.contains(['*', '?', '[']) && word.expands();
        let has_home = word.expands == Expands::Home;
        for piece in pieces(&word.text) {
            let paths = folders.iter().flat_map(|folder| at(folder, piece, has_home));
            places.extend(paths.map(|path| Named { command, path, is_pattern, has_home, may_be_text }));
            if places.len() > MAX_PLACES {
                return None;
            }
        }
    }
    Some(places)
}

fn at(folder: &str, piece: &str, has_home: bool) -> Vec<String> {
    if has_home && piece.starts_with('~') { vec![piece.to_owned()] } else { ways(folder, piece) }
}

/// The parts of a word that may be paths: the whole, values of options (`--file=x`, `-fx`), and what stands behind a
/// sign that programs take for a separator.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    if !text.starts_with('-') {
        pieces.push(text);
    } else if !text.starts_with("--") {
        pieces.extend(text.char_indices().skip(2).take(3).filter_map(|(at, _)| text.get(at..)));
        pieces.extend(text.find(['/', '~', '.']).and_then(|at| text.get(at..)));
    }
    if let Some(local) = text.strip_prefix("file:") {
        pieces.push(local);
    } else if !text.contains("://") {
        // One byte each: `=`, `@`, `:` and `,`.
        let behind = |(at, _): (usize, &str)| text.get(at + 1..).unwrap_or_default();
        let others = text.match_indices([':', ',']).map(behind).filter(|piece| goes_elsewhere(piece));
        pieces.extend(text.match_indices(['=', '@']).map(behind).chain(others));
    }
    let cut: Vec<&str> = pieces.iter().filter_map(|piece| piece.split([',', ':']).next()).collect();
    pieces.extend(cut);
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

fn goes_elsewhere(piece: &str) -> bool {
    piece.starts_with(['/', '~']) || piece.split('/').any(|name| name == "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_a_word_that_may_be_a_path_is_named() {
        for (word, path) in [
            ("/etc/shadow", "/etc/shadow"),
            ("--file=/etc/shadow", "/etc/shadow"),
            ("-f/etc/shadow", "/etc/shadow"),
            ("-nf../x", "../x"),
            ("if=/etc/shadow", "/etc/shadow"),
            ("@/etc/shadow", "/etc/shadow"),
            ("f=@../x", "../x"),
            ("/:/host", "/"),
            ("a:/b:/c", "/b"),
            ("file:///etc/shadow", "///etc/shadow"),
            ("-fx", "x"),
        ] {
            assert!(pieces(word).contains(&path), "{word}: {:?}", pieces(word));
        }
        assert_eq!(pieces("https://host/a:b"), ["https://host/a:b", "https"]);
    }
}
