//! What was seen of configuration files before: the last text of each that could be used, and what was said of them.
//!
//! A file is edited while the program runs. One that is broken for a while still means what it meant before, so that a
//! half-written line neither forgets a rule nor changes the model; and a person hears of a mistake once.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, PoisonError},
};

use super::{Loaded, Mistake};

/// The most layers that are remembered. One more, and all are forgotten.
pub(in crate::workspace) const REMEMBERED: usize = 32;

/// The largest text that is remembered, in bytes.
pub(in crate::workspace) const LARGEST: usize = 64 * 1024;

/// Remembers; shared by all that load.
#[derive(Debug, Default)]
pub struct Watch {
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// File → its last usable text.
    usable: HashMap<String, String>,
    /// Layer → what was said of it.
    said: HashMap<String, HashSet<String>>,
}

impl Watch {
    /// `text` of a file can be used; without one, the file is gone.
    pub(super) fn usable(&self, file: &str, text: Option<&str>) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match text.filter(|text| text.len() <= LARGEST) {
            Some(text) if seen.usable.get(file).is_some_and(|before| before == text) => {}
            Some(text) => remember(&mut seen.usable, file, text.to_owned()),
            None => drop(seen.usable.remove(file)),
        }
    }

    /// The last usable text of a file.
    pub(super) fn before(&self, file: &str) -> Option<String> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).usable.get(file).cloned()
    }

    /// The mistakes that were not there when the same layers were loaded before, each once.
    pub fn news<'l>(&self, loaded: &'l Loaded) -> Vec<&'l Mistake> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let mut now: HashMap<&str, HashSet<String>> = HashMap::new();
        for layer in &loaded.layers {
            now.insert(layer, HashSet::new());
        }
        let news = loaded.errors.iter().chain(&loaded.warnings).filter(|mistake| {
            let text = mistake.to_string();
            let known = seen.said.get(&mistake.source_name).is_some_and(|said| said.contains(&text));
            let first = now.entry(&mistake.source_name).or_default().insert(text);
            first && !known
        });
        let news = news.collect();
        for (layer, said) in now {
            if said.is_empty() {
                seen.said.remove(layer);
            } else {
                remember(&mut seen.said, layer, said);
            }
        }
        news
    }
}

fn remember<T>(map: &mut HashMap<String, T>, name: &str, value: T) {
    if map.len() >= REMEMBERED && !map.contains_key(name) {
        map.clear();
    }
    map.insert(name.to_owned(), value);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_mistake(layer: String) -> Loaded {
        let mistake = Mistake {
            source_name: layer.clone(),
            at: None,
            key: "modle".to_owned(),
            message: "is no key".to_owned(),
            cure: "Did you mean `model`?".to_owned(),
        };
        Loaded { layers: vec![layer], warnings: vec![mistake], ..Loaded::default() }
    }

    #[test]
    fn one_layer_more_than_are_remembered_forgets_all() {
        let watch = Watch::default();
        let told = |number: usize| watch.news(&with_mistake(format!("{number}/config.jsonc"))).len();
        assert_eq!((0..REMEMBERED).map(told).sum::<usize>(), REMEMBERED);
        assert_eq!((0..REMEMBERED).map(told).sum::<usize>(), 0);
        assert_eq!((told(REMEMBERED), told(0), told(0)), (1, 1, 0));
    }

    #[test]
    fn a_large_file_is_not_remembered() {
        let watch = Watch::default();
        watch.usable("a", Some("{}"));
        assert_eq!(watch.before("a").as_deref(), Some("{}"));
        watch.usable("a", Some(&" ".repeat(LARGEST + 1)));
        assert_eq!(watch.before("a"), None);
    }
}
