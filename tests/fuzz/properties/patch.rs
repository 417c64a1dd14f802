//! Patches: any text is refused or does something, and the difference of two texts turns the one into the other.
//!
//! The input is three texts: a patch, a file before, the file after.

use agentls::tool::patch::rehearse;

pub fn holds(bytes: &[u8]) {
    let [patch, before, after] = super::texts(bytes);
    match rehearse(&patch, &before) {
        Ok(files) => {
            assert!(!files.is_empty());
            assert_eq!(rehearse(&patch, &before), Ok(files), "the same every time");
        }
        Err(why) => assert!(!why.is_empty()),
    }
    // Carriage returns are a file's own, and a patch takes over those that the file has.
    if before == after || [&before, &after].iter().any(|text| text.contains('\r')) {
        return;
    }
    let difference = similar::TextDiff::from_lines(&before, &after);
    let unified = difference.unified_diff().context_radius(3).header("a/f", "b/f").to_string();
    assert_eq!(rehearse(&unified, &before), Ok(vec![Some(after)]), "{unified}");
}
